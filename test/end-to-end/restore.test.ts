import { execFile } from 'node:child_process';
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ask, type Json, startServer, type TestServer, until } from '../server.ts';
import { tokenFor } from '../tenant-token.ts';
import { WebhookReceiver, webhookProvider } from '../webhook-receiver.ts';

const ROOT = path.join(import.meta.dirname, '../..');
const ACTIONS = '/beta/security/securityActions';

interface Ended {
  readonly status: number | string | null;
  readonly stderr: string;
}

const cli = (data: string, ...args: readonly string[]): Promise<Ended> =>
  new Promise((resolve) => {
    const env = { ...process.env, INTERDICT_DATA: data, INTERDICT_DATABASE_URL: '' };
    const program = path.join(ROOT, 'packages/cli/bin/interdict.cjs');
    execFile(process.execPath, [program, ...args], { env }, (error, _, stderr) =>
      resolve({ status: error ? (error.code ?? null) : 0, stderr }),
    );
  });

/** The embedded store as a backup has it, without what SQLite keeps beside it. */
function putBack(data: string, backup: string): void {
  for (const end of ['', '-wal', '-shm']) rmSync(path.join(data, `interdict.sqlite${end}`), { force: true });
  copyFileSync(backup, path.join(data, 'interdict.sqlite'));
}

