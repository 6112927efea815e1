import { copyFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NotificationReceiver } from '../notification-receiver.ts';
import { startPostgres, type TestPostgres } from '../postgres.ts';
import { requirement } from '../requirement.ts';
import { aDataFolder, ask, startServer, type TestServer, until } from '../server.ts';

const ACTIONS = '/beta/security/securityActions';

describe.skipIf(!requirement('postgres18').ok)('subscriptions of several processes over one PostgreSQL', () => {
  const receiver = new NotificationReceiver();
  let postgres: TestPostgres;
  let one: TestServer;
  let two: TestServer;

  const start = (data: string): Promise<TestServer> => {
    writeFileSync(path.join(data, 'ca.pem'), receiver.certificate.cert);
    const config = 'notifications:\n  allow: [localhost]\n  ca: ca.pem\n';
    return startServer({ data, config, env: { INTERDICT_DATABASE_URL: postgres.url } });
  };

  beforeAll(async () => {
    postgres = await startPostgres('18');
    await receiver.start();
    one = await start(aDataFolder());
    const data = aDataFolder();
    copyFileSync(path.join(one.data, 'key'), path.join(data, 'key'));
    two = await start(data);
  });
  afterAll(async () => {
    for (const server of [one, two]) await server?.discard();
    await receiver.stop();
    await postgres?.stop();
  });

  let target = 0;
  const post = async (server: TestServer): Promise<string> => {
    target += 1;
    const body = {
      name: 'BlockIp',
      parameters: [{ name: 'IP', value: `203.0.113.${100 + target}` }],
      vendorInformation: { provider: 'simulator' },
    };
    const { status, json } = await ask(server, ACTIONS, { body });
    expect(status).toBe(201);
    return String(json.id);
  };
  const told = (): (string | undefined)[] => receiver.told.map(({ resourceData }) => resourceData?.id);

  it('are told once and in order, whichever process takes the actions; and by the other when one is killed', async () => {
    const body = {
      changeType: 'created',
      notificationUrl: receiver.url,
      resource: 'security/securityActions',
      expirationDateTime: new Date(Date.now() + 3_600_000).toISOString(),
    };
    const { status, json } = await ask(one, '/beta/subscriptions', { body });
    expect(status).toBe(201);
    const actions: string[] = [];
    for (let index = 0; index < 10; index += 1) actions.push(await post(index % 2 === 0 ? one : two));
    await until(told, ({ length }) => length >= actions.length);
    expect(told()).toEqual(actions);
    expect(new Set(receiver.posts.map(({ headers }) => headers['webhook-id'])).size).toBe(receiver.posts.length);
    receiver.manner = () => undefined;
    const before = receiver.posts.length;
    actions.push(await post(one));
    await until(
      () => receiver.posts.length,
      (count) => count > before,
    );
    await one.kill();
    receiver.manner = null;
    actions.push(await post(two));
    await until(
      () => new Set(told()).size,
      (count) => count === actions.length,
      25_000,
    );
    expect([...new Set(told())]).toEqual(actions);
    const log = await ask(two, `/beta/subscriptions/${json.id}/deliveries`);
    expect(log.status).toBe(200);
  }, 60_000);
});
