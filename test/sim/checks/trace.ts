import type { EnforcementRow, JournalRow } from '../../../packages/server/src/store/rows.ts';
import { short, type World } from '../world.ts';

type Ledger = EnforcementRow & { readonly tenant_id: string };

const timeOf = (world: World, at: number | null): string =>
  at === null ? '-' : `${((at - world.storeNow() + world.time.now - world.begunAt) / 1_000).toFixed(3)}`;

function ledgerText(world: World, row: Ledger): string {
  const { tenant_id, action, target, provider, known, holds, lane, operation, attempt, lease_call, lease_owner } = row;
  const at = (time: number | null): string => timeOf(world, time);
  const lease = lease_call === null ? '' : `, ${lease_call} leased by ${lease_owner} until ${at(row.lease_until)}`;
  const what = `${known}, ${holds} holds until ${at(row.wanted_until)}, ${operation ?? 'idle'} ${attempt}${lease}`;
  const when = `lane ${lane}, due ${at(row.due_at)}, settles ${at(row.settles_at)}, unanswered ${at(row.unanswered_until)}`;
  const wish = row.release_wished_at === null ? '' : `, release wished ${at(row.release_wished_at)}`;
  return `${short(`${tenant_id} ${action} ${target}`)} at ${provider}: ${what}, ${when}${wish}, pending ${row.answered_pending}`;
}

/** What one commit changed, for whoever replays a run. */
export function traceCommit(
  world: World,
  touched: readonly { readonly id: string }[],
  entries: readonly JournalRow[],
): void {
  const tell = world.onTrace ?? (() => undefined);
  const now = timeOf(world, world.storeNow());
  for (const { type, action_id } of entries) tell(`    ${now} journal: ${type} ${action_id?.slice(-3) ?? ''}`);
  for (const { id } of touched) {
    const row = world.history.actions.get(id)?.row;
    const what =
      row &&
      `${row.target?.at(-1)} ${row.status}/${row.state}, hold ${row.hold} until ${timeOf(world, row.hold_until)}`;
    tell(`    ${now} action ${id.slice(-3)}: ${what ?? 'gone'}`);
  }
  const rows = world.database.prepare('select * from enforcement').all() as unknown as readonly Ledger[];
  for (const row of rows) {
    if (world.traced.get(row.id) === row.version) continue;
    world.traced.set(row.id, row.version);
    tell(`    ${now} ledger ${ledgerText(world, row)}`);
  }
  for (const id of world.traced.keys()) {
    if (rows.some((row) => row.id === id)) continue;
    world.traced.delete(id);
    tell(`    ${now} ledger row ${id.slice(-3)} is gone`);
  }
}
