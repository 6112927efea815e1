import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openStream } from '../event-stream.ts';
import { startPostgres, type TestPostgres } from '../postgres.ts';
import { requirement } from '../requirement.ts';
import { ask, type Json, startServer, type TestServer, until } from '../server.ts';
import { tokenFor } from '../tenant-token.ts';
import { WebhookReceiver, webhookProvider } from '../webhook-receiver.ts';

const ACTIONS = '/beta/security/securityActions';
const PROGRAM = path.join(import.meta.dirname, '../../packages/cli/bin/interdict.cjs');
/** Twenty by hand: `INTERDICT_RESTORE_TRIALS=20`. */
const TRIALS = Number(process.env.INTERDICT_RESTORE_TRIALS ?? 2);
const TENANTS = [randomUUID(), randomUUID()] as const;

const cli = (env: Readonly<Record<string, string>>, ...args: readonly string[]): Promise<string> =>
  new Promise((resolve, reject) => {
    execFile(process.execPath, [PROGRAM, ...args], { env: { ...process.env, ...env } }, (error, _, stderr) =>
      error ? reject(new Error(stderr)) : resolve(stderr),
    );
  });

const edge = new WebhookReceiver();
beforeAll(() => edge.start());
afterAll(() => edge.stop());

const writes = (): readonly string[] =>
  edge.received.filter(({ kind }) => kind !== 'verify').map(({ kind, target }) => `${kind} ${target}`);

const startWith = (env: Readonly<Record<string, string>>, data?: string): Promise<TestServer> =>
  startServer({
    ...(data !== undefined && { data }),
    env: { HOOK_SECRET: edge.secret, ...env },
    config: `providers:\n${webhookProvider(edge, 'edge', 'verify: true\n    verifyEvery: PT1S\n    lateness: PT0S')}`,
  });

/** What one tenant does at a server, by whatever process that is. */
function asTenant(server: TestServer, tenantId: string) {
  const as = async (pathAndQuery: string, body?: unknown, delegated = false): Promise<Json> => {
    const permissions = [delegated ? 'SecurityActions.Approve.All' : 'SecurityActions.ReadWrite.All'] as const;
    const token = await tokenFor(server, { tenantId, permissions, ...(delegated && { delegated, user: 'ada' }) });
    const { status, json, text } = await ask(server, pathAndQuery, { token, ...(body !== undefined && { body }) });
    if (status >= 300) throw new Error(`${pathAndQuery} was answered ${status}: ${text}`);
    return json;
  };
  const rowsOf = async (pathAndQuery: string): Promise<readonly Json[]> => (await as(pathAndQuery)).value as never;
  return {
    post: async (ip: string): Promise<string> => {
      const vendorInformation = { provider: 'edge' };
      const parameters = [{ name: 'IP', value: ip }];
      return String((await as(ACTIONS, { name: 'BlockIp', parameters, vendorInformation })).id);
    },
    reaches: (id: string, wanted: string): Promise<string> =>
      until(
        async () => String((await as(`${ACTIONS}/${id}`)).enforcement?.state),
        (state) => state === wanted,
        30_000,
      ),
    cancel: (id: string) => as(`${ACTIONS}/${id}/cancelSecurityAction`, {}),
    resume: () => as('/beta/security/resumeDispatch', { reason: 'Looked at.' }, true),
    pauses: async () => (await rowsOf('/beta/security/dispatchState')).map(({ state }) => String(state)),
    differing: async () =>
      (await rowsOf('/beta/security/enforcements?$top=500'))
        .filter(({ state }) => String(state) === 'drifted')
        .map(({ state, target }) => `${state} ${target}`)
        .sort(),
    follow: async (lastId?: string) => {
      const token = await tokenFor(server, { tenantId, permissions: ['SecurityActions.Read.All'] });
      const headers = { Authorization: `Bearer ${token}`, ...(lastId !== undefined && { 'Last-Event-ID': lastId }) };
      return await openStream(`${server.url}${ACTIONS}/stream`, headers);
    },
  };
}

