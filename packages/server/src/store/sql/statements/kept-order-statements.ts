import type { QueryName } from '../../queries.ts';
import type { Statements } from '../prepare.ts';
import { pick } from './columns.ts';

type KeptOrderQuery = Extract<
  QueryName,
  'insertKeptOrder' | 'keptOrder' | 'oldestKeptOrder' | 'keptOrderBehind' | 'deleteKeptOrdersOf' | 'deleteKeptOrders'
>;

export const keptOrderStatements: Statements<KeptOrderQuery> = {
  insertKeptOrder: (db, a) =>
    db.insertInto('kept_order').values(pick(a, ['tenant_id', 'id', 'chunk', 'app_id', 'ids', 'until'])),

  keptOrder: (db, a) =>
    db
      .selectFrom('kept_order')
      .select('ids')
      .where('tenant_id', '=', a.tenant_id)
      .where('id', '=', a.id)
      .where('chunk', '>=', a.chunk)
      .where('until', '>', a.now)
      .orderBy('chunk')
      .limit(2),

  keptOrderBehind: (db, a) =>
    db
      .selectFrom('kept_order')
      .select('until')
      .where('tenant_id', '=', a.tenant_id)
      .where('app_id', '=', a.app_id)
      .where((eb) => eb('chunk', '=', eb.lit(0)))
      .orderBy('until', 'desc')
      .limit(1)
      .offset(a.kept),

  oldestKeptOrder: (db, a) =>
    db.selectFrom('kept_order').select('until').where('tenant_id', '=', a.tenant_id).orderBy('until').limit(1),

  deleteKeptOrdersOf: (db, a) =>
    db
      .deleteFrom('kept_order')
      .where('tenant_id', '=', a.tenant_id)
      .where('app_id', '=', a.app_id)
      .where('until', '<=', a.until),

  deleteKeptOrders: (db, a) =>
    db.deleteFrom('kept_order').where('tenant_id', '=', a.tenant_id).where('until', '<=', a.until),
};
