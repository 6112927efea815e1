import { execFileSync } from 'node:child_process';
import os from 'node:os';

/** How much one run of a campaign does, and where it began. */
export interface CampaignSettings {
  readonly name: string;
  /** `INTERDICT_SHORT=1`: the form that CI runs. */
  readonly isShort: boolean;
  /** `INTERDICT_SEED`; the same one makes the same run where the campaign is deterministic. */
  readonly seed: number;
  /** `INTERDICT_COUNT`: how many cases, whatever a case of this campaign is. */
  readonly count: number;
}

/** One thing that was to hold, and whether it did. */
export interface Finding {
  readonly promise: string;
  /** What was seen instead; undefined where it held. */
  readonly broken?: string | undefined;
  /** Figures for RELIABILITY.md. */
  readonly seen?: string | undefined;
}

const numberOf = (name: string): number | undefined => {
  const text = process.env[name];
  if (text === undefined || text === '') return undefined;
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0) throw new Error(`${name} must be a whole number, and is "${text}".`);
  return value;
};

function commitOf(): string {
  try {
    return execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
  } catch {
    return 'unknown';
  }
}

/** Reads the environment, and says what is going to be run. `counts`: cases in the long form and in the short one. */
export function beginCampaign(
  name: string,
  counts: { readonly long: number; readonly short: number },
): CampaignSettings {
  const isShort = process.env.INTERDICT_SHORT === '1';
  const seed = numberOf('INTERDICT_SEED') ?? Date.now() % 2 ** 31;
  const count = numberOf('INTERDICT_COUNT') ?? (isShort ? counts.short : counts.long);
  const machine = `${os.cpus().length} × ${os.cpus()[0]?.model ?? 'CPU'}, Node ${process.version}`;
  // What was started ends with this process, and is killed as it exits.
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => process.exit(128 + os.constants.signals[signal]));
  console.log(`${name}: ${count} cases, seed ${seed}, commit ${commitOf()}, ${machine}`);
  return { name, isShort, seed, count };
}

const SAY_EVERY_MS = 10_000;

/** Says how far the campaign has come, at most every ten seconds. */
export function createProgress(total: number): (done: number, words?: string) => void {
  const began = performance.now();
  let saidAt = began;
  return (done, words = '') => {
    const now = performance.now();
    if (now - saidAt < SAY_EVERY_MS) return;
    saidAt = now;
    console.log(`  ${done} of ${total} after ${Math.round((now - began) / 1_000)} s ${words}`.trimEnd());
  };
}

/** At 95 %, no failure in so many cases means that fewer than this share fail. */
export const boundOf = (cases: number): string => `< ${(3 / cases).toExponential(1)}`;

/** Prints what was found, ends with `N passed, N failed`, and sets the exit code. */
export function endCampaign(findings: readonly Finding[]): void {
  for (const { promise, broken, seen } of findings) {
    console.log(`${broken === undefined ? '✓' : '✗'} ${promise}${seen === undefined ? '' : ` (${seen})`}`);
    if (broken !== undefined) console.log(`  ${broken}`);
  }
  const failed = findings.filter(({ broken }) => broken !== undefined).length;
  console.log(`${findings.length - failed} passed, ${failed} failed`);
  process.exitCode = failed === 0 && findings.length > 0 ? 0 : 1;
}
