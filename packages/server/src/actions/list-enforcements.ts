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
  ...(row.holds > holds.length && { 'holds@odata.count': row.holds }),
  holds: holds.map(({ id, hold_until }) => ({ securityActionId: id, expirationDateTime: toDateTime(hold_until) })),
});

/** A row tells so many of the actions that hold it; of any more it tells how many there are. */
const HOLDS_TOLD = 100;

async function readHolds(
  { store }: ActionsDeps,
  tenantId: string,
  rows: readonly EnforcementRow[],
): Promise<readonly HoldRow[]> {
  const [from, to] = [rows[0]?.id, rows.at(-1)?.id];
  if (from === undefined || to === undefined) return [];
  const wanted = [
    queries.holdsBetween({ from, to, most: HOLDS_TOLD }),
    ...rows
      .filter(({ holds }) => holds > HOLDS_TOLD)
      .map(({ id }) => queries.holdsAfter({ enforcement_id: id, id: '', limit: HOLDS_TOLD })),
  ];
  return (await Promise.all(wanted.map((each) => store.read(tenantId, each)))).flat();
}

export interface EnforcementPage {
  readonly enforcements: readonly EnforcementInForce[];
  /** Id behind which the next page begins; absent on the last one. */
  readonly next: string | undefined;
}

/** What is in force, or on its way to be or not to be, and which actions want it. */
export async function listEnforcements(
  deps: ActionsDeps,
  tenantId: string,
  { limit, after }: { readonly limit: number; readonly after: string | undefined },
): Promise<EnforcementPage> {
  const beyond = limit + 1;
  const wanted =
    after === undefined
      ? queries.firstEnforcements({ limit: beyond })
      : queries.enforcementsAfter({ id: after, limit: beyond });
  const rows = await deps.store.read(tenantId, wanted);
  const page = rows.slice(0, limit);
  const holds = await readHolds(deps, tenantId, page);
  const byRow = Map.groupBy(holds, ({ enforcement_id }) => enforcement_id);
  return {
    enforcements: page.map((row) => toEnforcement(row, (byRow.get(row.id) ?? []).slice(0, HOLDS_TOLD))),
    next: rows.length > limit ? page.at(-1)?.id : undefined,
  };
}
