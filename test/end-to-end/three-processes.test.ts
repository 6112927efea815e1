import { randomBytes, randomInt } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openStream } from '../event-stream.ts';
import { startPostgres, type TestPostgres } from '../postgres.ts';
import { requirement } from '../requirement.ts';
import { aDataFolder, ask, type Json, startServer, type TestServer, until } from '../server.ts';
import { tokenFor } from '../tenant-token.ts';
import { WebhookReceiver, webhookProvider } from '../webhook-receiver.ts';

const ACTIONS = '/beta/security/securityActions';

const block = (target: string): object => ({
  name: 'BlockIp',
  parameters: [{ name: 'IP', value: target }],
  vendorInformation: { provider: 'edge' },
});

const post = async (server: TestServer, target: string, token?: string): Promise<string> => {
  const { status, json } = await ask(server, ACTIONS, { body: block(target), ...(token && { token }) });
  expect(status).toBe(201);
  return String(json.id);
};

const completesAt = (server: TestServer, id: string): Promise<Json> =>
  until(
    async () => (await ask(server, `${ACTIONS}/${id}`)).json,
    ({ status }) => String(status) === 'Completed',
    20_000,
  );

describe.skipIf(!requirement('postgres18').ok)('three processes with one URL and copies of one key', () => {
  let postgres: TestPostgres;
  const receiver = new WebhookReceiver();
  let servers: TestServer[] = [];

  beforeAll(async () => {
    postgres = await startPostgres('18');
    await receiver.start();
    const key = randomBytes(32).toString('base64url');
    const folders = [aDataFolder(), aDataFolder(), aDataFolder()];
    for (const data of folders) writeFileSync(path.join(data, 'key'), key, { mode: 0o600 });
    const config = `providers:\n${webhookProvider(receiver, 'edge', 'timeout: PT5S')}`;
    const env = { HOOK_SECRET: receiver.secret, INTERDICT_DATABASE_URL: postgres.url };
    // Nothing is in the database: each would prepare it.
    servers = await Promise.all(folders.map((data) => startServer({ data, config, env })));
  }, 90_000);
  afterAll(async () => {
    for (const server of servers) await server.discard();
    await receiver.stop();
    await postgres?.stop();
  });

  const other = (index: number): TestServer => servers[(index + 1) % servers.length] as TestServer;

  it('take each other’s tokens and show each other’s actions', async () => {
    for (const [index, server] of servers.entries()) {
      for (const [from, { token }] of servers.entries()) {
        const id = await post(server, `198.51.100.${10 * index + from}`, token());
        await completesAt(other(index), id);
      }
    }
  });

  it('tell each other of changes: a stream elsewhere hears of most long before it would look', async () => {
    const [one, two] = servers as [TestServer, TestServer];
    const headers = { Authorization: `Bearer ${one.token()}` };
    const stream = await openStream(`${two.url}/beta/security/securityActions/stream`, headers);
    const tookMs: number[] = [];
    for (let index = 0; index < 15; index += 1) {
      const id = await post(one, `198.51.100.${100 + index}`);
      const beganAt = performance.now();
      await until(
        () => stream.events.some(({ event, data }) => event === 'created' && data.id === id),
        (found) => found,
      );
      tookMs.push(performance.now() - beganAt);
    }
    stream.close();
    // It gathers changes for 100 ms; its own look comes once a second.
    const median = tookMs.sort((a, b) => a - b)[7];
    expect(median, tookMs.map(Math.round).join(' ')).toBeLessThan(300);
  });

  it('obey a stop that one of them was told within a second, and a resume too', { timeout: 180_000 }, async () => {
    const [one, two, three] = servers as [TestServer, TestServer, TestServer];
    const made: string[] = [];
    let isOver = false;
    const pour = async (server: TestServer, net: number): Promise<void> => {
      for (let index = 1; !isOver && index < 250; index += 1) made.push(await post(server, `198.18.${net}.${index}`));
    };
    const pouring = Promise.all([pour(two, 2), pour(three, 3)]);
    await until(
      () => receiver.received.length,
      (count) => count > 20,
    );
    const stop = await ask(one, '/beta/security/stopDispatch', { body: { reason: 'A drill.' } });
    const stoppedAt = Date.now();
    expect(stop.status).toBe(204);
    const before = made.length;
    await until(
      () => made.length,
      (count) => count > before + 10,
    );
    await delay(Math.max(0, stoppedAt + 3_000 - Date.now()));
    isOver = true;
    await pouring;
    const late = receiver.received.filter(({ at }) => at > stoppedAt + 1_000);
    expect(late).toEqual([]);
    expect(String((await ask(two, `${ACTIONS}/${made.at(-1)}`)).json.enforcement?.state)).toBe('pending');
    const asPerson = { permissions: ['SecurityActions.Approve.All'], delegated: true, user: 'ada' } as const;
    const token = await tokenFor(two, asPerson);
    const resumed = await ask(two, '/beta/security/resumeDispatch', { body: { reason: 'It is over.' }, token });
    expect(resumed.status).toBe(204);
    for (const id of made) await completesAt(three, id);
  });

  it('go on when any of them is killed, whatever it had begun, and it comes back', async () => {
    receiver.manner = (received) => (randomInt(3) === 0 ? 'hang' : receiver.obey(received));
    const ids = await Promise.all(
      Array.from({ length: 45 }, (_, index) => post(servers[index % 3] as TestServer, `203.0.113.${index + 1}`)),
    );
    const victim = randomInt(3);
    await servers[victim]?.kill();
    receiver.manner = null;
    const left = other(victim);
    for (const id of ids) await completesAt(left, id);
    servers[victim] = (await servers[victim]?.again()) as TestServer;
    const id = await post(servers[victim] as TestServer, '203.0.113.200');
    await completesAt(left, id);
    expect(receiver.inForce).toContain('ip:203.0.113.45');
  });
});
