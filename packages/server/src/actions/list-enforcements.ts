import type { EnforcementInForce, EnforcementState } from '@interdict/contract';
import { toDateTime } from '../lib/date-time.ts';
import { type HoldRow, queries } from '../store/queries.ts';
import type { EnforcementRow, StrayRow } from '../store/rows.ts';
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

/** Somebody put it there under our mark, and nobody here wants it: another installation, or this one before a restore. */
const strayToEnforcement = ({ id, provider, action, target, seen_at }: StrayRow): EnforcementInForce => ({
  id,
  provider,
  action,
  target,
  state: 'unknown',
  verification: 'readBack',
  verifiedDateTime: toDateTime(seen_at),
  expirationDateTime: null,
  preexisting: false,
  drift: { count: 0, lastDateTime: null },
  holds: [],
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

/** What is in force, or on its way to be or not to be, and which actions want it; and what no action wants. */
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
  const [rows, strays] = await Promise.all([
    deps.store.read(tenantId, wanted),
    deps.store.read(tenantId, queries.straysAfter({ id: after ?? '', limit: beyond })),
  ]);
  const found = [...rows.map((row) => ({ id: row.id, row })), ...strays.map((stray) => ({ id: stray.id, stray }))];
  const page = found.sort((a, b) => (a.id < b.id ? -1 : 1)).slice(0, limit);
  const ofLedger = page.flatMap((each) => ('row' in each ? [each.row] : []));
  const byRow = Map.groupBy(await readHolds(deps, tenantId, ofLedger), ({ enforcement_id }) => enforcement_id);
  return {
    enforcements: page.map((each) =>
      'row' in each
        ? toEnforcement(each.row, (byRow.get(each.id) ?? []).slice(0, HOLDS_TOLD))
        : strayToEnforcement(each.stray),
    ),
    next: found.length > limit ? page.at(-1)?.id : undefined,
  };
}
