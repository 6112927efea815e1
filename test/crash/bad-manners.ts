/** How long the server waits for an answer, and how long after that a call may still take effect, as configured. */
export const TIMEOUT_MS = 2_000;
export const LATENESS_MS = 4_000;

/** The path of calls that the product treats well. */
export const WELL_TREATED = '/well';

interface MannerOf {
  readonly waitMs: number;
  /** Whether the effect takes place. */
  readonly takes: boolean;
  /** A number is a status without a body. */
  readonly ends: 'answer' | 'hang' | 'reset' | 429 | 500;
}

/** How a product may treat a call. The late one lands after the caller has given up, within the product's lateness. */
export const MANNERS = {
  good: { waitMs: 0, takes: true, ends: 'answer' },
  slow: { waitMs: 300, takes: true, ends: 'answer' },
  applyThenHang: { waitMs: 0, takes: true, ends: 'hang' },
  hangThenApply: { waitMs: 3_000, takes: true, ends: 'hang' },
  applyThenReset: { waitMs: 0, takes: true, ends: 'reset' },
  resetAtOnce: { waitMs: 0, takes: false, ends: 'reset' },
  tooMany: { waitMs: 0, takes: false, ends: 429 },
  broken: { waitMs: 0, takes: false, ends: 500 },
} as const satisfies Record<string, MannerOf>;

/** What the product promises in return, on a busy machine too: a call that was sent longer ago takes no effect. */
export const isTooLate = (sentAt: number, now: number): boolean => now - sentAt > TIMEOUT_MS + LATENESS_MS - MARGIN_MS;
/** From the look at the clock to the effect. */
const MARGIN_MS = 500;

export type MannerName = keyof typeof MANNERS;

const BAD = (Object.keys(MANNERS) as MannerName[]).filter((name) => name !== 'good');
const BAD_SHARE = 0.25;

/** @param chance in [0, 1) */
export function pickManner(chance: number): MannerName {
  if (chance >= BAD_SHARE) return 'good';
  return BAD[Math.floor((chance / BAD_SHARE) * BAD.length)] ?? 'good';
}
