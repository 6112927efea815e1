import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { ask, type Reply, spawnServer, startServer, type TestServer, until } from '../server.ts';

const ACTIONS = '/beta/security/securityActions';
const PATIENT = 90_000;

const servers: TestServer[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.discard()));
});

async function serve(failpoint: string): Promise<TestServer> {
  const server = await startServer({ env: { INTERDICT_FAILPOINT: failpoint } });
  servers.push(server);
  return server;
}

let targets = 0;

const post = (server: TestServer): Promise<Reply> => {
  targets += 1;
  const parameters = [{ name: 'IP', value: `198.51.100.${targets % 250}` }];
  return ask(server, ACTIONS, { body: { name: 'BlockIp', parameters, vendorInformation: { provider: 'simulator' } } });
};

const readyz = (server: TestServer): Promise<Reply> => ask(server, '/readyz', { token: null });

/** Requests until one of them has come to the point. */
async function comeTo(server: TestServer, failpoint: string): Promise<void> {
  while (!server.output().includes(`failpoint ${failpoint}`)) {
    const posted = post(server);
    await Promise.race([posted, new Promise((resolve) => setTimeout(resolve, 1_000))]);
    posted.catch(() => undefined);
  }
}

describe('/readyz', () => {
  it(
    'is 503 behind a standstill of the event loop, and 200 when ten seconds have passed',
    async () => {
      const server = await serve('accept.beforeStore:pause=4000');
      expect((await readyz(server)).status).toBe(200);
      expect((await post(server)).status).toBe(201);
      const { status, headers } = await readyz(server);
      expect([status, headers.get('retry-after')]).toEqual([503, '2']);
      expect((await ask(server, '/healthz', { token: null })).status).toBe(200);
      // What a server writes comes by another way than what it answers.
      await expect.poll(server.output).toMatch(/The event loop stood still for [234]\d{3} ms/);
      // It is said, and nothing else is held up by it.
      expect((await post(server)).status).toBe(201);
      await until(
        () => readyz(server),
        (reply) => reply.status === 200,
        20_000,
      );
    },
    PATIENT,
  );

  it(
    'is 503 within three seconds while the store stands still, and 200 when it goes on',
    async () => {
      const server = await serve('sqlite.beforeCommit:pause=9000@20');
      await comeTo(server, 'sqlite.beforeCommit');
      const askedAt = performance.now();
      expect((await readyz(server)).status).toBe(503);
      expect(performance.now() - askedAt).toBeLessThan(3_000);
      expect((await ask(server, '/healthz', { token: null })).status).toBe(200);
      await until(
        () => readyz(server),
        (reply) => reply.status === 200,
        20_000,
      );
      expect((await post(server)).status).toBe(201);
    },
    PATIENT,
  );
});

it(
  'a server whose event loop does not come back ends by itself, and says why',
  async () => {
    const { child, data, output } = spawnServer({ env: { INTERDICT_FAILPOINT: 'start.ready:pause=120000' } });
    const [code, signal] = await once(child, 'exit');
    expect([code, signal]).toEqual([null, 'SIGKILL']);
    expect(output()).toMatch(/"level":"fatal".*The event loop stood still for 30\d{3} ms/);
    rmSync(data, { recursive: true });
  },
  PATIENT,
);
