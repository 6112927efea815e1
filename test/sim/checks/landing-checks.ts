import { queries } from '../../../packages/server/src/store/queries.ts';
import type { EnforcementRow } from '../../../packages/server/src/store/rows.ts';
import { ask } from '../../../packages/server/src/store/sql/sqlite-engine.ts';
import type { Landing, Product } from '../product.ts';
import { note, type World } from '../world.ts';

/** The ledger row of an effect. */
export function ledgerOf({ database }: World, { name }: Product, effect: string): EnforcementRow | undefined {
  const [tenantId = '', action = '', target = ''] = effect.split(' ');
  const wanted = queries.enforcementOf({ provider: name, action, target });
  return (ask(database.engine, tenantId, wanted) as readonly EnforcementRow[])[0];
}

/** I5: whatever takes effect is claimed by a row of the ledger, however late it lands. */
export function checkLanding(world: World, product: Product, { kind, effect, operationId }: Landing): void {
  if (kind === 'release') return;
  const isOurs = product.entries.get(effect)?.owner === 'ours';
  if (isOurs && !ledgerOf(world, product, effect))
    note(world, `I5: an apply of ${effect} landed, and nobody claims it.`);
  if (product.traits.idempotence === 'none' && product.doubled.has(operationId))
    note(world, `An apply of ${effect} took effect twice at a product that knows no repeat.`);
}
