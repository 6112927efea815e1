import { Refusal } from '../errors.ts';
import { fromDateTime, parseDateTime, toDateTime } from '../lib/date-time.ts';
import { formatDuration } from '../lib/duration.ts';

const PROPERTY = 'scheduledDateTime';

const refuse = (message: string): Refusal =>
  new Refusal('badRequest', message, { inner: 'invalidProperty', target: PROPERTY });

/**
 * When an action is to start; `now` where nothing is said. A moment that has passed is refused: whoever wants it at once
 * leaves it out.
 *
 * @throws {Refusal} invalidProperty
 */
export function readStart(said: string | null, now: number, maxTtlMs: number): number {
  if (said === null) return now;
  const text = parseDateTime(said);
  if (text === undefined) {
    throw refuse('A start is an RFC 3339 date and time with its offset, as in 2026-11-25T12:00:00Z.');
  }
  const startAt = fromDateTime(text);
  if (startAt <= now) {
    throw refuse(`The start ${text} is not after now, ${toDateTime(now)}. For an action at once, leave it out.`);
  }
  if (startAt > now + maxTtlMs) throw refuse(`The start may lie at most ${formatDuration(maxTtlMs)} ahead here.`);
  return startAt;
}
