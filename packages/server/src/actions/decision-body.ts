import { writeInTurns } from './feed-body.ts';

/** A ban as CrowdSec writes it. */
export interface Decision {
  /** As in `ip:203.0.113.9`. */
  readonly target: string;
  readonly provider: string;
  /** Negative where it is over. */
  readonly remainingMs: number;
}

/** Beyond the end, which Interdict tells by itself: a bouncer keeps the first end of an address, and does not move it. */
const BEYOND_MS = 365 * 86_400_000;
const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;

/** @see https://pkg.go.dev/time#Duration.String */
function goDuration(ms: number): string {
  const whole = Math.abs(Math.trunc(ms));
  const hours = Math.floor(whole / HOUR_MS);
  const minutes = Math.floor((whole % HOUR_MS) / MINUTE_MS);
  return `${ms < 0 ? '-' : ''}${hours}h${minutes}m${(whole % MINUTE_MS) / 1000}s`;
}

/** FNV-1a, 32 bits. @see https://www.rfc-editor.org/rfc/rfc9923 */
function hash(text: string, basis: number): number {
  let value = basis;
  for (let index = 0; index < text.length; index += 1) value = Math.imul(value ^ text.charCodeAt(index), 0x01000193);
  return value >>> 0;
}

/** The same for the same entry of a provider, in every process; no bouncer makes more of it than that. */
function idOf({ provider, target }: Decision): number {
  const text = `${provider} ${target}`;
  return (hash(text, 0x811c9dc5) & 0x1fffff) * 2 ** 32 + hash(text, 0x01234567);
}

export const scenarioOf = (provider: string): string => `interdict/${provider}`;

function decisionText(decision: Decision, beyondMs: number): string {
  const { target, provider, remainingMs } = decision;
  const colon = target.indexOf(':');
  return JSON.stringify({
    duration: goDuration(remainingMs < 0 ? remainingMs : remainingMs + beyondMs),
    id: idOf(decision),
    origin: 'interdict',
    scenario: scenarioOf(provider),
    scope: target.slice(0, colon) === 'ip' ? 'Ip' : 'Range',
    type: 'ban',
    value: target.slice(colon + 1),
  });
}

/** Where there is none, the local API says null. */
function* listParts(decisions: readonly Decision[], beyondMs: number): Generator<string> {
  if (decisions.length === 0) yield 'null';
  else {
    let before = '[';
    for (const decision of decisions) {
      yield before + decisionText(decision, beyondMs);
      before = ',';
    }
    yield ']';
  }
}

function* deltaParts(added: readonly Decision[], gone: readonly Decision[]): Generator<string> {
  yield '{"deleted":';
  yield* listParts(gone, BEYOND_MS);
  yield ',"new":';
  yield* listParts(added, BEYOND_MS);
  yield '}';
}

/** With the ends of blocks: whoever asks each time is told nothing when one is over. */
export const toDecisionList = async (decisions: readonly Decision[]): Promise<Buffer> =>
  (await writeInTurns(listParts(decisions, 0))).body;

export const toDeltaBody = async (added: readonly Decision[], gone: readonly Decision[]): Promise<Buffer> =>
  (await writeInTurns(deltaParts(added, gone))).body;
