import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { OperatorFault } from '../../errors.ts';
import { failpoint } from '../../lib/failpoint.ts';
import { postgresDialect } from './dialect.ts';
import { checkNotNewer, factsOfMigration, MIGRATIONS, migrationFact } from './migrations/all-migrations.ts';
import { APP_ROLE, connectionOptions, SCHEMA } from './postgres-connection.ts';
import { statementBuilder } from './prepare.ts';

/** Any constant of our own: whoever holds it migrates, others wait. */
const MIGRATION_LOCK = 4_873_104;
const OLDEST_VERSION = 150_000;

const APPEND_ONLY = ['journal'];
const CHANGEABLE = [
  'action',
  'enforcement',
  'used_key',
  'feed_fetch',
  'tenant',
  'kept_order',
  'action_words',
  'word_index',
  'subscription',
  'delivery',
  'past_effect',
  'stray',
  'dispatch_pause',
];

interface Connected {
  readonly version: number;
  readonly name: string;
  readonly role_exists: boolean;
  readonly may_become: boolean;
  readonly schema_exists: boolean;
  readonly fsync: string;
  readonly search_path: string;
}

const WHO_AM_I = `select current_setting('server_version_num')::int as version, current_user as name,
  exists (select from pg_roles where rolname = '${APP_ROLE}') as role_exists,
  coalesce((select pg_has_role(current_user, oid, 'member') from pg_roles where rolname = '${APP_ROLE}'), false) as may_become,
  exists (select from pg_namespace where nspname = '${SCHEMA}') as schema_exists,
  current_setting('fsync') as fsync, current_setting('search_path') as search_path`;

/** What an administrator runs once where the server's own user may not. */
const administratorsStatements = (user: string): string =>
  [
    `create role ${APP_ROLE} nologin nosuperuser nobypassrls;`,
    `grant ${APP_ROLE} to ${pg.escapeIdentifier(user)};`,
    `create schema if not exists ${SCHEMA} authorization ${pg.escapeIdentifier(user)};`,
  ].join('\n  ');

async function ensureRole(client: pg.Client, me: Connected): Promise<void> {
  try {
    if (!me.role_exists) await client.query(`create role ${APP_ROLE} nologin nosuperuser nobypassrls`);
    if (!me.may_become) await client.query(`grant ${APP_ROLE} to ${pg.escapeIdentifier(me.name)}`);
    if (!me.schema_exists) await client.query(`create schema ${SCHEMA}`);
  } catch (cause) {
    throw new OperatorFault(
      `PostgreSQL user "${me.name}" may not prepare the database. An administrator runs once:\n  ` +
        `${administratorsStatements(me.name)}\nThen start again.`,
      { cause },
    );
  }
}

async function runMigrations(client: pg.Client): Promise<void> {
  const builder = statementBuilder(postgresDialect);
  await client.query('create table if not exists fact (name text collate "C" primary key, value text not null)');
  const { rows } = await client.query<{ name: string }>('select name from fact');
  checkNotNewer(rows.map(({ name }) => name));
  for (const migration of MIGRATIONS) {
    const { rowCount } = await client.query('select from fact where name = $1', [migrationFact(migration.name)]);
    if (rowCount) continue;
    failpoint('postgres.beforeMigration');
    await client.query('begin');
    for (const statement of migration.statements(builder, postgresDialect)) {
      await client.query(statement.compile().sql);
      failpoint('postgres.inMigration');
    }
    for (const fact of factsOfMigration(migration)) {
      await client.query('insert into fact (name, value) values ($1, now()::text)', [fact]);
    }
    await client.query('commit');
    failpoint('postgres.afterMigration');
  }
}

async function grantToApp(client: pg.Client): Promise<void> {
  await client.query(`grant usage on schema ${SCHEMA} to ${APP_ROLE}`);
  await client.query(`grant select on fact to ${APP_ROLE}`);
  await client.query(`grant select, insert on ${APPEND_ONLY.join(', ')} to ${APP_ROLE}`);
  await client.query(`grant select, insert, update, delete on ${CHANGEABLE.join(', ')} to ${APP_ROLE}`);
  await client.query(`grant execute on function find_words to ${APP_ROLE}`);
}

