import { sql } from 'kysely';
import type { QueryName, RequestedAction } from '../../queries.ts';
import type { Statements } from '../prepare.ts';

type RequestQuery = Extract<QueryName, 'madeByRepeat' | 'requestedOn' | 'requestedSince'>;

const COLUMNS = ['id', 'status', 'state', 'ending'] as const satisfies (keyof RequestedAction)[];

export const requestStatements: Statements<RequestQuery> = {
  madeByRepeat: (db, a) =>
    db
      .selectFrom('action')
      .select((eb) => ['id', eb.ref('key_fingerprint').$notNull().as('made_at'), sql<0 | 1>`0`.as('is_deleted')])
      .where('tenant_id', '=', a.tenant_id)
      .where('key_hash', '=', a.key_hash)
      .unionAll(
        db
          .selectFrom('used_key')
          .select(['action_id as id', 'fingerprint as made_at', sql<0 | 1>`1`.as('is_deleted')])
          .where('tenant_id', '=', a.tenant_id)
          .where('key_hash', '=', a.key_hash),
      ),

  requestedOn: (db, a) =>
    db
      .selectFrom((newest) =>
        newest
          .selectFrom('action')
          .select([...COLUMNS, 'created_at', 'request_hash'])
          .where('tenant_id', '=', a.tenant_id)
          .where('target', '=', a.target)
          .where('created_at', '>=', a.since)
          .orderBy('created_at', 'desc')
          .orderBy('id', 'desc')
          .limit(a.limit)
          .as('newest'),
      )
      .select(COLUMNS)
      .where('request_hash', '=', a.hash)
      .orderBy('created_at', 'desc')
      .orderBy('id', 'desc')
      .limit(1),

  requestedSince: (db, a) =>
    db
      .selectFrom((newest) =>
        newest
          .selectFrom('action')
          .select([...COLUMNS, 'request_hash'])
          .where('tenant_id', '=', a.tenant_id)
          .where('id', '>=', a.id)
          .orderBy('id', 'desc')
          .limit(a.limit)
          .as('newest'),
      )
      .select(COLUMNS)
      .where('request_hash', '=', a.hash)
      .orderBy('id', 'desc')
      .limit(1),
};
