import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromDateTime, laterThan, parseDateTime, toDateTime } from './date-time.ts';

const FIRST_MS = Date.parse('0001-01-01T00:00:00Z');
const LAST_MS = Date.parse('9999-12-31T23:59:59.999Z');
const anyMoment = fc.integer({ min: FIRST_MS, max: LAST_MS });

describe("Graph's form of a date and time", () => {
  it.each([
    [0, '1970-01-01T00:00:00.0000000Z'],
    [1_483_228_957_446, '2017-01-01T00:02:37.4460000Z'],
    [-1, '1969-12-31T23:59:59.9990000Z'],
    [FIRST_MS, '0001-01-01T00:00:00.0000000Z'],
    [LAST_MS, '9999-12-31T23:59:59.9990000Z'],
  ])('%i milliseconds read %s', (ms, text) => {
    expect(toDateTime(ms)).toBe(text);
    expect(fromDateTime(text)).toBe(ms);
  });

  it('gives the moment back, and orders as text in the order of time', () => {
    fc.assert(
      fc.property(anyMoment, anyMoment, (one, other) => {
        expect(fromDateTime(toDateTime(one))).toBe(one);
        expect(toDateTime(one) < toDateTime(other)).toBe(one < other);
      }),
    );
  });

  it('is read with its finer digits cut off', () => {
    expect(fromDateTime('2017-01-01T00:02:37.4469999Z')).toBe(1_483_228_957_446);
  });
});

describe('an RFC 3339 date and time', () => {
  it.each([
    ['2026-11-25T12:00:00Z', '2026-11-25T12:00:00.0000000Z'],
    ['2026-11-25t12:00:00z', '2026-11-25T12:00:00.0000000Z'],
    ['2026-11-25T12:00:00.1Z', '2026-11-25T12:00:00.1000000Z'],
    ['2017-01-01T00:02:37.4463080Z', '2017-01-01T00:02:37.4463080Z'],
    ['2017-01-01T00:02:37.446308099999Z', '2017-01-01T00:02:37.4463080Z'],
    ['2016-12-31T19:02:37.4463080+03:00', '2016-12-31T16:02:37.4463080Z'],
    ['2026-11-25T12:00:00-05:30', '2026-11-25T17:30:00.0000000Z'],
    ['2026-11-25T00:10:00+00:20', '2026-11-24T23:50:00.0000000Z'],
    ['2026-11-25T12:00:00+23:59', '2026-11-24T12:01:00.0000000Z'],
    ['2026-11-25T12:00:00-00:00', '2026-11-25T12:00:00.0000000Z'],
    ['2024-02-29T12:00:00Z', '2024-02-29T12:00:00.0000000Z'],
    ['2000-02-29T12:00:00Z', '2000-02-29T12:00:00.0000000Z'],
    ['2016-12-31T23:59:60Z', '2017-01-01T00:00:00.0000000Z'],
    ['2016-12-31T23:59:60.5Z', '2017-01-01T00:00:00.5000000Z'],
    ['0001-01-01T00:00:00Z', '0001-01-01T00:00:00.0000000Z'],
    ['0000-12-31T23:30:00-01:00', '0001-01-01T00:30:00.0000000Z'],
    ['9999-12-31T23:59:59.9999999Z', '9999-12-31T23:59:59.9999999Z'],
  ])('%s is the instant %s', (text, instant) => {
    expect(parseDateTime(text)).toBe(instant);
  });

  it.each([
    '',
    'now',
    '1764072000000',
    '2026-11-25',
    '2026-11-25T12:00Z',
    '2026-11-25T12:00:00',
    '2026-11-25 12:00:00Z',
    ' 2026-11-25T12:00:00Z',
    '2026-11-25T12:00:00Z\n',
    '2026-11-25T12:00:00+03',
    '2026-11-25T12:00:00+0300',
    '2026-11-25T12:00:00+24:00',
    '2026-11-25T12:00:00+03:60',
    '2026-11-25T12:00:00.Z',
    '2026-11-25T12:00:00,5Z',
    '2026-11-25T12:00:00.1234567890123Z',
    '2026-13-01T12:00:00Z',
    '2026-00-01T12:00:00Z',
    '2026-02-29T12:00:00Z',
    '2100-02-29T12:00:00Z',
    '2026-04-31T12:00:00Z',
    '2026-11-00T12:00:00Z',
    '2026-11-25T24:00:00Z',
    '2026-11-25T12:60:00Z',
    '2026-11-25T12:00:61Z',
    '+02026-11-25T12:00:00Z',
    '12026-11-25T12:00:00Z',
    '٢٠٢٦-11-25T12:00:00Z',
    '0000-12-31T23:59:59Z',
    '0001-01-01T00:00:00+00:01',
    '9999-12-31T23:59:59-00:01',
    '9999-12-31T23:59:60Z',
  ])('%j is none', (text) => {
    expect(parseDateTime(text)).toBeUndefined();
  });

  it('is read back from what was written, under any offset', () => {
    const inner = fc.integer({ min: FIRST_MS + 86_400_000, max: LAST_MS - 86_400_000 });
    fc.assert(
      fc.property(inner, fc.integer({ min: -1_439, max: 1_439 }), (ms, minutes) => {
        const wall = new Date(ms + minutes * 60_000).toISOString().slice(0, 23);
        const [hours, rest] = [Math.floor(Math.abs(minutes) / 60), Math.abs(minutes) % 60];
        const offset = `${minutes < 0 ? '-' : '+'}${String(hours).padStart(2, '0')}:${String(rest).padStart(2, '0')}`;
        expect(parseDateTime(`${wall}${offset}`)).toBe(toDateTime(ms));
      }),
    );
  });
});

describe('the next time of a history', () => {
  const at = Date.parse('2026-11-25T12:00:00.500Z');
  it.each([
    ['is now, where now is later', '2026-11-25T12:00:00.4999999Z', '2026-11-25T12:00:00.5000000Z'],
    ['is one tick later, where nothing has passed', '2026-11-25T12:00:00.5000000Z', '2026-11-25T12:00:00.5000001Z'],
    ['counts ticks on within a millisecond', '2026-11-25T12:00:00.5000999Z', '2026-11-25T12:00:00.5001000Z'],
    ['carries over to the next millisecond', '2026-11-25T12:00:00.5009999Z', '2026-11-25T12:00:00.5010000Z'],
    ['carries over to the next second', '2026-11-25T12:00:00.9999999Z', '2026-11-25T12:00:01.0000000Z'],
    ['does not go back with the clock', '2026-11-25T13:00:00.0000000Z', '2026-11-25T13:00:00.0000001Z'],
  ])('%s', (_promise, previous, next) => {
    expect(laterThan(previous, at)).toBe(next);
  });

  it('strictly increases under a clock that goes anywhere', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: at - 3, max: at + 3 }), { minLength: 1, maxLength: 50 }), (moments) => {
        let last = toDateTime(at);
        for (const now of moments) {
          const next = laterThan(last, now);
          expect(next > last).toBe(true);
          expect(next).toHaveLength(28);
          last = next;
        }
      }),
    );
  });
});
