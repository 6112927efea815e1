import { LANES } from '../store/rows.ts';
import type { CallResult } from './call-result.ts';
import {
  againAt,
  type Case,
  isSettled,
  type Judgement,
  nothing,
  stalled,
  unansweredUntil,
  withMessage,
} from './judgement.ts';

/** Nothing of ours is there any more. While an earlier apply may still land, that is not the last word. */
function gone(of: Case): Judgement {
  const { ledger } = of;
  const closed = {
    ...ledger,
    operation: null,
    operation_id: null,
    attempt: 0,
    answered_pending: 0,
    told_until: null,
    stalls: 0,
  } as const;
  if (!isSettled(of)) {
    return nothing({ ...closed, known: 'unknown', lane: LANES.release, due_at: ledger.settles_at });
  }
  return {
    ledger: {
      ...closed,
      known: 'absent',
      settles_at: null,
      lost_until: null,
      verified_at: null,
      drift_count: 0,
      drift_at: null,
      drift_run: 0,
      release_wished_at: null,
      release_failed: 0,
      due_at: ledger.unanswered_until,
    },
    verdict: { kind: 'gone' },
  };
}

type Answered = Exclude<CallResult['answer'], undefined>;

/** Nothing of ours is in force anywhere. */
function isNowhere(presence: CallResult['presence']): boolean {
  if (presence?.kind === 'present') return presence.foreign === true;
  return presence?.kind === 'absent' || (presence?.kind === 'pending' && presence.landed === 'no');
}

/** The product says that it is done; where it can be looked at, the look decides. */
function done(of: Case, presence: CallResult['presence']): Judgement {
  if (!of.terms.probes || isNowhere(presence)) return gone(of);
  const message =
    presence?.kind === 'present' ? 'Released, and still there.' : 'Released; the look back brought nothing.';
  return nothing(withMessage(stalled(of, LANES.release), message));
}

function notDone(of: Case, answer: Answered | undefined): Judgement {
  const retryAfterMs = answer !== undefined && 'retryAfterMs' in answer ? answer.retryAfterMs : undefined;
  const subcode = answer !== undefined && 'subcode' in answer ? answer.subcode : undefined;
  const message = answer !== undefined && 'message' in answer ? answer.message : 'No answer came.';
  return nothing(withMessage(stalled(of, LANES.release, retryAfterMs), message, subcode));
}

function pending(of: Case, answer: Extract<Answered, { kind: 'pending' }>): Judgement {
  const waiting = {
    ...of.ledger,
    answered_pending: 1,
    lane: LANES.release,
    due_at: againAt(of, answer.againMs),
  } as const;
  return nothing(withMessage(waiting, answer.message));
}

/** An answer that says for certain that nothing was done leaves what was known. */
const changesNothing = (answer: Answered | undefined): boolean =>
  answer?.kind === 'unavailable' || answer?.kind === 'refused';

/** What a release brought. It is refused for good by nobody: whatever is not done is tried again. */
export function judgeRelease(of: Case, { answer, presence }: CallResult): Judgement {
  const { ledger } = of;
  const isLost = answer === undefined || answer.kind === 'unknown';
  // An attempt that was lost may land behind one that was answered.
  const unanswered_until = isLost ? unansweredUntil(of) : ledger.unanswered_until;
  const known = changesNothing(answer) ? ledger.known : 'unknown';
  const told: Case = { ...of, ledger: { ...ledger, unanswered_until, known } };
  if (answer?.kind === 'done') return done(told, presence);
  if (answer?.kind === 'pending') return pending(told, answer);
  return notDone(told, answer);
}
