import { describe, expect, it } from 'vitest';
import type { Refusal } from '../errors.ts';
import { readExpiry, type SaidEnd } from './read-expiry.ts';

const NOW = Date.parse('2026-11-25T12:00:00Z');
const [HOUR, DAY] = [3_600_000, 86_400_000];

const said = (kind: SaidEnd['kind'], text: string, isParameter = false): SaidEnd => ({
  kind,
  text,
  path: isParameter ? 'parameters/1/value' : kind,
  isParameter,
});
const read = (...ends: readonly SaidEnd[]): unknown => readExpiry(ends, { now: NOW, startAt: NOW }, DAY, 30 * DAY);

function refusalOf(...ends: readonly SaidEnd[]): Refusal {
  try {
    read(...ends);
  } catch (thrown) {
    return thrown as Refusal;
  }
  throw new Error('It was not refused.');
}

describe('the end of an action', () => {
  it('is the default of its kind where nothing is said, and never later than the provider allows', () => {
    expect(read()).toEqual({ ttlMs: DAY, until: null });
    expect(readExpiry([], { now: NOW, startAt: NOW }, DAY, HOUR)).toEqual({ ttlMs: HOUR, until: null });
  });

  it.each([
    ['PT1S', 1_000],
    ['PT1H', HOUR],
    ['P30D', 30 * DAY],
  ])('is a length of which the clock does not run yet: %s', (text, ttlMs) => {
    expect(read(said('ttl', text))).toEqual({ ttlMs, until: null });
    expect(read(said('ttl', text, true))).toEqual({ ttlMs, until: null });
  });

  it.each([
    ['2026-11-25T12:00:00.001Z', NOW + 1],
    ['2026-11-25T15:00:00+02:00', NOW + HOUR],
    ['2026-12-25T12:00:00Z', NOW + 30 * DAY],
    ['2026-12-25T12:00:00.0009999Z', NOW + 30 * DAY],
  ])('is a moment: %s', (text, until) => {
    expect(read(said('expirationDateTime', text))).toEqual({ ttlMs: null, until });
  });

  it.each([
    ['ttl', '1h', /duration of days/],
    ['ttl', 'P1Y', /duration of days/],
    ['ttl', '', /duration of days/],
    ['ttl', 'PT0S', /longer than nothing/],
    ['ttl', 'P30DT1S', /at most P30D here; there is no "forever"/],
    ['expirationDateTime', 'tomorrow', /RFC 3339/],
    ['expirationDateTime', '2026-11-26', /RFC 3339/],
    ['expirationDateTime', '2026-11-25T12:00:00Z', /not after now/],
    ['expirationDateTime', '2026-11-25T12:00:00.0009999Z', /not after now/],
    ['expirationDateTime', '2026-11-25T13:00:00+02:00', /The end 2026-11-25T11:00:00\.0000000Z is not after now/],
    ['expirationDateTime', '2026-12-25T12:00:00.001Z', /at most P30D ahead here/],
    ['expirationDateTime', '9999-12-31T23:59:59Z', /no "forever"/],
  ] as const)('cannot be the %s "%s"', (kind, text, says) => {
    const property = refusalOf(said(kind, text));
    expect(property).toMatchObject({ code: 'badRequest', inner: 'invalidProperty', target: kind });
    expect(property.message).toMatch(says);
    const parameter = refusalOf(said(kind, text, true));
    expect(parameter).toMatchObject({ inner: 'invalidParameter', target: 'parameters/1/value' });
  });

  it('is said once, also where both say the same', () => {
    const refusal = refusalOf(said('ttl', 'PT1H'), said('ttl', 'PT1H', true));
    expect(refusal).toMatchObject({ inner: 'invalidParameter', target: 'parameters/1/value' });
    expect(refusal.message).toBe('The end is given twice: by ttl and by parameters/1/value. Give one.');
  });
});
