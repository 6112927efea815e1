import { describe, expect, it } from 'vitest';
import { findGoDurationMs, parseDecisions } from './decision.ts';
import { findMark, toMark } from './entry.ts';

const TENANT = '11111111-1111-4111-8111-111111111111';

describe('what the local API writes', () => {
  it("has Go's durations", () => {
    expect(findGoDurationMs('59m59.5s')).toBe(3_599_500);
    expect(findGoDurationMs('1h0m0.25s')).toBe(3_600_250);
    expect(findGoDurationMs('1.5µs')).toBeCloseTo(0.0015);
    expect(findGoDurationMs('-3s')).toBe(-3_000);
    for (const text of ['', 'h', '5', '5 s', '1d', '5sx', '9'.repeat(90)])
      expect(findGoDurationMs(text)).toBeUndefined();
  });

  it('says null where there is nothing', () => {
    expect(parseDecisions(Buffer.from('null'))).toEqual([]);
    for (const text of ['', '{}', '[{}]', '[null]', 'false', '"null"']) {
      expect(parseDecisions(Buffer.from(text)), text).toBeUndefined();
    }
  });

  it('has bans of addresses and networks, and other things that are none of ours', () => {
    const mark = toMark({ tenant: TENANT, scope: 'Ip', value: '203.0.113.9' }, 1_700_000_000_000);
    const all = [
      { id: 1, scope: 'Ip', value: '203.0.113.9', type: 'ban', origin: 'interdict', scenario: mark },
      { id: 2, scope: 'ip', value: '203.0.113.9', type: 'ban', origin: 'cscli', scenario: mark },
      { id: 3, scope: 'Ip', value: '203.0.113.9', type: 'captcha', origin: 'cscli', scenario: 'x' },
      { id: 4, scope: 'Country', value: 'FR', type: 'ban', origin: 'cscli', scenario: 'x' },
      { id: 5, scope: 'Range', value: '203.0.113.7/24', type: 'ban', origin: 'cscli', scenario: 'x' },
    ].map((decision) => ({ ...decision, duration: '1h' }));
    const parsed = parseDecisions(Buffer.from(JSON.stringify(all)));
    expect(parsed?.map(({ id, ours }) => [id, ours?.tenant])).toEqual([
      [1, TENANT],
      [2, undefined],
    ]);
    expect(findMark(mark)).toEqual({ tenant: TENANT, value: '203.0.113.9', since: 1_700_000_000_000 });
    expect(findMark(`x${mark}`)).toBeUndefined();
  });
});
