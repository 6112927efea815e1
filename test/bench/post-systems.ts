import { mkdtempSync, rmSync } from 'node:fs';
import net, { type AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import pg from 'pg';
import { ask, startServer, type TestServer } from '../server.ts';
import { BATCH_SIZE } from './batch-line.ts';
import type { BenchPostgres } from './bench-postgres.ts';
import { startChild } from './child.ts';
import { clearAwayLater } from './clear-away.ts';
import type { ReadySystem, ShotSystem } from './shot-system.ts';

export const BARE_POST = 'bare node:http, POST';

/** What a server is asked, and what stands behind it. */
interface Kind {
  readonly name: string;
  readonly provider: string;
  readonly sent: 'request' | 'record' | 'batch';
  readonly config?: string;
}

/** Its only provider takes every call and never answers: once its slots are full, there is nothing to dispatch. */
const silentConfig = (port: number): string => `
providers:
  - name: silent
    connector: webhook
    url: http://127.0.0.1:${port}/
    secret: { env: BENCH_SECRET }
    allowPrivate: true
    timeout: PT10M
`;

/** As without a file, but for calls that outlast the turns in which the server stands still. */
const BLOCKLIST = `
providers:
  - name: blocklist
    connector: blocklist
    timeout: PT10M
`;

/** Takes connections and says nothing. */
export async function openSilence(): Promise<number> {
  const sockets = new Set<net.Socket>();
  const server = net.createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
    socket.resume();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  clearAwayLater(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

export const kindsOf = (silentPort: number) =>
  ({
    idle: { name: 'dispatch idle', provider: 'silent', sent: 'request', config: silentConfig(silentPort) },
    dispatching: { name: 'dispatch at work', provider: 'blocklist', sent: 'request', config: BLOCKLIST },
    batch: {
      name: `dispatch idle, batches of ${BATCH_SIZE}`,
      provider: 'silent',
      sent: 'batch',
      config: silentConfig(silentPort),
    },
    record: { name: 'a record, nothing to dispatch', provider: 'blocklist', sent: 'record' },
  }) as const satisfies Record<string, Kind>;

export const barePost: ShotSystem = {
  name: BARE_POST,
  start: async () => {
    const server = await startChild('bare-server.ts');
    return {
      url: `http://127.0.0.1:${server.greeting as number}`,
      serverPid: server.pid,
      sent: { kind: 'request', provider: 'blocklist', path: '/beta/security/securityActions', token: null },
      status: 201,
      finish: async () => {
        await server.end();
        return [];
      },
    };
  },
};

async function checkAllStored(server: TestServer, answered: number): Promise<void> {
  const { text } = await ask(server, '/beta/security/securityActions/$count');
  if (Number(text) >= answered) return;
  throw new Error(`${answered} actions were answered with 201, and ${text} are stored.`);
}

const COUNT_STARTED = "select count(*) as started from action where status <> 'NotStarted' and provider is not null";

function readyOn(server: TestServer, kind: Kind, remove: () => Promise<number>): ReadySystem {
  const root = kind.sent === 'record' ? '' : '/beta';
  const isBatch = kind.sent === 'batch';
  return {
    url: server.url,
    serverPid: server.pid,
    sent: {
      kind: kind.sent,
      provider: kind.provider,
      path: `${root}/${isBatch ? '$batch' : 'security/securityActions'}`,
      token: server.token(),
    },
    status: isBatch ? 200 : 201,
    finish: async (answered, seconds) => {
      await checkAllStored(server, isBatch ? answered * BATCH_SIZE : answered);
      const started = await remove();
      return kind.sent === 'record' ? [] : [`${(started / seconds).toFixed(0)} actions/s were dispatched meanwhile`];
    },
  };
}

/** A checkout of another commit, with its packages installed. */
export interface Other {
  readonly commit: string;
  /** Its server's entry. */
  readonly main: string;
}

const ofWhich = (other: Other | undefined): string => (other ? `, at ${other.commit}` : '');
const mainOf = (other: Other | undefined): { readonly main?: string } => (other ? { main: other.main } : {});

/** On an embedded store of its own. */
export function sqlitePost(kind: Kind, other?: Other): ShotSystem {
  return {
    name: `POST on SQLite, ${kind.name}${ofWhich(other)}`,
    start: async () => {
      const data = mkdtempSync(path.join(os.tmpdir(), 'data-'));
      const server = await startServer({ ...kind, ...mainOf(other), data, env: { BENCH_SECRET: 'x'.repeat(32) } });
      const end = clearAwayLater(() => server.kill());
      return readyOn(server, kind, async () => {
        await end();
        const db = new DatabaseSync(path.join(data, 'interdict.sqlite'));
        const { started } = db.prepare(COUNT_STARTED).get() as { started: number };
        db.close();
        rmSync(data, { recursive: true, force: true });
        return started;
      });
    },
  };
}

export async function inDatabase<Value>(url: string, use: (client: pg.Client) => Promise<Value>): Promise<Value> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    return await use(client);
  } finally {
    await client.end();
  }
}

let databases = 0;

/** On a database of its own. */
export function postgresPost(kind: Kind, postgres: BenchPostgres, other?: Other): ShotSystem {
  return {
    name: `POST on PostgreSQL, ${kind.name}${ofWhich(other)}`,
    start: async () => {
      databases += 1;
      const database = `bench_${databases}`;
      await inDatabase(postgres.url, (client) => client.query(`create database ${database}`));
      const data = mkdtempSync(path.join(os.tmpdir(), 'data-'));
      const url = postgres.urlOf(database);
      const env = { BENCH_SECRET: 'x'.repeat(32), INTERDICT_DATABASE_URL: url };
      const server = await startServer({ ...kind, ...mainOf(other), data, env });
      const end = clearAwayLater(() => server.kill());
      const ready = readyOn(server, kind, async () => {
        await end();
        const { rows } = await inDatabase(url, (client) =>
          client.query<{ started: string }>(COUNT_STARTED.replace('from action', 'from interdict.action')),
        );
        await inDatabase(postgres.url, (client) => client.query(`drop database ${database} with (force)`));
        rmSync(data, { recursive: true, force: true });
        return Number(rows[0]?.started ?? 0);
      });
      return { ...ready, databasePid: postgres.pid };
    },
  };
}
