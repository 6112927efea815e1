import { RESULT_CODES, type ResultInfo } from '@interdict/contract';
import { giveUpRelease } from '../actions/holds.ts';
import { queries } from '../store/queries.ts';
import { type EnforcementRow, LANES } from '../store/rows.ts';
import { all, must, type UnitContext, type Work } from '../store/work.ts';
import type { Judgement } from './judgement.ts';
import type { Leasing } from './lease-call.ts';
import { carryOut } from './settle-call.ts';
import { failUnsent } from './tell-actions.ts';

/** So many processes in a row died while a call of the effect was under way: the call is what kills them. */
export const POISONED_AT = 5;

const WHY = `The server died ${POISONED_AT} times in a row while a call of this was under way.`;

const poisoned = ({ provider }: EnforcementRow): ResultInfo => ({
  code: RESULT_CODES.poisoned,
  message: `${WHY} Provider "${provider}" is not asked for it any more.`,
  subcode: 0,
});

/** Nothing was ever intended for those that wait for the first look. */
function* failWaiting(u: UnitContext, ledger: EnforcementRow): Work<void> {
  for (const row of yield* all(queries.actionsOn({ enforcement_id: ledger.id }))) {
    yield* failUnsent(u, row, poisoned(ledger));
  }
  yield* must(queries.deleteEnforcement({ id: ledger.id, version: ledger.version }));
}

/** Whoever cancels again has it tried again; by itself it is not. */
function* restRelease(u: UnitContext, ledger: EnforcementRow): Work<void> {
  const said = { last_message: `${WHY} Its release is tried again only by a cancel.`, last_subcode: 0 };
  yield* must(queries.saveEnforcement({ ...ledger, ...said, abandoned: 0, due_at: null }));
  yield* giveUpRelease(u, ledger.id);
}

function* alarm(u: UnitContext, { id }: EnforcementRow): Work<void> {
  for (const row of yield* all(queries.actionsOn({ enforcement_id: id }))) {
    u.alarms.push({ actionId: row.id, provider: row.provider ?? '', target: row.target ?? '', kind: 'poisoned' });
  }
}

/**
 * An effect whose calls kill the process is not asked for any more, so that its neighbours go on. What may have landed is
 * released first: under a count of its own, so that a release that kills too comes to rest.
 *
 * @param before the row with the lease of the process that died
 * @param judged what is made of it as of a call of which nothing was heard
 */
export function* stopPoisoned(
  u: UnitContext,
  before: EnforcementRow,
  { ledger, verdict }: Judgement,
  leasing: Leasing,
): Work<void> {
  yield* alarm(u, before);
  if (before.lease_call === 'look') return yield* failWaiting(u, before);
  if (before.lease_call === 'release' && ledger.holds === 0) return yield* restRelease(u, ledger);
  const leasedAt = before.leased_at ?? u.now;
  if (ledger.holds === 0 || before.lease_call === 'release') {
    yield* carryOut(u, { ledger: { ...ledger, abandoned: 0 }, verdict }, leasedAt, leasing);
    return;
  }
  const said = { last_message: WHY, last_subcode: 0 };
  const resting = { ...ledger, ...said, abandoned: 0, lane: LANES.verify, due_at: null } as const;
  const failed = { kind: 'failed', result: poisoned(before) } as const;
  yield* carryOut(u, { ledger: resting, verdict: failed }, leasedAt, leasing);
}