describe('a server whose database was restored', { timeout: 120_000 }, () => {
  const edge = new WebhookReceiver();
  const folder = mkdtempSync(path.join(os.tmpdir(), 'interdict-test-backup-'));
  const backup = path.join(folder, 'backup.sqlite');
  let server: TestServer;

  beforeAll(async () => {
    await edge.start();
    server = await startServer({
      env: { HOOK_SECRET: edge.secret },
      config: `providers:\n${webhookProvider(edge, 'edge', 'verify: true\n    verifyEvery: PT1S\n    lateness: PT0S')}\n  - name: lists\n    connector: blocklist`,
    });
  });
  afterAll(async () => {
    await server?.discard();
    await edge.stop();
    rmSync(folder, { recursive: true });
  });

  async function post(ip: string, more: object = {}): Promise<string> {
    const body = {
      name: 'BlockIp',
      parameters: [{ name: 'IP', value: ip }],
      vendorInformation: { provider: 'edge' },
      ...more,
    };
    const { status, json } = await ask(server, ACTIONS, { body });
    expect(status).toBe(201);
    return String(json.id);
  }
  const stateOf = async (id: string): Promise<Json | undefined> =>
    (await ask(server, `${ACTIONS}/${id}`)).json.enforcement?.state;
  const reaches = (id: string, wanted: string): Promise<Json | undefined> =>
    until(
      () => stateOf(id),
      (state) => String(state) === wanted,
    );
  const pauses = async (): Promise<readonly Json[]> =>
    (await ask(server, '/beta/security/dispatchState')).json.value as never;
  const writes = (): readonly string[] =>
    edge.received.map(({ kind, target }) => `${kind} ${target}`).filter((call) => !call.startsWith('verify'));
  const resume = async (): Promise<void> => {
    const token = await tokenFor(server, {
      permissions: ['SecurityActions.Approve.All'],
      delegated: true,
      user: 'ada',
    });
    const answer = await ask(server, '/beta/security/resumeDispatch', { body: { reason: 'Looked at.' }, token });
    expect(answer.status).toBe(204);
  };

  it('sends nothing of what the backup says is due, shows what differs, and sends a cancel of now', async () => {
    const soon = (ms: number): string => new Date(Date.now() + ms).toISOString();
    const held = await post('203.0.113.10');
    const gone = await post('203.0.113.11');
    const ends = await post('203.0.113.12', { expirationDateTime: soon(12_000) });
    for (const id of [held, gone, ends]) await reaches(id, 'inForce');
    const brake = await ask(server, '/beta/security/stopDispatch', { body: { reason: 'A drill.' } });
    expect(brake.status).toBe(204);
    const starts = await post('203.0.113.13');
    const delta = String((await ask(server, `${ACTIONS}/delta?$deltatoken=latest`)).json['@odata.deltaLink']);

    // While requests are coming in.
    const flood = Array.from({ length: 50 }, (_, index) => post(`198.51.100.${index + 1}`));
    const made = await cli(server.data, 'backup', backup);
    expect(made).toMatchObject({ status: 0, stderr: '' });
    expect(statSync(backup).mode & 0o777).toBe(0o600);
    expect(await cli(server.data, 'backup', backup)).toMatchObject({ status: 1 });
    await Promise.all(flood);
    await resume();
    const later = await post('203.0.113.20');
    await reaches(later, 'inForce');
    const after = String((await ask(server, `${ACTIONS}/delta?$deltatoken=latest`)).json['@odata.deltaLink']);

    await server.kill();
    putBack(server.data, backup);
    await delay(12_000);
    edge.received.length = 0;
    edge.inForce.delete('ip:203.0.113.11');
    server = await server.again();

    expect((await pauses()).map(({ state }) => String(state)).sort()).toEqual(['quarantined', 'stopped']);
    await reaches(gone, 'drifted');
    await delay(2_500);
    expect(writes()).toEqual([]);
    expect(await stateOf(ends)).toBe('inForce');
    expect(await stateOf(starts)).toBe('pending');
    expect((await ask(server, `${ACTIONS}/${later}`)).status).toBe(404);
    const shown = (await ask(server, '/beta/security/enforcements?$top=500')).json.value as never as Json[];
    expect(shown.filter(({ target }) => String(target) === 'ip:203.0.113.11')).toMatchObject([{ state: 'drifted' }]);
    expect((await ask(server, '/feeds/lists/ip.txt')).status).toBe(503);

    // What the backup has not is lost, and said to be: by a link of then, even when the journal has passed it.
    expect((await ask(server, delta.slice(server.url.length))).status).toBe(200);
    expect((await ask(server, after.slice(server.url.length))).status).toBe(410);
    for (let index = 0; index < 60; index += 1) await post(`198.51.100.${index + 100}`);
    for (let index = 0; index < 300; index += 1) {
      await ask(server, `${ACTIONS}/${held}`, { method: 'PATCH', body: { actionReason: `Again ${index}` } });
    }
    expect((await ask(server, after.slice(server.url.length))).json.error?.innerError?.code).toBe('expiredToken');

    expect((await ask(server, `${ACTIONS}/${held}/cancelSecurityAction`, { method: 'POST' })).status).toBe(200);
    await reaches(held, 'released');
    expect(writes()).toEqual(['release ip:203.0.113.10']);

    await server.kill();
    server = await server.again();
    expect((await pauses()).length).toBe(2);
    await resume();
    for (const id of [gone, starts]) await reaches(id, 'inForce');
    await reaches(ends, 'released');
    expect(await pauses()).toEqual([]);
    await server.stop();
    server = await server.again();
    expect(await pauses()).toEqual([]);
  });

  it('is not one that was killed, however often, nor one whose folder has moved as a whole', async () => {
    for (let round = 0; round < 4; round += 1) {
      await post(`203.0.113.${100 + round}`);
      await delay(round * 400);
      await server.kill();
      server = await server.again();
      expect(await pauses()).toEqual([]);
    }
  });

  it('is one whose database is a copy of before, or has lost the folder that it was served from', async () => {
    await server.stop();
    const copy = path.join(folder, 'copy.sqlite');
    copyFileSync(path.join(server.data, 'interdict.sqlite'), copy);
    server = await server.again();
    await post('203.0.113.200');
    await server.stop();
    putBack(server.data, copy);
    server = await server.again();
    expect(await pauses()).toMatchObject([{ state: 'quarantined', reason: expect.stringContaining('older') }]);
    await resume();
    await server.stop();
    rmSync(path.join(server.data, 'epoch'));
    server = await server.again();
    expect(await pauses()).toMatchObject([{ state: 'quarantined', reason: expect.stringContaining('"epoch"') }]);
    await resume();
  });

  it('is one of which an operator says so, while it runs', async () => {
    expect(await pauses()).toEqual([]);
    expect(await cli(server.data, 'restored')).toMatchObject({ status: 0, stderr: '' });
    expect(await pauses()).toMatchObject([{ state: 'quarantined', provider: null }]);
    const id = await post('203.0.113.210');
    await delay(1_500);
    expect(await stateOf(id)).toBe('pending');
    await resume();
    await reaches(id, 'inForce');
    expect(existsSync(path.join(server.data, 'epoch'))).toBe(true);
    expect(readFileSync(path.join(server.data, 'epoch'), 'utf8')).toMatch(/^\d+\n$/);
  });
});
