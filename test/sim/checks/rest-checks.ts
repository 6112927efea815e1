import { isFinal } from '../../../packages/server/src/actions/lifecycle.ts';
import type { EnforcementRow } from '../../../packages/server/src/store/rows.ts';
import type { Product } from '../product.ts';
import { note, TENANTS, type World } from '../world.ts';
import type { Seen } from './history.ts';

type Ledger = EnforcementRow & { readonly tenant_id: string };

const ledgers = ({ database }: World): readonly Ledger[] =>
  database.prepare('select * from enforcement').all() as unknown as readonly Ledger[];

const SETTLED: readonly string[] = ['none', 'inForce', 'released'];

/** Every action is over or holds what is in force, and nothing is on its way. */
export function isAtRest(world: World): boolean {
  if (world.flying.size > 0 || world.history.open.size > 0) return false;
  if (world.products.some(({ landings, jobs }) => landings.size + jobs.size > 0)) return false;
  for (const { row } of world.history.actions.values()) if (!SETTLED.includes(row.state)) return false;
  return ledgers(world).every(
    ({ known, holds, lease_owner }) => known === 'inForce' && holds > 0 && lease_owner === null,
  );
}

const stateOf = ({ row }: Seen): string => `${row.status}/${row.state} (hold ${row.hold})`;

/** What keeps a world from its rest, for people. */
export function restless(world: World): string {
  const waiting = [...world.history.actions.values()].filter(
    (seen) => !isFinal(seen.entity.status) || !SETTLED.includes(seen.row.state),
  );
  const actions = waiting.map((seen) => `${seen.row.id} is ${stateOf(seen)}`);
  const rows = ledgers(world).map(
    ({ target, known, holds, lane, due_at, lease_owner }) =>
      `${target} is ${known}, ${holds} holds, lane ${lane}, due ${due_at === null ? 'never' : due_at - world.storeNow()}, ${lease_owner}`,
  );
  return [...actions, ...rows].join('; ');
}

function checkProduct(world: World, { name, entries, traits }: Product, rows: readonly Ledger[]): void {
  const mine = rows.filter(({ provider }) => provider === name);
  const wanted = new Set(mine.map(({ tenant_id, action, target }) => `${tenant_id} ${action} ${target}`));
  const missing = [...wanted].filter((effect) => !entries.has(effect));
  // What nobody looks at again may be lost.
  if (missing.length > 0 && traits.verification === 'readBack')
    note(world, `I5: ${missing.join(', ')} is wanted and not in force at ${name}.`);
  const left = [...entries].filter(([effect, { owner }]) => owner === 'ours' && !wanted.has(effect));
  if (left.length > 0)
    note(world, `I5: ${left.map(([effect]) => effect).join(', ')} is in force at ${name} for nobody.`);
}

/** What is in force is what is wanted, and nothing else. */
export function checkRest(world: World): void {
  const rows = ledgers(world);
  for (const product of world.products) checkProduct(world, product, rows);
  for (const seen of world.history.actions.values()) {
    const isHolding = seen.row.hold === 'active';
    if (isHolding !== (seen.row.state === 'inForce')) note(world, `${seen.row.id} rests as ${stateOf(seen)}.`);
  }
  for (const tenantId of TENANTS) checkCount(world, tenantId);
  const lost = world.client.told.filter((id) => !world.history.actions.has(id) && !world.client.removals.has(id));
  if (lost.length > 0) note(world, `I1: ${lost.join(', ')} is lost.`);
}

/** I1: the tenant's counter tells how many there are. */
function checkCount(world: World, tenantId: string): void {
  const stored = world.database.prepare('select count(*) n from action where tenant_id = ?').get(tenantId);
  const counted = world.database.prepare('select action_count n from tenant where tenant_id = ?').get(tenantId);
  if (stored?.n !== (counted?.n ?? 0)) note(world, `I1: ${stored?.n} actions are stored, and ${counted?.n} counted.`);
}
