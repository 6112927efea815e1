import type { QueryName } from '../../queries.ts';
import type { Statements } from '../prepare.ts';
import { PAST_EFFECT_COLUMNS, pick, STRAY_COLUMNS } from './columns.ts';

type StrayQuery = Extract<
  QueryName,
  | 'savePastEffect'
  | 'deletePastEffect'
  | 'pastEffectOf'
  | 'pastEffectAt'
  | 'pastEffectsUntil'
  | 'insertStray'
  | 'deleteStray'
  | 'strayOf'
  | 'straysAt'
  | 'straysAfter'
>;

export const strayStatements: Statements<StrayQuery> = {
  savePastEffect: (db, a) =>
    db
      .insertInto('past_effect')
      .values(pick(a, ['tenant_id', ...PAST_EFFECT_COLUMNS]))
      .onConflict((conflict) =>
        conflict
          .columns(['tenant_id', 'provider', 'action', 'target'])
          .doUpdateSet(pick(a, ['enforcement_id', 'released_at'])),
      ),

  deletePastEffect: (db, a) =>
    db
      .deleteFrom('past_effect')
      .where('tenant_id', '=', a.tenant_id)
      .where('provider', '=', a.provider)
      .where('action', '=', a.action)
      .where('target', '=', a.target),

  pastEffectOf: (db, a) =>
    db
      .selectFrom('past_effect')
      .select(PAST_EFFECT_COLUMNS)
      .where('tenant_id', '=', a.tenant_id)
      .where('provider', '=', a.provider)
      .where('action', '=', a.action)
      .where('target', '=', a.target),

  pastEffectAt: (db, a) =>
    db
      .selectFrom('past_effect')
      .select('released_at')
      .where('tenant_id', '=', a.tenant_id)
      .where('provider', '=', a.provider)
      .limit(1),

  pastEffectsUntil: (db, a) =>
    db
      .selectFrom('past_effect')
      .select(['provider', 'action', 'target'])
      .where('tenant_id', '=', a.tenant_id)
      .where('released_at', '<', a.until)
      .orderBy('released_at')
      .limit(a.limit),

  insertStray: (db, a) => db.insertInto('stray').values(pick(a, ['tenant_id', ...STRAY_COLUMNS])),

  deleteStray: (db, a) => db.deleteFrom('stray').where('tenant_id', '=', a.tenant_id).where('id', '=', a.id),

  strayOf: (db, a) =>
    db
      .selectFrom('stray')
      .select(STRAY_COLUMNS)
      .where('tenant_id', '=', a.tenant_id)
      .where('provider', '=', a.provider)
      .where('action', '=', a.action)
      .where('target', '=', a.target),

  straysAt: (db, a) =>
    db
      .selectFrom('stray')
      .select(STRAY_COLUMNS)
      .where('tenant_id', '=', a.tenant_id)
      .where('provider', '=', a.provider)
      .where((eb) => eb(eb.refTuple('action', 'target'), '>', eb.tuple(eb.val(a.action), eb.val(a.target))))
      .orderBy('action')
      .orderBy('target')
      .limit(a.limit),

  straysAfter: (db, a) =>
    db
      .selectFrom('stray')
      .select(STRAY_COLUMNS)
      .where('tenant_id', '=', a.tenant_id)
      .where('id', '>', a.id)
      .orderBy('id')
      .limit(a.limit),
};