describe('an embedded store that is restored time and again', { timeout: 120_000 + TRIALS * 60_000 }, () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'interdict-test-backup-'));
  let server: TestServer;
  beforeAll(async () => {
    server = await startWith({});
  });
  afterAll(async () => {
    await server?.discard();
    rmSync(folder, { recursive: true });
  });

  const both = (): readonly ReturnType<typeof asTenant>[] => TENANTS.map((tenant) => asTenant(server, tenant));
  const ipOf = (trial: number, at: number, what: number): string => `198.18.${trial}.${10 * at + what}`;

  /** @returns for each tenant the action that it will cancel */
  async function block(trial: number): Promise<readonly string[]> {
    const last: string[] = [];
    for (const [at, { post, reaches }] of both().entries()) {
      const ids: string[] = [];
      for (const what of [1, 2, 3]) ids.push(await post(ipOf(trial, at, what)));
      for (const id of ids) await reaches(id, 'inForce');
      last.push(ids.at(-1) ?? '');
    }
    return last;
  }

  /** What the backup does not know. @returns the last id that each tenant's follower saw */
  async function change(trial: number, cancelled: readonly string[]): Promise<readonly string[]> {
    const seen: string[] = [];
    for (const [at, { post, reaches, cancel, follow }] of both().entries()) {
      const stream = await follow();
      const id = cancelled[at] ?? '';
      await cancel(id);
      await reaches(await post(ipOf(trial, at, 4)), 'inForce');
      await reaches(id, 'released');
      await until(
        () => stream.events.length,
        (count) => count > 2,
      );
      seen.push(stream.lastId() ?? '');
      stream.close();
    }
    return seen;
  }

  function putBack(file: string): void {
    for (const end of ['', '-wal', '-shm']) rmSync(path.join(server.data, `interdict.sqlite${end}`), { force: true });
    copyFileSync(file, path.join(server.data, 'interdict.sqlite'));
  }

  async function expectNothingSent(trial: number): Promise<void> {
    for (const [at, { pauses, differing }] of both().entries()) {
      expect(await pauses()).toEqual(['quarantined']);
      const drifted = [2, 3].map((what) => `drifted ip:${ipOf(trial, at, what)}`).join();
      await until(differing, (rows) => rows.join() === drifted, 30_000);
    }
    await delay(1_500);
    expect(writes()).toEqual([]);
  }

  async function expectResync(at: number, seen: string): Promise<void> {
    const follower = both()[at];
    // The journal passes the id that was given before.
    for (let made = 0; made < 12; made += 1) await follower?.post(`203.0.113.${100 + made}`);
    const stream = await follower?.follow(seen);
    await until(
      () => stream?.events.length ?? 0,
      (count) => count > 0,
    );
    expect(stream?.events[0]?.event).toBe('resync');
    stream?.close();
  }

  /** Each tenant by itself: the other one still waits. */
  async function resumeEach(trial: number): Promise<void> {
    for (const [at, { resume }] of both().entries()) {
      await resume();
      const back = [2, 3].map((what) => `apply ip:${ipOf(trial, at, what)}`);
      await until(writes, (all) => back.every((one) => all.includes(one)), 30_000);
      const waits = `apply ip:${ipOf(trial, at + 1, 2)}`;
      expect(writes()).not.toContain(waits);
    }
  }

  async function restoreOnce(trial: number): Promise<void> {
    const file = path.join(folder, `${trial}.sqlite`);
    const cancelled = await block(trial);
    // A backup of a server that runs, and of one that does not.
    const isDown = trial % 2 === 1;
    if (isDown) await server.stop();
    expect(await cli({ INTERDICT_DATA: server.data, INTERDICT_DATABASE_URL: '' }, 'backup', file)).toBe('');
    if (isDown) server = await server.again();
    const seen = await change(trial, cancelled);
    await (isDown ? server.stop() : server.kill());
    putBack(file);
    for (const at of TENANTS.keys()) edge.inForce.delete(`ip:${ipOf(trial, at, 2)}`);
    edge.received.length = 0;
    server = await server.again();
    await expectNothingSent(trial);
    for (const at of TENANTS.keys()) await expectResync(at, seen[at] ?? '');
    expect(writes()).toEqual([]);
    await resumeEach(trial);
  }

  it('sends nothing for a tenant until that is resumed, shows what differs, and tells followers to read anew', async () => {
    for (let trial = 0; trial < TRIALS; trial += 1) {
      await restoreOnce(trial);
      console.log(`restore trial ${trial + 1} of ${TRIALS}: 0 calls before resumeDispatch`);
    }
  });
});

describe.skipIf(!requirement('postgres18').ok)('a PostgreSQL that is restored', { timeout: 180_000 }, () => {
  let postgres: TestPostgres;
  beforeAll(async () => {
    postgres = await startPostgres('18');
  });
  afterAll(() => postgres?.stop());

  const asAdmin = async (...statements: readonly string[]): Promise<void> => {
    const client = new pg.Client(postgres.url);
    await client.connect();
    for (const statement of statements) await client.query(statement);
    await client.end();
  };

  it('sends nothing once an operator has said so, before a start or at a server that runs', async () => {
    await asAdmin('create database live');
    const env = { INTERDICT_DATABASE_URL: postgres.urlOf('live') };
    const [tenant = ''] = TENANTS;
    const first = await startWith(env);
    const before = asTenant(first, tenant);
    const [kept, gone] = [await before.post('198.19.0.1'), await before.post('198.19.0.2')];
    for (const id of [kept, gone]) await before.reaches(id, 'inForce');
    await first.stop();
    await asAdmin('create database backup template live');
    const second = await first.again();
    const later = asTenant(second, tenant);
    await later.cancel(gone);
    await later.reaches(gone, 'released');
    await second.stop();
    await asAdmin('drop database live', 'create database live template backup');
    edge.received.length = 0;

    expect(await cli({ ...env, INTERDICT_DATA: first.data }, 'restored')).toBe('');
    const third = await second.again();
    const after = asTenant(third, tenant);
    expect(await after.pauses()).toEqual(['quarantined']);
    await until(after.differing, (rows) => rows.includes('drifted ip:198.19.0.2'), 30_000);
    const waiting = await after.post('198.19.0.3');
    await delay(1_500);
    expect(writes()).toEqual([]);
    await after.resume();
    for (const id of [gone, waiting]) await after.reaches(id, 'inForce');
    expect(await after.pauses()).toEqual([]);

    expect(await cli({ ...env, INTERDICT_DATA: first.data }, 'restored')).toBe('');
    expect(await after.pauses()).toEqual(['quarantined']);
    edge.received.length = 0;
    await after.post('198.19.0.4');
    await delay(1_500);
    expect(writes()).toEqual([]);
    await third.discard();
  });
});
