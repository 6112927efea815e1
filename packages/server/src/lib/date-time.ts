const FORM = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,12}))?(Z|[+-]\d\d:\d\d)$/i;

/** One moment is written many times in a row: into a row, an entity, a journal. */
const last = { ms: Number.NaN, text: '' };

/** Milliseconds, UTC, as `YYYY-MM-DDThh:mm:ss.fffffffZ`: Graph's form, of one width, so that text order is time order. */
export function toDateTime(ms: number): string {
  if (ms !== last.ms) {
    last.text = `${new Date(ms).toISOString().slice(0, 23)}0000Z`;
    last.ms = ms;
  }
  return last.text;
}

/** The moment that {@link toDateTime} wrote, in milliseconds; finer digits are cut off. */
export const fromDateTime = (text: string): number => Date.parse(`${text.slice(0, 23)}Z`);

/**
 * An RFC 3339 date and time with any offset, as the same instant in {@link toDateTime}'s form. Digits beyond the
 * seventh are cut off; undefined for anything else, days that no month has and instants outside the years 0001–9999.
 *
 * @see https://www.rfc-editor.org/rfc/rfc3339#section-5.6
 */
export function parseDateTime(text: string): string | undefined {
  const found = FORM.exec(text);
  if (!found) return undefined;
  const [, year, month, day, hour, minute, second, fraction = '', offset = 'Z'] = found;
  const leapSecond = second === '60';
  const wall = `${year}-${month}-${day}T${hour}:${minute}:${leapSecond ? '59' : second}`;
  const ms = Date.parse(`${wall}Z`);
  if (Number.isNaN(ms) || new Date(ms).toISOString().slice(0, 19) !== wall) return undefined;
  const offsetMs = parseOffset(offset);
  if (offsetMs === undefined) return undefined;
  const instant = ms + (leapSecond ? 1_000 : 0) - offsetMs;
  if (instant < Date.parse('0001-01-01T00:00:00Z') || instant >= Date.parse('+010000-01-01T00:00:00Z'))
    return undefined;
  return `${new Date(instant).toISOString().slice(0, 19)}.${fraction.slice(0, 7).padEnd(7, '0')}Z`;
}

function parseOffset(text: string): number | undefined {
  if (text.toUpperCase() === 'Z') return 0;
  const [hours, minutes] = [Number(text.slice(1, 3)), Number(text.slice(4, 6))];
  if (hours > 23 || minutes > 59) return undefined;
  return (text.startsWith('-') ? -1 : 1) * (hours * 60 + minutes) * 60_000;
}

const TICK_PER_MS = 10_000;

/** The later of `now` and one tick (100 ns) after `previous`: a history's times strictly increase. */
export function laterThan(previous: string, now: number): string {
  const next = toDateTime(now);
  if (next > previous) return next;
  const ms = fromDateTime(previous);
  const ticks = Number(previous.slice(23, 27)) + 1;
  if (ticks === TICK_PER_MS) return toDateTime(ms + 1);
  return `${previous.slice(0, 23)}${String(ticks).padStart(4, '0')}Z`;
}
