import { Refusal } from '../errors.ts';
import { fromDateTime, parseDateTime, toDateTime } from '../lib/date-time.ts';
import { formatDuration, parseDuration } from '../lib/duration.ts';

/** One way in which a request may say when its action ends, and where it said so. */
export interface SaidEnd {
  readonly kind: 'ttl' | 'expirationDateTime';
  readonly text: string;
  readonly path: string;
  /** A parameter rather than a property: the refusals have other codes. */
  readonly isParameter: boolean;
}

/** When an action ends: a length whose clock does not run yet, or a moment. */
export interface Expiry {
  readonly ttlMs: number | null;
  readonly until: number | null;
}

const refuse = (said: SaidEnd, message: string): Refusal =>
  new Refusal('badRequest', message, {
    inner: said.isParameter ? 'invalidParameter' : 'invalidProperty',
    target: said.path,
  });

function readTtl(said: SaidEnd, maxTtlMs: number): Expiry {
  const ttlMs = parseDuration(said.text);
  if (ttlMs === undefined) {
    throw refuse(said, 'A ttl is a duration of days, hours, minutes and seconds, as in P1DT12H or PT30M.');
  }
  if (ttlMs <= 0) throw refuse(said, 'A ttl must be longer than nothing.');
  if (ttlMs > maxTtlMs)
    throw refuse(said, `A ttl may be at most ${formatDuration(maxTtlMs)} here; there is no "forever".`);
  return { ttlMs, until: null };
}

interface Times {
  readonly now: number;
  /** When it may start: now, or later. */
  readonly startAt: number;
}

function readMoment(said: SaidEnd, { now, startAt }: Times, maxTtlMs: number): Expiry {
  const text = parseDateTime(said.text);
  if (text === undefined) {
    throw refuse(said, 'An end is an RFC 3339 date and time with its offset, as in 2026-11-25T12:00:00Z.');
  }
  const until = fromDateTime(text);
  if (until <= now) throw refuse(said, `The end ${text} is not after now, ${toDateTime(now)}.`);
  if (until <= startAt) throw refuse(said, `The end ${text} is not after the start, ${toDateTime(startAt)}.`);
  if (until > now + maxTtlMs) {
    throw refuse(said, `The end may lie at most ${formatDuration(maxTtlMs)} ahead here; there is no "forever".`);
  }
  return { ttlMs: null, until };
}

/**
 * When the action ends. Without a word from the request it is the action's default; never without an end.
 *
 * @throws {Refusal} invalidProperty or invalidParameter: two ends, no duration, not after now and the start, too far ahead
 */
export function readExpiry(said: readonly SaidEnd[], times: Times, defaultTtlMs: number, maxTtlMs: number): Expiry {
  const [only, second] = said;
  if (second) throw refuse(second, `The end is given twice: by ${only?.path} and by ${second.path}. Give one.`);
  if (!only) return { ttlMs: Math.min(defaultTtlMs, maxTtlMs), until: null };
  return only.kind === 'ttl' ? readTtl(only, maxTtlMs) : readMoment(only, times, maxTtlMs);
}
