const SECONDS = /^\d{1,9}$/;
/** The three forms of an HTTP date all begin with the day of the week; the oldest names no zone and means GMT. */
const HTTP_DATE = /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? [\w :-]{10,30}$/;
/** A receiver cannot send us away for longer. Of a release the dispatcher waits less. */
const LONGEST_MS = 24 * 3_600_000;

/**
 * Milliseconds from now, of a `Retry-After` header; undefined where it is none.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9110#name-retry-after
 */
export function parseRetryAfter(header: string | string[] | undefined, now: Date): number | undefined {
  const text = (Array.isArray(header) ? header[0] : header)?.trim() ?? '';
  if (SECONDS.test(text)) return Math.min(Number(text) * 1000, LONGEST_MS);
  if (!HTTP_DATE.test(text)) return undefined;
  const instant = Date.parse(text.endsWith('GMT') ? text : `${text} GMT`);
  return Number.isNaN(instant) ? undefined : Math.min(Math.max(instant - now.getTime(), 0), LONGEST_MS);
}
