import { rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DatabaseProxy } from '../database-proxy.ts';
import { startPostgres, type TestPostgres } from '../postgres.ts';
import { requirement } from '../requirement.ts';
import { aDataFolder, ask, type Reply, spawnServer, startServer, type TestServer, until } from '../server.ts';
import { WebhookReceiver, webhookProvider } from '../webhook-receiver.ts';

const ACTIONS = '/beta/security/securityActions';

describe.skipIf(!requirement('postgres18').ok)('connections to PostgreSQL that are lost without a word', () => {
  const receiver = new WebhookReceiver();
  let postgres: TestPostgres;
  let proxy: DatabaseProxy;
  let server: TestServer;

  beforeAll(async () => {
    postgres = await startPostgres('18');
    proxy = new DatabaseProxy(postgres.url);
    await receiver.start();
    server = await startServer({
      config: `providers:\n${webhookProvider(receiver, 'edge', 'timeout: PT30S')}`,
      env: { HOOK_SECRET: receiver.secret, INTERDICT_DATABASE_URL: await proxy.start() },
    });
  });
  afterAll(async () => {
    await server?.discard();
    await receiver.stop();
    await proxy?.stop();
    await postgres?.stop();
  });

  const post = (target: string): Promise<Reply> => {
    const parameters = [{ name: 'IP', value: target }];
    return ask(server, ACTIONS, { body: { name: 'BlockIp', parameters, vendorInformation: { provider: 'edge' } } });
  };

  const comesInForce = (id: unknown): Promise<Reply> =>
    until(
      () => ask(server, `${ACTIONS}/${id}`),
      ({ json }) => (json.enforcement?.state as unknown) === 'inForce',
      20_000,
    );

  it('are replaced, for reads and writes alike, and everything goes on', async () => {
    await comesInForce((await post('198.51.100.1')).json.id);
    proxy.silenceStanding();
    const { json } = await until(
      () => post('198.51.100.5'),
      ({ status }) => status === 201,
      30_000,
    );
    await comesInForce(json.id);
    expect((await ask(server, '/readyz', { token: null })).status).toBe(200);
  }, 60_000);

  it('make the process doubt itself: calls under way are broken off, and /readyz is 503', async () => {
    receiver.manner = ({ target }) => (target === 'ip:198.51.100.9' ? 'hang' : { status: 503 });
    await post('198.51.100.9');
    await until(
      () => receiver.of('apply', 'ip:198.51.100.9').length,
      (count) => count > 0,
    );
    proxy.silenceAll();
    const silentAt = Date.now();
    await until(
      () => receiver.givenUp,
      (targets) => targets.includes('ip:198.51.100.9'),
    );
    expect(Date.now() - silentAt).toBeLessThan(4_000);
    expect((await ask(server, '/readyz', { token: null })).status).toBe(503);
    receiver.manner = null;
    proxy.setReachable(true);
    const { json } = await until(
      () => post('198.51.100.10'),
      ({ status }) => status === 201,
      30_000,
    );
    await comesInForce(json.id);
  }, 60_000);
});

it('a database that is not there yet is waited for, and that is said at once', async () => {
  const data = aDataFolder();
  const { child, output } = spawnServer({
    data,
    env: { INTERDICT_DATABASE_URL: 'postgres://tester:hunter2@127.0.0.1:1/interdict' },
  });
  await until(output, (text) => text.includes('Waiting for the database'), 10_000);
  expect(output()).not.toContain('hunter2');
  child.kill('SIGKILL');
  rmSync(data, { recursive: true });
});
