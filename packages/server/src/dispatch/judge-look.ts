import type { Presence } from '@interdict/connectors';
import { RESULT_CODES } from '@interdict/contract';
import { fromDateTime, toDateTime } from '../lib/date-time.ts';
import { type EnforcementRow, LANES } from '../store/rows.ts';
import {
  againAt,
  answeredPending,
  type Case,
  givenUp,
  inForce,
  isSettled,
  type Judgement,
  nothing,
  stalled,
  withMessage,
} from './judgement.ts';
import { retryDelayMs } from './retry-delay.ts';

/** Accepted this often and never there: the product says what is not so. */
const DISPROVED_LIMIT = 5;

/** What the look before our first intent shows: who put the effect in force, if anybody did. */
export function judgeFirstLook(of: Case, presence: Presence | undefined): Judgement {
  const { ledger, terms, now } = of;
  switch (presence?.kind) {
    case 'present': {
      if (presence.foreign === false) break;
      const theirs = { ...ledger, known: 'inForce', preexisting: 1, level: terms.verification } as const;
      const seen = inForce({ ...of, ledger: theirs }, terms.verification, toDateTime(now));
      return { ledger: seen.ledger, verdict: { kind: 'looked' } };
    }
    case 'absent':
      break;
    case 'pending':
      return nothing(
        withMessage({ ...ledger, lane: LANES.apply, due_at: againAt(of, presence.againMs) }, presence.message),
      );
    case 'unknown':
    case undefined:
      return nothing(
        withMessage(stalled(of, LANES.apply, presence?.retryAfterMs), presence?.message ?? 'No answer came.'),
      );
  }
  return { ledger: { ...ledger, looked: 1, stalls: 0, lane: LANES.apply, due_at: now }, verdict: { kind: 'looked' } };
}

/** What stays in force for so long between two drifts is not fought over. */
const CALM_MS = 900_000;

/** How many drifts came one soon after another, this one included. */
const driftRun = ({ ledger, now }: Case): number =>
  ledger.drift_at !== null && now - fromDateTime(ledger.drift_at) < CALM_MS ? ledger.drift_run + 1 : 1;

/**
 * It was in force, and is gone: that is told, and it is put back under an operation of its own. What a stranger had
 * put there and took away is ours from then on. It is put back at once; whoever takes it away again and again is not
 * fought at full speed.
 */
function drifted(of: Case): Judgement {
  const { now, random } = of;
  const ledger = givenUp(of);
  const isNews = ledger.known === 'inForce';
  const run = isNews ? driftRun(of) : ledger.drift_run;
  return {
    ledger: {
      ...ledger,
      known: 'drifted',
      preexisting: 0,
      told_until: null,
      operation: null,
      operation_id: null,
      attempt: 0,
      drift_count: ledger.drift_count + (isNews ? 1 : 0),
      drift_at: isNews ? toDateTime(now) : ledger.drift_at,
      drift_run: run,
      lane: LANES.apply,
      due_at: run <= 1 ? now : now + retryDelayMs(run - 1, random),
    },
    verdict: { kind: isNews ? 'drifted' : 'nothing' },
  };
}

/** Not there after an attempt. Until nothing can land any more that proves nothing. */
function stillAbsent(of: Case): Judgement {
  const { ledger, terms } = of;
  if (ledger.settles_at !== null && !isSettled(of)) {
    const again = stalled(of, LANES.verify);
    return nothing({ ...again, due_at: Math.min(again.due_at ?? ledger.settles_at, ledger.settles_at) });
  }
  const wasTaken = ledger.told_until !== null;
  const disproved = ledger.disproved + (wasTaken ? 1 : 0);
  const clear = {
    ...ledger,
    known: 'absent',
    answered_pending: 0,
    told_until: null,
    lost_until: null,
    disproved,
    settles_at: null,
    // It is a new try, and its delay grows with the tries alone.
    stalls: Math.max(0, disproved - 1),
  } as const;
  const again = stalled({ ...of, ledger: clear }, LANES.apply);
  if (disproved < DISPROVED_LIMIT) return nothing(again);
  const result = {
    code: RESULT_CODES.notVerified,
    message: `Provider "${terms.provider}" accepted it ${disproved} times and never had it in force.`,
    subcode: 0,
  };
  return { ledger: { ...again, known: 'unknown' }, verdict: { kind: 'failed', result } };
}

/**
 * The look failed. Of what was in force the next one is not later than it would be anyway, however many failed: what a
 * product lost while it was away is found out as soon as ever. Its breaker keeps the calls few.
 */
function unseen(of: Case, retryAfterMs = 0): EnforcementRow {
  const { ledger, terms, now } = of;
  const again = stalled(of, LANES.verify, retryAfterMs);
  if (ledger.known !== 'inForce' || terms.verifyEveryMs === null || again.due_at === null) return again;
  return { ...again, due_at: Math.min(again.due_at, now + Math.max(terms.verifyEveryMs, retryAfterMs)) };
}

/** What a look at an effect that somebody wants shows. */
export function judgeVerify(of: Case, presence: Presence | undefined): Judgement {
  const { ledger, terms, now } = of;
  switch (presence?.kind) {
    case 'present':
      return inForce(of, terms.verification, toDateTime(now));
    case 'absent':
      return ledger.known === 'inForce' || ledger.known === 'drifted' ? drifted(of) : stillAbsent(of);
    case 'pending': {
      const waiting = { ...ledger, ...answeredPending(of, presence), lane: LANES.verify } as const;
      const due = againAt(of, presence.againMs);
      return { ledger: withMessage({ ...waiting, due_at: due }, presence.message), verdict: { kind: 'unsure' } };
    }
    case 'unknown':
    case undefined:
      return nothing(withMessage(unseen(of, presence?.retryAfterMs), presence?.message ?? 'No answer came.'));
  }
}
