import { isClear } from '../actions/holds.ts';
import { type CallKind, type EnforcementRow, LANES } from '../store/rows.ts';
import type { CallResult } from './call-result.ts';
import { judgeApply } from './judge-apply.ts';
import { judgeFirstLook, judgeVerify } from './judge-look.ts';
import { judgeRelease } from './judge-release.ts';
import { type Case, givenUp, type Judgement } from './judgement.ts';

function judgeByKind(kind: CallKind, of: Case, result: CallResult): Judgement {
  switch (kind) {
    case 'look':
      return judgeFirstLook(of, result.presence);
    case 'apply':
      return judgeApply(of, result);
    case 'verify':
      return judgeVerify(of, result.presence);
    case 'release':
      return judgeRelease(of, result);
  }
}

/** It was clear before the call, and the call was no apply: whatever the look shows is nothing of ours. */
const wasClear = ({ ledger }: Case): boolean => ledger.lease_call !== 'apply' && isClear(ledger);

/** The last hold ended while an apply or a look was under way: what may be there is taken back at once. */
function afterLastHold({ ledger, verdict }: Judgement, of: Case): Judgement {
  if (isClear(ledger) || wasClear(of)) return { ledger: { ...ledger, due_at: null }, verdict: { kind: 'gone' } };
  const wished = ledger.release_wished_at ?? of.now;
  const release = { lane: LANES.release, due_at: of.now, release_wished_at: wished } as const;
  const isStillTold = verdict.kind === 'failed' || verdict.kind === 'refused' ? { kind: 'nothing' as const } : verdict;
  return {
    ledger: { ...givenUp({ ...of, ledger }), ...release, operation: null, operation_id: null, attempt: 0, stalls: 0 },
    verdict: isStillTold,
  };
}

/** Somebody wants the effect again that was being taken back: applied anew, but not before the release is answered. */
function afterNewHold({ ledger, verdict }: Judgement, of: Case): Judgement {
  const idle = givenUp({ ...of, ledger });
  const fresh: EnforcementRow = {
    ...idle,
    operation: null,
    operation_id: null,
    attempt: 0,
    told_until: null,
    answered_pending: 0,
    lane: LANES.apply,
    due_at: Math.max(of.now, idle.unanswered_until ?? of.now),
  };
  return { ledger: fresh, verdict: verdict.kind === 'gone' ? verdict : { kind: 'unsure' } };
}

/** What the connector asked to be kept: by the look behind its write, else by that. */
function noteOf({ answer, presence }: CallResult): string | undefined {
  const notes = [presence, answer].map((said) => (said !== undefined && 'note' in said ? said.note : undefined));
  return notes.find((note) => note !== undefined);
}

/**
 * What a call's outcome makes of the ledger row, and what it means for its actions. Pure: the holds are those of this
 * moment, which may be others than when the call was planned. The lease is over.
 */
export function judgeCall(kind: CallKind, of: Case, result: CallResult): Judgement {
  const free = {
    ...of.ledger,
    ...{ lease_owner: null, leased_at: null, lease_until: null, lease_call: null },
    note: noteOf(result) ?? of.ledger.note,
  } as const;
  const leasedAt = of.ledger.leased_at ?? of.now;
  const judged = judgeByKind(kind, { ...of, ledger: free, leasedAt }, result);
  if (kind === 'look') return judged;
  const isWanted = free.holds > 0;
  if (!isWanted && kind !== 'release') return afterLastHold(judged, of);
  if (isWanted && kind === 'release') return afterNewHold(judged, of);
  return judged;
}
