import { DatabaseSync } from 'node:sqlite';
import { sql } from 'kysely';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startPostgres, type TestPostgres } from '../../../../../test/postgres.ts';
import { requirement } from '../../../../../test/requirement.ts';
import { indexable } from '../../lib/indexable.ts';
import { postgresDialect, type SqlDialect, sqliteDialect } from './dialect.ts';
import { MIGRATIONS } from './migrations/all-migrations.ts';
import { statementBuilder } from './prepare.ts';

const entityOf = (clientContext: unknown, actionReason: unknown = 'x'): string =>
  JSON.stringify({ actionReason, clientContext, mine: { clientContext: 'another' } });

const ENTITIES: readonly string[] = [
  entityOf('plain "quoted" \\ \n é 𝒜'),
  entityOf(null),
  entityOf(undefined),
  entityOf('', 'C:\\udp.exe'),
  entityOf('C:\\udp.exe', 'C:\\udp.exe'),
  entityOf('mine', 'half \ud835 and \ud835\ud835 and nothing \u0000'),
  entityOf('C:\\u0000', '\u0000'),
  entityOf('has nothing \u0000'),
  entityOf('half \udc9c'),
  entityOf('\\\ud835'),
  entityOf('\\\\ud835 \\\\\\u0000'),
  entityOf('\ud835\udc9c', '\ud835\udc9c'),
  entityOf('\ufdd0'),
];

const wanted = (entity: string): string | null =>
  indexable((JSON.parse(entity) as { clientContext?: unknown }).clientContext);

const statementOf = (dialect: SqlDialect): string =>
  sql`select ${dialect.memberOf('entity', 'clientContext')} as value from one`.compile(statementBuilder(dialect)).sql;

describe('a member of an entity, as an index holds it', () => {
  it.each(ENTITIES)('in SQLite: %s', (entity) => {
    const db = new DatabaseSync(':memory:');
    db.exec('create table one (entity text) strict');
    db.prepare('insert into one values (?)').run(entity);
    expect(db.prepare(statementOf(sqliteDialect)).get()?.value).toBe(wanted(entity));
  });

  for (const version of ['18', '15'] as const) {
    describe.skipIf(!requirement(`postgres${version}`).ok)(`in PostgreSQL ${version}`, () => {
      let server: TestPostgres;
      let client: pg.Client;
      beforeAll(async () => {
        server = await startPostgres(version);
        client = new pg.Client(server.url);
        client.on('error', () => undefined);
        await client.connect();
        await client.query('create temporary table one (entity text)');
      });
      afterAll(async () => {
        await client?.end();
        await server?.stop();
      });

      it.each(ENTITIES)('%s', async (entity) => {
        await client.query('delete from one');
        await client.query('insert into one values ($1)', [entity]);
        const { rows } = await client.query<{ value: string | null }>(statementOf(postgresDialect));
        expect(rows[0]?.value).toBe(wanted(entity));
      });
    });
  }
});

it('fills it in once: no older version may write beside it', () => {
  expect(MIGRATIONS.find(({ name }) => name === '0002-query')).toMatchObject({ breaking: true });
});
