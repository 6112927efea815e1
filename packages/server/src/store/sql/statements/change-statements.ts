import type { QueryName } from '../../queries.ts';
import type { Statements } from '../prepare.ts';
import { entities } from './entity-statements.ts';

/** What delta and the stream read. */
export const changeStatements: Statements<Extract<QueryName, 'changesAfter' | 'changedEntities'>> = {
  changesAfter: (db, a) =>
    db
      .selectFrom('journal')
      .select(['sequence', 'written_at', 'action_id', 'event'])
      .where('tenant_id', '=', a.tenant_id)
      .where('sequence', '>', a.sequence)
      .orderBy('sequence')
      .limit(a.limit),

  changedEntities: (db, a) =>
    entities(db, a.tenant_id).where('action.id', 'in', (eb) =>
      eb
        .selectFrom('journal')
        .select((of) => of.ref('journal.action_id').$notNull().as('id'))
        .where('journal.tenant_id', '=', a.tenant_id)
        .where('journal.sequence', '>', a.after)
        .where('journal.sequence', '<=', a.until)
        .where('journal.event', 'is not', null)
        .where('journal.action_id', 'is not', null),
    ),
};
