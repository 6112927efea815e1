import { describe, expect, it } from 'vitest';
import { noteFailure, noteThrottle } from './breaker.ts';
import { admit, createGate, enter, type Gate, leave, takeBack } from './gates.ts';

const PLAIN = { probes: false, seesForeign: false };
const READ_BACK = { probes: true, seesForeign: true };
const NONE = { release: 0, apply: 0, verify: 0 };
const MANY = { release: 0, apply: 500, verify: 0 };

const gateOf = (limits: { perMinute?: number; perHour?: number }, terms = PLAIN): Gate =>
  createGate({ terms, limits: { concurrency: 16, ...limits } }, 0);

const openWork = (gate: Gate): void => {
  for (let row = 0; row < 5; row += 1) noteFailure(gate.work, `row ${row}`, 0, 0.9);
};

/** Starts all that may go every second, each call over at once. @returns when each began, in seconds */
function runFor(gate: Gate, seconds: number, wanted = MANY, shares = 1): number[] {
  const times: number[] = [];
  for (let second = 0; second < seconds; second += 1) {
    const { calls } = admit(gate, wanted, second * 1_000, shares);
    enter(gate, calls);
    for (let call = 0; call < calls.apply; call += 1) {
      times.push(second);
      leave(gate, 'apply', 'apply', gate.costs.apply);
    }
  }
  return times;
}

function mostIn(times: readonly number[], window: number): number {
  let [most, first] = [0, 0];
  for (const [index, time] of times.entries()) {
    while ((times[first] ?? time) <= time - window) first += 1;
    most = Math.max(most, index - first + 1);
  }
  return most;
}

describe('a gate', () => {
  it('lets all through as long as nothing is wrong', () => {
    const wanted = { release: 3, apply: 4, verify: 5 };
    expect(admit(gateOf({}), wanted, 0, 1)).toEqual({ calls: wanted, notBefore: {}, freshFirst: false });
  });

  it('holds applies and looks back while the provider does not answer, and lets releases through', () => {
    const gate = gateOf({});
    openWork(gate);
    const { calls, notBefore } = admit(gate, { release: 2, apply: 4, verify: 5 }, 0, 1);
    expect(calls).toEqual({ release: 2, apply: 0, verify: 0 });
    expect(notBefore).toEqual({ apply: gate.work.openUntil, verify: gate.work.openUntil });
  });

  it('says nothing of when to look again where nothing is held back', () => {
    const gate = gateOf({});
    openWork(gate);
    expect(admit(gate, { ...NONE, release: 1 }, 0, 1).notBefore).toEqual({});
  });

  it('tries in turn what failed before and what was never tried, and looks now and then', () => {
    const gate = gateOf({});
    openWork(gate);
    const tried: string[] = [];
    for (let count = 0; count < 8; count += 1) {
      const now = gate.work.openUntil;
      const { calls, freshFirst } = admit(gate, { release: 0, apply: 9, verify: 9 }, now, 1);
      enter(gate, calls);
      const lane = calls.apply === 1 ? 'apply' : 'verify';
      expect(calls.apply + calls.verify).toBe(1);
      tried.push(lane === 'verify' ? 'look' : freshFirst ? 'fresh' : 'again');
      noteFailure(gate.work, 'row', now, 0.9);
      leave(gate, lane, lane, 1);
    }
    expect(tried).toEqual(['fresh', 'again', 'fresh', 'look', 'fresh', 'again', 'fresh', 'look']);
  });

  it('gives back what did not begin', () => {
    const gate = gateOf({ perMinute: 600 });
    const before = admit(gate, MANY, 10_000, 1).calls;
    enter(gate, before);
    expect(admit(gate, MANY, 10_000, 1).calls.apply).toBe(0);
    takeBack(gate, 'apply', before.apply);
    expect(admit(gate, MANY, 10_000, 1).calls).toEqual(before);
    expect(gate.work.underWay).toBe(0);
  });

  it.each([
    ['a minute', { perMinute: 100 }, 60, 100],
    ['an hour', { perHour: 1_500 }, 3_600, 1_500],
    ['both', { perMinute: 100, perHour: 1_500 }, 3_600, 1_500],
    ['ten a minute', { perMinute: 10 }, 60, 10],
  ])('keeps the limit of %s in every window, and uses at least four fifths of it', (_, limits, window, limit) => {
    const times = runFor(gateOf(limits), 7_200);
    expect(mostIn(times, window)).toBeLessThanOrEqual(limit);
    const late = times.filter((time) => time >= 3_600).length;
    expect(late).toBeGreaterThanOrEqual(((0.8 * limit) / window) * 3_600 - 1);
  });

  it('counts every question that a call is made of, and divides the limit between processes', () => {
    const gate = gateOf({ perMinute: 90 }, READ_BACK);
    expect(mostIn(runFor(gate, 600), 60) * 3).toBeLessThanOrEqual(90);
    expect(mostIn(runFor(gateOf({ perMinute: 90 }), 600, MANY, 3), 60)).toBeLessThanOrEqual(30);
  });

  it('pays releases first', () => {
    const gate = gateOf({ perMinute: 100 });
    const wanted = { release: 500, apply: 500, verify: 500 };
    const { calls, notBefore } = admit(gate, wanted, 60_000, 1);
    expect(calls).toEqual({ release: 10, apply: 0, verify: 0 });
    enter(gate, calls);
    expect(admit(gate, wanted, 60_000, 1).notBefore.release).toBe(60_000 + Math.ceil(60_000 / 90));
    expect(notBefore.apply).toBeGreaterThan(60_000);
  });

  it('tells who ends a call that others wait for it', () => {
    const gate = gateOf({});
    noteThrottle(gate.work, 0, 0.5, 1_000);
    enter(gate, admit(gate, MANY, 1_000, 1).calls);
    expect(gate.work.underWay).toBe(1);
    expect(leave(gate, 'apply', 'apply', 1)).toBe(true);
    admit(gate, NONE, 1_000, 1);
    expect(leave(gate, 'apply', 'apply', 1)).toBe(false);
  });
});
