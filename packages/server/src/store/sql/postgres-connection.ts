import pg from 'pg';
import { OperatorFault } from '../../errors.ts';
import { listening } from './postgres-silence.ts';

/** Owns no table, is no superuser, bypasses no row-level security: what every connection works as. */
export const APP_ROLE = 'interdict_app';
export const SCHEMA = 'interdict';

const INT8 = 20;

/** PostgreSQL sends `bigint` as text; ours are counters and milliseconds, far below 2^53. */
const types: pg.CustomTypesConfig = {
  getTypeParser: (oid, format) => (oid === INT8 ? Number : pg.types.getTypeParser(oid, format)) as never,
};

/**
 * Time-outs end what a hung process or a lost network would hold for ever: a tenant's lock above all. The database's
 * own keep-alive lets go of a machine that is gone, and so of its locks.
 */
const SESSION = [
  `search_path=${SCHEMA}`,
  'synchronous_commit=on',
  'statement_timeout=30s',
  'lock_timeout=10s',
  'idle_in_transaction_session_timeout=30s',
  'tcp_keepalives_idle=10',
  'tcp_keepalives_interval=5',
  'tcp_keepalives_count=3',
  'client_min_messages=warning',
];

const CONNECT_MS = 5_000;

export const connectionOptions = (url: string): pg.ClientConfig => ({
  connectionString: url,
  types,
  connectionTimeoutMillis: CONNECT_MS,
  keepAlive: true,
  keepAliveInitialDelayMillis: 10_000,
  application_name: 'interdict',
  options: SESSION.map((setting) => `-c ${setting}`).join(' '),
});

const ASSERT = `select current_user as name, r.rolsuper, r.rolbypassrls, current_setting('synchronous_commit') as sync,
  (select count(*)::int from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = '${SCHEMA}' and c.relkind = 'r' and c.relowner = r.oid) as owned
  from pg_roles r where r.rolname = current_user`;

interface Asserted {
  readonly name: string;
  readonly rolsuper: boolean;
  readonly rolbypassrls: boolean;
  readonly sync: string;
  readonly owned: number;
}

/**
 * Makes a new connection work as {@link APP_ROLE}.
 * @throws {Error} where row-level security would not bind it, or a commit would not wait for the disk
 */
export async function becomeApp(client: pg.ClientBase): Promise<void> {
  // A connection that breaks rejects its queries; without a listener it would end the process too.
  client.on('error', () => undefined);
  const { rows } = await listening(client, CONNECT_MS, async () => {
    await client.query(`set role ${APP_ROLE}`);
    return await client.query<Asserted>(ASSERT);
  });
  const [found] = rows;
  if (found?.name !== APP_ROLE || found.rolsuper || found.rolbypassrls || found.owned > 0) {
    throw new OperatorFault(
      `PostgreSQL role ${APP_ROLE} must be no superuser, own no table and bypass no row-level security.`,
    );
  }
  if (found.sync !== 'on')
    throw new OperatorFault(`PostgreSQL runs with synchronous_commit=${found.sync}; Interdict needs on.`);
}

/** Connections that have become the app role; each carries several statements at once. */
export function openPool(url: string, max: number): pg.Pool {
  // The pool waits for the promise, whatever its types say.
  const onConnect = becomeApp as (client: pg.ClientBase) => void;
  const pool = new pg.Pool({ ...connectionOptions(url), pipeline: true, max, onConnect });
  pool.on('error', () => undefined);
  return pool;
}
