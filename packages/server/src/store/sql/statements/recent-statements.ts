import { sql } from 'kysely';
import type { QueryName } from '../../queries.ts';
import type { RecentRequestRow } from '../../rows.ts';
import type { Statements } from '../prepare.ts';
import { pick } from './columns.ts';

type RecentQuery = Extract<
  QueryName,
  'recentRequest' | 'madeByRepeat' | 'saveRecentRequest' | 'oldestRecentRequest' | 'pruneRecentRequests'
>;

const COLUMNS = ['slot', 'hash', 'action_id', 'made_at', 'is_repeat'] as const satisfies (keyof RecentRequestRow)[];

export const recentStatements: Statements<RecentQuery> = {
  recentRequest: (db, a, dialect) =>
    db
      .selectFrom('recent_request')
      .select(COLUMNS)
      .where('tenant_id', '=', a.tenant_id)
      .where('slot', 'in', sql<number>`(select cast(value as bigint) from ${dialect.eachOf(a.slots)})`)
      .where('hash', '=', a.hash)
      .orderBy('slot', 'desc')
      .limit(1),

  madeByRepeat: (db, a, dialect) => ({
    compile: () =>
      sql`select ${sql.join(COLUMNS.map((column) => sql.ref(column)))} from "recent_request" ${dialect.byIndex('recent_request_repeat')}
        where "tenant_id" = ${a.tenant_id} and "hash" = ${a.hash} and "is_repeat" = 1 order by "slot" desc limit 1`.compile(
        db,
      ),
  }),

  saveRecentRequest: (db, a) =>
    db
      .insertInto('recent_request')
      .values(pick(a, ['tenant_id', ...COLUMNS]))
      .onConflict((conflict) =>
        conflict
          .columns(['tenant_id', 'slot', 'hash'])
          .doUpdateSet(pick(a, ['action_id', 'made_at', 'is_repeat']))
          // Of two requests that repeat nothing either may stand there: their repeats get one or the other.
          .where((eb) =>
            eb.or([
              eb('recent_request.action_id', '=', a.was as string),
              eb.and([
                eb('recent_request.is_repeat', '=', eb.lit(0)),
                eb(eb.ref('excluded.is_repeat'), '=', eb.lit(0)),
              ]),
            ]),
          ),
      )
      .returning('hash as id'),

  oldestRecentRequest: (db, a) =>
    db.selectFrom('recent_request').select('slot').where('tenant_id', '=', a.tenant_id).orderBy('slot').limit(1),

  pruneRecentRequests: (db, a) =>
    db
      .deleteFrom('recent_request')
      .where('tenant_id', '=', a.tenant_id)
      .where((eb) =>
        eb(eb.refTuple('slot', 'hash'), 'in', (over) =>
          over
            .selectFrom('recent_request')
            .select(['slot', 'hash'])
            .where('tenant_id', '=', a.tenant_id)
            .where('slot', '<', a.before)
            .orderBy('slot')
            .orderBy('hash')
            .limit(a.limit)
            .$asTuple('slot', 'hash'),
        ),
      )
      .returning('hash'),
};
