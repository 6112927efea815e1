import { type Compilable, type Kysely, sql } from 'kysely';
import type { SqlDialect } from '../dialect.ts';
import type { Database } from '../schema.ts';
import { compiled, createTable, type Migration } from './migration.ts';

const counters = (db: Kysely<Database>, dialect: SqlDialect): readonly Compilable[] => [
  ...['was_sent', 'drift_run'].map((column) =>
    db.schema
      .alterTable('enforcement')
      .addColumn(column, dialect.integer as never, (made) => made.notNull().defaultTo(sql.lit(0))),
  ),
  ...compiled(
    db,
    dialect.unguarded('enforcement', [
      sql`update enforcement set was_sent = 1 where preexisting = 0 and (known <> 'absent' or operation is not null)`,
    ]),
  ),
];

const effects = (db: Kysely<Database>, dialect: SqlDialect): readonly Compilable[] => [
  createTable(
    db,
    dialect,
    'past_effect',
    ['tenant_id', 'provider', 'action', 'target'],
    'enforcement_id released_at#',
  ).modifyEnd(dialect.clustered),
  db.schema.createIndex('past_effect_released').on('past_effect').columns(['tenant_id', 'released_at']),
  createTable(db, dialect, 'stray', ['tenant_id', 'id'], 'provider action target was_ours# seen_at#').modifyEnd(
    dialect.clustered,
  ),
  db.schema.createIndex('stray_effect').on('stray').unique().columns(['tenant_id', 'provider', 'action', 'target']),
];

const GUARDED = ['past_effect', 'stray'] as const;

export const strays: Migration = {
  name: '0005-strays',
  // What an older process releases meanwhile is not remembered: should it turn up again, it is shown, and not touched.
  breaking: false,
  statements: (db, dialect) => [
    ...counters(db, dialect),
    ...effects(db, dialect),
    ...GUARDED.flatMap((table) => compiled(db, dialect.guardByTenant(table))),
  ],
};
