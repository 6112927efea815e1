import type { Answer, Presence } from '@interdict/connectors';
import { RESULT_CODES, type ResultInfo } from '@interdict/contract';
import { toDateTime } from '../lib/date-time.ts';
import { type EnforcementRow, LANES } from '../store/rows.ts';
import type { CallResult } from './call-result.ts';
import {
  againAt,
  answeredPending,
  type Case,
  givenUp,
  inForce,
  isSettled,
  type Judgement,
  nothing,
  settlesAt,
  stalled,
  withMessage,
} from './judgement.ts';

type Refused = Extract<Answer, { kind: 'refused' }>;

const byProvider = ({ terms }: Case, { message, subcode = 0 }: Refused): ResultInfo => ({
  code: RESULT_CODES.refusedByProvider,
  message: `Provider "${terms.provider}" refused: ${message}`,
  subcode,
});

export const protectedResult = (message: string): ResultInfo => ({
  code: RESULT_CODES.protectedTarget,
  message,
  subcode: 0,
});

const toldUntil = ({ ledger, toldUntil: until }: Case): number | null => until ?? ledger.wanted_until;

/** What was in force stays so: an apply of a later end that failed took nothing away. */
const doubtful = (ledger: EnforcementRow): EnforcementRow['known'] =>
  ledger.known === 'inForce' ? 'inForce' : 'unknown';

/** Where the next step of a call of unknown outcome lies: look if that is possible, else send it again if that is safe. */
function afterUnknown(of: Case, retryAfterMs?: number): EnforcementRow {
  const { terms } = of;
  if (terms.probes) return stalled(of, LANES.verify, retryAfterMs);
  if (terms.repeats) return stalled(of, LANES.apply, retryAfterMs);
  return { ...of.ledger, lane: LANES.verify, due_at: null };
}

const unsure = (ledger: EnforcementRow): Judgement => ({ ledger, verdict: { kind: 'unsure' } });

/** The product took it. Where nothing could land any more, no end that was told before lands behind this one. */
const withEnd = (of: Case, mayStillLand: boolean): EnforcementRow => {
  const own = of.terms.keepsTime && mayStillLand ? toldUntil(of) : null;
  return { ...of.ledger, told_until: toldUntil(of), lost_until: isSettled(of) ? own : of.ledger.lost_until };
};

/** The product took it, and a look does not show it yet. */
function takenUnseen(of: Case, presence: Presence | undefined): Judgement {
  const { ledger } = of;
  const taken = withEnd(of, true);
  if (presence?.kind === 'pending') {
    const pending = answeredPending(of, presence);
    const waiting = { ...taken, ...pending, known: doubtful(ledger), lane: LANES.verify } as const;
    return unsure(withMessage({ ...waiting, due_at: againAt(of, presence.againMs) }, presence.message));
  }
  const settling = {
    ...taken,
    known: doubtful(ledger),
    answered_pending: 0,
    settles_at: settlesAt(of),
  } as const;
  const message = presence?.kind === 'unknown' ? presence.message : 'Accepted, and not there yet.';
  return unsure(withMessage(afterUnknown({ ...of, ledger: settling }), message));
}

/** It was there before, was left as it is, and nothing of ours can land any more. */
const isTheirs = (of: Case, { foreign }: Extract<Presence, { kind: 'present' }>): boolean =>
  foreign === true && of.terms.sparesForeign === true && isSettled(of);

const theirs = (ledger: EnforcementRow): EnforcementRow => ({ ...ledger, preexisting: 1, told_until: null });

function taken(of: Case, answer: Extract<Answer, { kind: 'done' }>, presence: Presence | undefined): Judgement {
  const told = { ...of, ledger: withEnd(of, presence?.kind !== 'present') };
  if (!of.terms.probes) return inForce(told, answer.level, toDateTime(of.now));
  if (presence?.kind === 'present') {
    const seen = isTheirs(of, presence) ? { ...told, ledger: theirs(told.ledger) } : told;
    return inForce(seen, of.terms.verification, toDateTime(of.now));
  }
  return takenUnseen(of, presence);
}

function accepted(of: Case, answer: Extract<Answer, { kind: 'pending' }>): Judgement {
  const waiting: EnforcementRow = {
    ...withEnd(of, true),
    known: doubtful(of.ledger),
    ...answeredPending(of, answer),
    lane: of.terms.probes ? LANES.verify : LANES.apply,
    due_at: againAt(of, answer.againMs),
  };
  return unsure(withMessage(waiting, answer.message));
}

/** The operation is over; whoever still holds the effect holds what was there before it. */
function atRest({ ledger, terms, now }: Case): EnforcementRow {
  const nextLook = terms.probes && terms.verifyEveryMs !== null ? now + terms.verifyEveryMs : null;
  return {
    ...ledger,
    answered_pending: 0,
    operation: null,
    operation_id: null,
    attempt: 0,
    stalls: 0,
    lane: LANES.verify,
    due_at: nextLook,
  };
}

/** An earlier attempt may have done it all the same: only a look, or a release, makes a refusal certain. */
function refused(of: Case, answer: Refused, result: ResultInfo, presence: Presence | undefined): Judgement {
  const { ledger, terms } = of;
  const told = withMessage(ledger, answer.message, answer.subcode);
  if (ledger.known === 'drifted') return nothing(withMessage(stalled(of, LANES.apply), answer.message, answer.subcode));
  if (ledger.known !== 'unknown')
    return { ledger: atRest({ ...of, ledger: told }), verdict: { kind: 'refused', result } };
  if (presence?.kind === 'present') return inForce(of, terms.verification, toDateTime(of.now));
  if (presence?.kind === 'absent' && isSettled(of)) {
    return { ledger: atRest({ ...of, ledger: { ...told, known: 'absent' } }), verdict: { kind: 'refused', result } };
  }
  if (presence !== undefined && presence.kind !== 'absent') return nothing(stalled(of, LANES.verify));
  return { ledger: atRest({ ...of, ledger: told }), verdict: { kind: 'failed', result } };
}

/**
 * What may not be touched any more is not applied again; what is in force already goes at its end, or by a cancel. What
 * the product is at from before is not asked about any more, and may land.
 */
function forbidden(of: Case, message: string): Judgement {
  if (of.ledger.known === 'inForce') return nothing(withMessage(stalled(of, LANES.apply), message));
  const left = { ...of, ledger: givenUp(of) };
  return refused(left, { kind: 'refused', message }, protectedResult(message), undefined);
}

/** What an apply brought. */
export function judgeApply(of: Case, { answer, presence, protection }: CallResult): Judgement {
  if (protection !== undefined) return forbidden(of, protection);
  switch (answer?.kind) {
    case 'done':
      return taken(of, answer, presence);
    case 'pending':
      return accepted(of, answer);
    case 'refused':
      return refused(of, answer, byProvider(of, answer), presence);
    case 'unavailable': {
      const lane = of.ledger.known === 'unknown' && of.terms.probes ? LANES.verify : LANES.apply;
      return nothing(withMessage(stalled(of, lane, answer.retryAfterMs), answer.message, answer.subcode));
    }
    case 'unknown':
    case undefined: {
      const { ledger } = of;
      const lost = {
        ...ledger,
        known: doubtful(ledger),
        // What the product has accepted it is still at, although it could not be asked now.
        answered_pending: ledger.answered_pending === 0 ? 0 : 1,
        settles_at: settlesAt(of),
      } as const;
      return unsure(
        withMessage(afterUnknown({ ...of, ledger: lost }, answer?.retryAfterMs), answer?.message ?? 'No answer came.'),
      );
    }
  }
}
