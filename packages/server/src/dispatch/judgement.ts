import type { ResultInfo, VerificationLevel } from '@interdict/contract';
import { type EnforcementRow, LANES, type Lane } from '../store/rows.ts';
import { retryDelayMs } from './retry-delay.ts';
import type { Terms } from './terms.ts';

/** What a call's outcome means for the actions that hold the effect, or wait for its release. */
export type Verdict =
  /** Nothing that they need to be told. */
  | { readonly kind: 'nothing' }
  /** It is decided who put the effect in force first. */
  | { readonly kind: 'looked' }
  | { readonly kind: 'inForce'; readonly level: VerificationLevel }
  /** It was in force, and is not any more. */
  | { readonly kind: 'drifted' }
  /** Whether it is in force is not known, or known again to be on its way. */
  | { readonly kind: 'unsure' }
  /** The product will not do it, and did nothing. */
  | { readonly kind: 'refused'; readonly result: ResultInfo }
  /** It must not stay as it is: released first, then failed. */
  | { readonly kind: 'failed'; readonly result: ResultInfo }
  | { readonly kind: 'gone' };

/** The ledger row after a call, and what it means. */
export interface Judgement {
  readonly ledger: EnforcementRow;
  readonly verdict: Verdict;
}

/** All that a judgement depends on: the same inputs give the same outcome. */
export interface Case {
  readonly ledger: EnforcementRow;
  readonly terms: Terms;
  readonly now: number;
  /** When the call was leased: what it brought is not older. It may be written down much later. Absent: now. */
  readonly leasedAt?: number;
  /** The end that the call told the product: a hold that came since may want a later one. Absent: the present one. */
  readonly toldUntil?: number;
  /** Until when whoever had the lease may still be calling. Absent: its call is over. */
  readonly callingUntil?: number;
  /** In [0, 1), for the jitter. */
  readonly random: number;
}

/** The product said nothing of when: ask again in five seconds. */
const AGAIN_MS = 5_000;
const LONGEST_AGAIN_MS = 300_000;

/** When the call was made, nothing could land any more of an apply whose outcome was unknown. */
export const isSettled = ({ ledger, leasedAt, now }: Case): boolean =>
  ledger.settles_at === null || (leasedAt ?? now) >= ledger.settles_at;

/** Until when a call that is given up now may still land. */
const landsUntil = ({ terms, now, callingUntil = now }: GivenUp): number =>
  Math.max(now, callingUntil) + terms.latenessMs;

/** What a case of a call that is given up is reckoned from. */
type GivenUp = Pick<Case, 'ledger' | 'terms' | 'now' | 'callingUntil'>;

/** When nothing can land any more of this apply, nor of an earlier one whose caller may still live. */
export const settlesAt = (of: GivenUp): number => Math.max(of.ledger.settles_at ?? 0, landsUntil(of));

/** The same of a release. */
export const unansweredUntil = (of: GivenUp): number => Math.max(of.ledger.unanswered_until ?? 0, landsUntil(of));

/**
 * The row where nobody asks any more what became of its operation: what the product is at may land until the lateness
 * has passed.
 */
export function givenUp(of: GivenUp): EnforcementRow {
  const { ledger } = of;
  if (ledger.answered_pending !== 1) return ledger;
  const lands =
    ledger.operation === 'release' ? { unanswered_until: unansweredUntil(of) } : { settles_at: settlesAt(of) };
  return { ...ledger, ...lands, answered_pending: 0 };
}

export const againAt = ({ now }: Case, againMs: number | undefined): number =>
  now + Math.min(LONGEST_AGAIN_MS, Math.max(0, againMs ?? AGAIN_MS));

/** The product is at an apply. That it may land after all is forgotten only where nothing of it landed so far. */
export const answeredPending = (
  of: Case,
  said: { readonly message: string; readonly landed?: 'no' },
): Pick<EnforcementRow, 'answered_pending' | 'settles_at'> =>
  said.landed === 'no'
    ? { answered_pending: 2, settles_at: of.ledger.settles_at }
    : { answered_pending: 1, settles_at: settlesAt(of) };

/** Releases stop doubling at half a minute: when a product is back after a day, all that waits goes within a minute. */
const RELEASE_DOUBLINGS = 6;

/** The row with one more call that brought nothing new, due again in `lane` after a growing delay. */
export function stalled(of: Case, lane: Lane, retryAfterMs = 0): EnforcementRow {
  const stalls = of.ledger.stalls + 1;
  // A product may put off what it is to do, but not what it is to take back.
  const asked = lane === LANES.release ? Math.min(LONGEST_AGAIN_MS, retryAfterMs) : retryAfterMs;
  const counted = lane === LANES.release ? Math.min(RELEASE_DOUBLINGS, stalls) : stalls;
  const wait = Math.max(asked, retryDelayMs(counted, of.random));
  return { ...of.ledger, stalls, lane, due_at: of.now + wait };
}

export const nothing = (ledger: EnforcementRow): Judgement => ({ ledger, verdict: { kind: 'nothing' } });

/** At a product that keeps time the end that is wanted is not the one that it was told. */
export const isEndUntold = ({ preexisting, told_until, wanted_until }: EnforcementRow, terms: Terms): boolean =>
  terms.keepsTime && preexisting === 0 && (told_until ?? 0) < (wanted_until ?? 0);

/** An earlier end may land behind the one that was told: that is told once more when nothing can land any more. */
export const mayBeShortened = ({ preexisting, lost_until, settles_at, wanted_until }: EnforcementRow): boolean =>
  preexisting === 0 && settles_at !== null && lost_until !== null && lost_until < (wanted_until ?? 0);

const AT_AN_END = { operation: null, operation_id: null, attempt: 0, operation_at: null } as const;

/** What is in force is told its end where that is to be, and looked at now and then. */
function whileInForce({ ledger, terms, now }: Case): Pick<EnforcementRow, 'lane' | 'due_at'> {
  if (isEndUntold(ledger, terms)) return { lane: LANES.apply, due_at: now };
  const nextLook = terms.probes && terms.verifyEveryMs !== null ? now + terms.verifyEveryMs : null;
  if (!mayBeShortened(ledger)) return { lane: LANES.verify, due_at: nextLook };
  const tellAt = Math.max(now, ledger.settles_at ?? now);
  if (nextLook !== null && nextLook < tellAt) return { lane: LANES.verify, due_at: nextLook };
  return { lane: LANES.apply, due_at: tellAt };
}

/** The effect is in force as far as the level can tell; what is still to do is a later end, or the next look. */
export function inForce(of: Case, level: VerificationLevel, verifiedAt: string): Judgement {
  const { ledger, terms } = of;
  // Its answer was lost: to tell the end once more is another attempt of the same, which a product that counts does once.
  const isUntold = isEndUntold(ledger, terms) && ledger.operation === 'apply' && ledger.told_until === null;
  return {
    ledger: {
      ...ledger,
      known: 'inForce',
      answered_pending: 0,
      looked: 1,
      level,
      verified_at: verifiedAt,
      ...(isUntold ? {} : AT_AN_END),
      // An earlier attempt that was lost may still land: what is seen now does not settle that.
      disproved: 0,
      stalls: 0,
      last_message: null,
      last_subcode: 0,
      ...whileInForce(of),
    },
    verdict: { kind: 'inForce', level },
  };
}

/** The row with the product's own words, for people. */
export const withMessage = (ledger: EnforcementRow, message: string, subcode = 0): EnforcementRow => ({
  ...ledger,
  last_message: message.slice(0, 300),
  last_subcode: subcode,
});