async function readConnected(client: pg.Client): Promise<Connected> {
  const { rows } = await client.query<Connected>(WHO_AM_I);
  const [me] = rows;
  if (!me) throw new Error('PostgreSQL does not say who is connected.');
  if (me.version < OLDEST_VERSION) throw new OperatorFault('Interdict needs PostgreSQL 15 or later.');
  if (me.search_path !== SCHEMA) {
    throw new OperatorFault(
      `Connections to PostgreSQL begin with search_path ${me.search_path}, not ${SCHEMA}: something between drops the start-up parameter "options". Connect directly, or through a pooler that hands it on.`,
    );
  }
  return me;
}

const PATIENCE_MS = 30_000;
const RETRY_MS = 500;
/** Not there yet, starting, recovering: what passes by itself. */
const PASSING = ['ECONNREFUSED', 'ECONNRESET', '57P03'];

/** What PostgreSQL or the network says has no secret in it; the error's other properties might. */
const notReached = (error: unknown): OperatorFault =>
  new OperatorFault(
    `PostgreSQL cannot be used: ${error instanceof Error ? error.message || error.name : 'no answer'}.`,
  );

/** The database may be started together with the server. */
async function connectPatiently(url: string, onWait: (words: string) => void): Promise<pg.Client> {
  for (let waitedMs = 0; ; waitedMs += RETRY_MS) {
    const client = new pg.Client(connectionOptions(url));
    client.on('error', () => undefined);
    try {
      await client.connect();
      return client;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (waitedMs >= PATIENCE_MS || !PASSING.includes(code ?? '')) throw notReached(error);
      if (waitedMs === 0)
        onWait(`PostgreSQL is not ready (${code}). Waiting for the database, for ${PATIENCE_MS / 1_000} s.`);
      await delay(RETRY_MS);
    }
  }
}

/** A migration of many rows takes its time, and whoever waits for it waits as long. */
async function lockForMigration(client: pg.Client, onWait: (words: string) => void): Promise<void> {
  await client.query('set statement_timeout = 0; set lock_timeout = 0');
  const { rows } = await client.query<{ taken: boolean }>('select pg_try_advisory_lock($1) as taken', [MIGRATION_LOCK]);
  if (!rows[0]?.taken) {
    onWait('Another process is preparing the database. Waiting for it.');
    await client.query('select pg_advisory_lock($1)', [MIGRATION_LOCK]);
  }
  await client.query("set lock_timeout = '60s'");
}

export interface PreparedDatabase {
  /** Each fact as it stands: a new one is what was asked for. */
  readonly facts: Readonly<Record<string, string>>;
  /** What an operator should know, one sentence each. */
  readonly warnings: readonly string[];
}

/**
 * Brings the database to this version, as the user of the URL, one process at a time; makes the role that every
 * connection works as; writes new facts down.
 *
 * @throws {Error} with the statements that an administrator must run, where the user may not do it
 */
export async function preparePostgres(
  url: string,
  facts: Readonly<Record<string, string>>,
  onWait: (words: string) => void = () => undefined,
): Promise<PreparedDatabase> {
  const client = await connectPatiently(url, onWait);
  try {
    const { fsync } = await readConnected(client);
    await lockForMigration(client, onWait);
    await ensureRole(client, await readConnected(client));
    await runMigrations(client);
    await grantToApp(client);
    const warnings = fsync === 'on' ? [] : ['PostgreSQL runs with fsync=off: a power cut loses what was accepted.'];
    return { facts: await settleFacts(client, facts), warnings };
  } finally {
    await client.end();
  }
}

async function settleFacts(
  client: pg.Client,
  facts: Readonly<Record<string, string>>,
): Promise<Readonly<Record<string, string>>> {
  const settled: Record<string, string> = {};
  for (const [name, value] of Object.entries(facts)) {
    await client.query('insert into fact (name, value) values ($1, $2) on conflict (name) do nothing', [name, value]);
    const { rows } = await client.query<{ value: string }>('select value from fact where name = $1', [name]);
    settled[name] = rows[0]?.value ?? value;
  }
  return settled;
}
