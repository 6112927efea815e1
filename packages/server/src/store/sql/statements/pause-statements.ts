import type { QueryName } from '../../queries.ts';
import type { Statements } from '../prepare.ts';
import { PAUSE_COLUMNS, pick } from './columns.ts';

type PauseQuery = Extract<
  QueryName,
  'insertPause' | 'endPause' | 'lastingPauses' | 'pausesSince' | 'oldestEndedPause' | 'allPauses' | 'prunePauses'
>;

export const pauseStatements: Statements<PauseQuery> = {
  insertPause: (db, a) => db.insertInto('dispatch_pause').values(pick(a, ['tenant_id', ...PAUSE_COLUMNS])),

  endPause: (db, a) =>
    db
      .updateTable('dispatch_pause')
      .set({ until: a.until })
      .where('tenant_id', '=', a.tenant_id)
      .where('id', '=', a.id)
      .where('until', 'is', null)
      .returning('id'),

  lastingPauses: (db, a) =>
    db
      .selectFrom('dispatch_pause')
      .select(PAUSE_COLUMNS)
      .where('tenant_id', '=', a.tenant_id)
      .where('until', 'is', null)
      .orderBy('provider')
      .orderBy('kind'),

  pausesSince: (db, a) =>
    db
      .selectFrom('dispatch_pause')
      .select(PAUSE_COLUMNS)
      .where('tenant_id', '=', a.tenant_id)
      .where((eb) => eb.or([eb('provider', '=', ''), eb('provider', '=', a.provider)]))
      .where((eb) => eb.or([eb('until', 'is', null), eb('until', '>', a.since)]))
      .orderBy('since'),

  oldestEndedPause: (db, a) =>
    db
      .selectFrom('dispatch_pause')
      .select('until')
      .where('tenant_id', '=', a.tenant_id)
      .where('until', 'is not', null)
      .orderBy('until')
      .limit(1),

  allPauses: (db, a) => db.selectFrom('dispatch_pause').select(['since', 'until']).where('tenant_id', '=', a.tenant_id),

  prunePauses: (db, a) =>
    db
      .deleteFrom('dispatch_pause')
      .where('tenant_id', '=', a.tenant_id)
      .where('id', 'in', (over) =>
        over
          .selectFrom('dispatch_pause')
          .select('id')
          .where('tenant_id', '=', a.tenant_id)
          .where('until', '<=', a.until)
          .orderBy('until')
          .limit(a.limit),
      )
      .returning('id'),
};
