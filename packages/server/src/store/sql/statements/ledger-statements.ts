import type { Expression, ExpressionBuilder, SqlBool } from 'kysely';
import type { QueryName } from '../../queries.ts';
import type { Statements } from '../prepare.ts';
import type { Database } from '../schema.ts';
import { ENFORCEMENT_COLUMNS } from './columns.ts';

type LedgerQuery = Extract<
  QueryName,
  'firstEnforcements' | 'enforcementsAfter' | 'effectsAfter' | 'holdsBetween' | 'holdsAfter' | 'journalAfter'
>;

/** An effect that somebody wants, or that is not yet known to be gone. Before the first intent there is nothing to tell. */
const isTold = (eb: ExpressionBuilder<Database, 'enforcement'>): Expression<SqlBool> =>
  eb.or([eb('holds', '>', 0), eb('release_wished_at', 'is not', null)]);

/** What `/security/enforcements` and the feeds read: never under a lease. */
export const ledgerStatements: Statements<LedgerQuery> = {
  firstEnforcements: (db, a) =>
    db
      .selectFrom('enforcement')
      .select(ENFORCEMENT_COLUMNS)
      .where('tenant_id', '=', a.tenant_id)
      .where(isTold)
      .orderBy('id')
      .limit(a.limit),

  enforcementsAfter: (db, a) =>
    db
      .selectFrom('enforcement')
      .select(ENFORCEMENT_COLUMNS)
      .where('tenant_id', '=', a.tenant_id)
      .where('id', '>', a.id)
      .where(isTold)
      .orderBy('id')
      .limit(a.limit),

  effectsAfter: (db, a) =>
    db
      .selectFrom('enforcement')
      .select(['id', 'action', 'target', 'known', 'holds'])
      .where('tenant_id', '=', a.tenant_id)
      .where('provider', '=', a.provider)
      .where((eb) => eb(eb.refTuple('action', 'target'), '>', eb.tuple(eb.val(a.action), eb.val(a.target))))
      .orderBy('action')
      .orderBy('target')
      .limit(a.limit),

  holdsBetween: (db, a) =>
    db
      .selectFrom('enforcement')
      .innerJoin('action', (join) =>
        join
          .onRef('action.tenant_id', '=', 'enforcement.tenant_id')
          .onRef('action.enforcement_id', '=', 'enforcement.id'),
      )
      .select(['action.id', 'action.enforcement_id', 'action.hold_until'])
      .where('enforcement.tenant_id', '=', a.tenant_id)
      .where('enforcement.id', '>=', a.from)
      .where('enforcement.id', '<=', a.to)
      .where('enforcement.holds', '<=', a.most)
      .where('action.hold', '=', 'active')
      .orderBy('enforcement.id')
      .orderBy('action.id'),

  holdsAfter: (db, a) =>
    db
      .selectFrom('action')
      .select(['id', 'enforcement_id', 'hold_until'])
      .where('tenant_id', '=', a.tenant_id)
      .where((eb) => eb(eb.refTuple('enforcement_id', 'id'), '>', eb.tuple(eb.val(a.enforcement_id), eb.val(a.id))))
      .where('hold', '=', 'active')
      .orderBy('enforcement_id')
      .orderBy('id')
      .limit(a.limit),

  journalAfter: (db, a) =>
    db
      .selectFrom('journal')
      .select(['sequence', 'written_at', 'action_id', 'event', 'type', 'content'])
      .where('tenant_id', '=', a.tenant_id)
      .where('sequence', '>', a.sequence)
      .orderBy('sequence')
      .limit(a.limit),
};
