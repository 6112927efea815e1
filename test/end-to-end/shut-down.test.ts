import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import tls from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { DatabaseProxy } from '../database-proxy.ts';
import { openStream } from '../event-stream.ts';
import { plainHttp } from '../plain-http.ts';
import { startPostgres, type TestPostgres } from '../postgres.ts';
import { openRaw } from '../raw-connection.ts';
import { requirement } from '../requirement.ts';
import { aDataFolder, ask, type Reply, startServer, type TestServer, until } from '../server.ts';
import { WebhookReceiver, webhookProvider } from '../webhook-receiver.ts';

const ACTIONS = '/beta/security/securityActions';
/** What the server promises, and a little for the machine to end a process. */
const STOPS_WITHIN_MS = 10_000;

const block = (target: string): object => ({
  name: 'BlockIp',
  parameters: [{ name: 'IP', value: target }],
  vendorInformation: { provider: 'edge' },
});

const post = (server: TestServer, target: string): Promise<Reply> => ask(server, ACTIONS, { body: block(target) });

const receiver = new WebhookReceiver();
beforeAll(() => receiver.start());
afterAll(() => receiver.stop());
afterEach(() => {
  receiver.manner = null;
});

const KEY = randomBytes(32).toString('base64url');

/** All processes over one database have copies of one key. */
function aFolder(): string {
  const data = aDataFolder();
  writeFileSync(path.join(data, 'key'), KEY, { mode: 0o600 });
  return data;
}

const startAt = (url: string | undefined, data = aFolder()): Promise<TestServer> =>
  startServer({
    data,
    config: `providers:\n${webhookProvider(receiver, 'edge', 'timeout: PT60S')}`,
    env: { HOOK_SECRET: receiver.secret, ...(url !== undefined && { INTERDICT_DATABASE_URL: url }) },
  });

const hangAt = (target: string): void => {
  receiver.manner = (received) => (received.target === target ? 'hang' : receiver.obey(received));
};

/** An action whose call is made, and not answered. */
async function postHanging(server: TestServer, target: string): Promise<string> {
  hangAt(`ip:${target}`);
  const { json } = await post(server, target);
  await until(
    () => receiver.of('apply', `ip:${target}`).length,
    (count) => count === 1,
    20_000,
  );
  return String(json.id);
}

interface Load {
  /** Ids that were answered with 201. */
  readonly told: string[];
  /** Answers that were no 201: by their status. */
  readonly refused: number[];
  readonly broken: number[];
  end(): Promise<void>;
}

/** POSTs without a pause, over connections that are kept, until the server is gone. */
function pour(server: TestServer, writers: number): Load {
  const load = { told: [] as string[], refused: [] as number[], broken: [] as number[] };
  let isOver = false;
  let made = 0;
  const write = async (): Promise<void> => {
    while (!isOver) {
      made += 1;
      const target = `198.18.${(made >> 8) & 255}.${made & 255}`;
      const answer = await post(server, target).catch(() => undefined);
      if (answer?.status === 201) load.told.push(String(answer.json.id));
      else if (answer) load.refused.push(answer.status);
      else {
        load.broken.push(made);
        return;
      }
    }
  };
  const all = Promise.all(Array.from({ length: writers }, write));
  return {
    ...load,
    end: async () => {
      isOver = true;
      await all;
    },
  };
}

async function timed(stopping: Promise<number | null>): Promise<{ readonly code: number | null; readonly ms: number }> {
  const beganAt = performance.now();
  const code = await stopping;
  return { code, ms: performance.now() - beganAt };
}

const isStored = async (server: TestServer, id: string): Promise<boolean> =>
  (await ask(server, `${ACTIONS}/${id}`)).status === 200;

const completes = (server: TestServer, id: string): Promise<unknown> =>
  until(
    async () => String((await ask(server, `${ACTIONS}/${id}`)).json.status),
    (status) => status === 'Completed',
    20_000,
  );

describe.each(['SQLite', 'PostgreSQL'] as const)('a server on %s that is told to stop', (database) => {
  const needsPostgres = database === 'PostgreSQL';
  const isHere = !needsPostgres || requirement('postgres18').ok;
  let postgres: TestPostgres | undefined;
  beforeAll(async () => {
    if (needsPostgres && isHere) postgres = await startPostgres('18');
  }, 60_000);
  afterAll(() => postgres?.stop());

  it.skipIf(!isHere)(
    'ends within 10 s in the midst of POSTs, whatever hangs, and what it answered is there',
    { timeout: 180_000 },
    async () => {
      const server = await startAt(postgres?.url);
      const hanging = await postHanging(server, needsPostgres ? '203.0.113.65' : '203.0.113.66');
      const stream = await openStream(`${server.url}${ACTIONS}/stream`, { Authorization: `Bearer ${server.token()}` });
      const slow = openRaw(server.url);
      const head = `POST ${ACTIONS} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${server.token()}\r\n`;
      slow.send(`${head}Content-Type: application/json\r\nContent-Length: 5000\r\n\r\n{"name":`);
      const trickle = setInterval(() => !slow.socket.destroyed && slow.socket.write(' '), 200);
      const kept = plainHttp(server.url);
      expect((await kept.ask('/readyz')).status).toBe(200);
      const load = pour(server, 8);
      await until(
        () => load.told.length,
        (count) => count > 20,
        20_000,
      );

      const stopping = timed(server.stop());
      const endedAfter = until(stream.isEnded, Boolean).then(() => performance.now());
      const beganAt = performance.now();
      const { code, ms } = await stopping;
      await load.end();
      clearInterval(trickle);
      kept.close();
      expect([code, ms < STOPS_WITHIN_MS], `${code} after ${ms} ms: ${server.output()}`).toEqual([0, true]);
      expect(server.output().trim().split('\n').at(-1)).toBe('closed');
      expect((await endedAfter) - beganAt).toBeLessThan(2_000);
      expect(stream.text()).toContain('retry: 2000\n');
      expect((await slow.outcome()).answers).toEqual([]);
      expect(load.refused).toEqual([]);
      expect(server.output()).not.toContain('"level":"error"');

      receiver.manner = null;
      const again = await startAt(postgres?.url, server.data);
      const lost: string[] = [];
      for (const id of load.told) if (!(await isStored(again, id))) lost.push(id);
      expect(lost).toEqual([]);
      await completes(again, hanging);
      await again.discard();
    },
  );
});

