import type { EnforcementInForce, EnforcementState } from '@interdict/contract';
import { toDateTime } from '../lib/date-time.ts';
import { type HoldRow, queries } from '../store/queries.ts';
import type { EnforcementRow } from '../store/rows.ts';
import type { ActionsDeps } from './actions-deps.ts';

const WANTED: Readonly<Record<EnforcementRow['known'], EnforcementState>> = {
  absent: 'pending',
  unknown: 'unknown',
  inForce: 'inForce',
  drifted: 'drifted',
};

function stateOf(row: EnforcementRow): EnforcementState {
  if (row.holds === 0) return row.release_failed === 1 ? 'releaseFailed' : 'releasing';
  return row.answered_pending > 0 && row.known === 'unknown' ? 'pending' : WANTED[row.known];
}

const toEnforcement = (row: EnforcementRow, holds: readonly HoldRow[]): EnforcementInForce => ({
  id: row.id,
  provider: row.provider,
  action: row.action,
  target: row.target,
  state: stateOf(row),
  verification: row.level,
  verifiedDateTime: row.verified_at,
  expirationDateTime: row.wanted_until === null ? null : toDateTime(row.wanted_until),
  preexisting: row.preexisting === 1,
  drift: { count: row.drift_count, lastDateTime: row.drift_at },
  holds: holds.map(({ id, hold_until }) => ({ securityActionId: id, expirationDateTime: toDateTime(hold_until) })),
});

export interface EnforcementPage {
  readonly enforcements: readonly EnforcementInForce[];
  /** Id behind which the next page begins; absent on the last one. */
  readonly next: string | undefined;
}

/** What is in force, or on its way to be or not to be, and which actions want it. */
export async function listEnforcements(
  { store }: ActionsDeps,
  tenantId: string,
  { limit, after }: { readonly limit: number; readonly after: string | undefined },
): Promise<EnforcementPage> {
  const beyond = limit + 1;
  const wanted =
    after === undefined
      ? queries.firstEnforcements({ limit: beyond })
      : queries.enforcementsAfter({ id: after, limit: beyond });
  const rows = await store.read(tenantId, wanted);
  const page = rows.slice(0, limit);
  const [from, to] = [page[0]?.id, page.at(-1)?.id];
  const holds =
    from === undefined || to === undefined ? [] : await store.read(tenantId, queries.holdsBetween({ from, to }));
  const byRow = Map.groupBy(holds, ({ enforcement_id }) => enforcement_id);
  return {
    enforcements: page.map((row) => toEnforcement(row, byRow.get(row.id) ?? [])),
    next: rows.length > limit ? to : undefined,
  };
}
