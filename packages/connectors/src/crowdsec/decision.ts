import { type Entry, findMark, findScope, ORIGIN } from './entry.ts';

/** One ban that the local API holds. */
export interface Decision {
  readonly id: number;
  readonly scope: Entry['scope'];
  readonly value: string;
  /** As it stands there. */
  readonly scenario: string;
  /** Milliseconds from the answer. */
  readonly remainingMs: number;
  /** Whose of ours it is, and since when; absent: somebody else's. */
  readonly ours?: { readonly tenant: string; readonly since: number } | undefined;
}

const UNITS: Readonly<Record<string, number>> = {
  h: 3_600_000,
  m: 60_000,
  s: 1_000,
  ms: 1,
  us: 1e-3,
  µs: 1e-3,
  ns: 1e-6,
};
const GO_DURATION = /^-?(?:\d{1,12}(?:\.\d{1,12})?(?:h|ms|m|s|us|µs|ns))+$/;
const PART = /(\d+(?:\.\d+)?)(h|ms|m|s|us|µs|ns)/g;

/** @see https://pkg.go.dev/time#ParseDuration */
export function findGoDurationMs(text: string): number | undefined {
  if (text.length > 100 || !GO_DURATION.test(text)) return undefined;
  const ms = [...text.matchAll(PART)].reduce(
    (sum, [, number, unit = '']) => sum + Number(number) * (UNITS[unit] ?? 0),
    0,
  );
  return text.startsWith('-') ? -ms : ms;
}

const TEXTS = ['duration', 'origin', 'scenario', 'scope', 'type', 'value'] as const;
type Fields = Readonly<Record<(typeof TEXTS)[number], string>> & { readonly id: number };

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

function isFields(value: unknown): value is Fields {
  return isRecord(value) && Number.isSafeInteger(value.id) && TEXTS.every((name) => typeof value[name] === 'string');
}

/** Bans of addresses and networks in canonical form; whatever else bouncers may be told is nothing that we could name. */
function toDecision(fields: Fields): readonly Decision[] {
  const { id, value, scenario, origin, type } = fields;
  const mark = origin === ORIGIN ? findMark(scenario) : undefined;
  const ours = mark?.value === value ? mark : undefined;
  // What we wrote we had checked; there may be a hundred thousand.
  const scope = ours ? (value.includes('/') ? 'Range' : 'Ip') : findScope(value);
  const remainingMs = findGoDurationMs(fields.duration);
  if (type !== 'ban' || scope?.toLowerCase() !== fields.scope.toLowerCase() || remainingMs === undefined) return [];
  return [{ id, scope, value, scenario, remainingMs, ours }];
}

/** What the local API answers to a bouncer; undefined where it means nothing. No decisions are `null`. */
export function parseDecisions(body: Buffer): readonly Decision[] | undefined {
  const parsed = parseJson(body);
  if (parsed === null) return [];
  return Array.isArray(parsed) && parsed.every(isFields) ? parsed.flatMap(toDecision) : undefined;
}

const decoder = new TextDecoder('utf-8', { fatal: true });

/** Undefined where it is no JSON. */
export function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(decoder.decode(body));
  } catch {
    return undefined;
  }
}

/** The words of an error of the local API. */
export function wordsOf(body: Buffer): string {
  const said = parseJson(body);
  return isRecord(said) && typeof said.message === 'string' ? said.message : '';
}
