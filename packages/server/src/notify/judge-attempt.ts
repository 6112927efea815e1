import type { DeliveryRow } from '../store/subscription-rows.ts';

/** What a receiver did with one POST. */
export interface AttemptOutcome {
  readonly at: number;
  readonly isDelivered: boolean;
  /** It took so long to answer that those behind it would wait for it. */
  readonly isSlow: boolean;
  /** HTTP status, where it answered. */
  readonly status: number | null;
  /** What went wrong, where it did not. */
  readonly fault: string | null;
  readonly retryAfterMs: number | undefined;
}

/** An attempt as the log keeps it. */
export interface LoggedAttempt {
  readonly at: number;
  readonly status: number | null;
  readonly fault: string | null;
}

const FIRST_MS = 10_000;
const LONGEST_MS = 600_000;
const LEAST_RETRY_AFTER_MS = 1_000;
/** From the first failure: Graph's own four hours. */
export const GIVE_UP_MS = 4 * 3_600_000;
const ATTEMPTS_KEPT = 50;

/**
 * Doubling from ten seconds to ten minutes, with jitter of a half: many that failed together do not come back together.
 * @param failures in a row, counting from 1
 * @param random in [0, 1)
 */
export const retryDelayMs = (failures: number, random: number): number =>
  Math.round(Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(failures - 1, 20)) * (1 - random / 2));

type Judged = Pick<DeliveryRow, 'state' | 'attempts' | 'attempt_count' | 'failing_since' | 'next_at'>;

function retryAt(delivery: DeliveryRow, outcome: AttemptOutcome, random: number): number | null {
  const since = delivery.failing_since ?? outcome.at;
  const end = since + GIVE_UP_MS;
  if (outcome.at >= end) return null;
  const asked = outcome.retryAfterMs;
  const waits = asked === undefined ? retryDelayMs(delivery.attempt_count + 1, random) : asked;
  return Math.min(end, outcome.at + Math.max(LEAST_RETRY_AFTER_MS, waits));
}

/** What becomes of a delivery after an attempt: over, or tried again until four hours after its first failure. */
export function judgeAttempt(delivery: DeliveryRow, outcome: AttemptOutcome, random: number): Judged {
  const { at, status, fault, isDelivered } = outcome;
  const before = JSON.parse(delivery.attempts) as readonly LoggedAttempt[];
  const attempts = JSON.stringify([...before, { at, status, fault }].slice(-ATTEMPTS_KEPT));
  const attempt_count = delivery.attempt_count + 1;
  if (isDelivered) return { state: 'delivered', attempts, attempt_count, failing_since: null, next_at: null };
  const next_at = retryAt(delivery, outcome, random);
  const failing_since = delivery.failing_since ?? at;
  return { state: next_at === null ? 'failed' : 'retrying', attempts, attempt_count, failing_since, next_at };
}