describe('a server that is told to stop', { timeout: 120_000 }, () => {
  it('is not ready from then on, and serves who is connected', async () => {
    const server = await startAt(undefined);
    await postHanging(server, '203.0.113.67');
    const [probe, asking] = [openRaw(server.url), openRaw(server.url)];
    for (const kept of [probe, asking]) kept.send('GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n');
    for (const kept of [probe, asking]) expect((await kept.outcome(1)).answers[0]?.status).toBe(200);
    probe.send('GET /readyz HTTP/1.1\r\n');
    asking.send(`POST ${ACTIONS} HTTP/1.1\r\n`);
    await delay(300);
    const stopping = timed(server.stop());
    const isRefused = (): Promise<boolean> =>
      fetch(`${server.url}/readyz`).then(
        () => false,
        () => true,
      );
    await until(isRefused, Boolean);
    probe.send('Host: x\r\n\r\n');
    const body = JSON.stringify(block('198.51.100.7'));
    const more = `Authorization: Bearer ${server.token()}\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
    asking.send(`Host: x\r\n${more}`);
    const [, notReady] = (await probe.outcome(2)).answers;
    expect([notReady?.status, notReady?.headers.get('connection')]).toEqual([503, 'close']);
    const [, made] = (await asking.outcome(2)).answers;
    expect([made?.status, made?.headers.get('connection')]).toEqual([201, 'close']);
    expect(await stopping).toMatchObject({ code: 0 });
    // Whoever asks whether a server is ready while it is not tells of no fault.
    expect(server.output()).not.toContain('"level":"error"');
    const again = await startAt(undefined, server.data);
    expect(await isStored(again, JSON.parse(made?.body ?? '').id)).toBe(true);
    await again.discard();
  });

  it('waits for no connection that asks for nothing', async () => {
    const server = await startAt(undefined);
    const portOf = (url: string): number => Number(new URL(url).port);
    const quiet = [net.connect(portOf(server.url)), net.connect(portOf(server.tlsUrl))];
    const secure = tls.connect({ port: portOf(server.tlsUrl), rejectUnauthorized: false });
    for (const socket of [...quiet, secure]) socket.on('error', () => undefined);
    await Promise.all([once(secure, 'secureConnect'), ...quiet.map((socket) => once(socket, 'connect'))]);
    await delay(200);
    const { code, ms } = await timed(server.stop());
    expect([code, ms < 3_000], `${code} after ${ms} ms`).toEqual([0, true]);
    rmSync(server.data, { recursive: true });
  });

  it('ends at once at a second signal, and loses nothing', async () => {
    const server = await startAt(undefined);
    const hanging = await postHanging(server, '203.0.113.68');
    const stopping = timed(server.stop());
    await delay(800);
    process.kill(server.pid, 'SIGINT');
    const { code, ms } = await stopping;
    expect([code, ms < 3_000], `${code} after ${ms} ms`).toEqual([1, true]);
    receiver.manner = null;
    const again = await startAt(undefined, server.data);
    await completes(again, hanging);
    await again.discard();
  });
});

describe.skipIf(!requirement('postgres18').ok)('one of two servers on PostgreSQL that is told to stop', () => {
  let postgres: TestPostgres;
  let proxy: DatabaseProxy;
  beforeAll(async () => {
    postgres = await startPostgres('18');
    proxy = new DatabaseProxy(postgres.url);
  }, 60_000);
  afterAll(async () => {
    await proxy?.stop();
    await postgres?.stop();
  });

  it('hands back what hangs, and the other one goes on with it at once', { timeout: 180_000 }, async () => {
    const one = await startAt(postgres.url);
    const [target, hung] = ['203.0.113.69', receiver.givenUp.length];
    const hanging = await postHanging(one, target);
    // It comes later, so that the other one has what hangs.
    const two = await startAt(postgres.url);
    const stopping = timed(one.stop());
    await until(
      () => receiver.givenUp.length,
      (count) => count > hung,
    );
    const handedBackAt = Date.now();
    receiver.manner = null;
    const { code, ms } = await stopping;
    expect([code, ms < STOPS_WITHIN_MS], `${code} after ${ms} ms: ${one.output()}`).toEqual([0, true]);
    await completes(two, hanging);
    const [, again] = receiver.of('apply', `ip:${target}`);
    // The next try after a second at most, its poll half a second at most; were the lease left, it would be 4 s and more.
    expect((again?.at ?? 0) - handedBackAt).toBeLessThan(4_000);
    await two.discard();
    rmSync(one.data, { recursive: true });
  });

  it('ends in time where the database says nothing any more', { timeout: 180_000 }, async () => {
    const server = await startAt(await proxy.start());
    proxy.silenceAll();
    const asked = post(server, '203.0.113.70').then(
      ({ status }) => status,
      () => 'broken',
    );
    await delay(500);
    const { code, ms } = await timed(server.stop());
    expect([code, ms < STOPS_WITHIN_MS], `${code} after ${ms} ms: ${server.output()}`).toEqual([0, true]);
    expect(['broken', 503]).toContain(await asked);
    rmSync(server.data, { recursive: true });
  });
});
