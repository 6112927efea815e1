import { afterEach, describe, expect, it } from 'vitest';
import { armFailpoints, failpoint } from './failpoint.ts';
import { readFailpoints } from './read-failpoints.ts';

const msOf = (passed: () => void): number => {
  const began = performance.now();
  passed();
  return performance.now() - began;
};

describe('failpoint', () => {
  afterEach(() => armFailpoints([]));

  it('holds the thread at the pass that was named, once', () => {
    armFailpoints(readFailpoints('call.sent:pause=60@2'));
    const passed = [1, 2, 3].map(() => msOf(() => failpoint('call.sent')) >= 55);
    expect(passed).toEqual([false, true, false]);
  });

  it('does nothing at another point, or where none is armed', () => {
    armFailpoints(readFailpoints('call.sent:pause=60'));
    expect(msOf(() => failpoint('call.answered'))).toBeLessThan(50);
    armFailpoints([]);
    expect(msOf(() => failpoint('call.sent'))).toBeLessThan(50);
  });
});

describe('readFailpoints', () => {
  it('reads several, with commas between', () => {
    expect(readFailpoints('call.sent:exit, dispatch.afterIntent:exit@3,stop.begun:pause=500@2')).toEqual([
      { name: 'call.sent', deed: 'exit', pass: 1 },
      { name: 'dispatch.afterIntent', deed: 'exit', pass: 3 },
      { name: 'stop.begun', deed: { pauseMs: 500 }, pass: 2 },
    ]);
    expect(readFailpoints('')).toEqual([]);
  });

  it('takes a star for all', () => {
    expect(readFailpoints('*:say').length).toBeGreaterThanOrEqual(30);
  });

  it.each(['call.sent', 'call.sent:explode', 'call.sent:pause', 'call.sent:exit@', ':exit'])('refuses %j', (text) => {
    expect(() => readFailpoints(text)).toThrow(/none of the forms/);
  });

  it('refuses a point that there is not, and says which was meant', () => {
    expect(() => readFailpoints('call.send:exit')).toThrow('Did you mean "call.sent"?');
  });
});
