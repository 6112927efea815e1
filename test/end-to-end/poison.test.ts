import { rmSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createKilledServer, type KilledServer } from '../crash/killed-server.ts';
import { aDataFolder, ask, type Json, until } from '../server.ts';
import { type ManneredAnswer, type Received, WebhookReceiver, webhookProvider } from '../webhook-receiver.ts';

const ACTIONS = '/beta/security/securityActions';
const POISON = 'ip:203.0.113.66';
/** As `dispatch/stop-poisoned.ts` has it. */
const MOST_DEATHS = 5;
const POISONED = 9;

describe('a call that takes the process with it each time', () => {
  const receiver = new WebhookReceiver();
  const data = aDataFolder();
  let server: KilledServer;
  let deaths = 0;

  /** The process dies in the midst of this one call, and of no other; at its first death others are under way too. */
  function killer(received: Received): ManneredAnswer {
    const isPoison = received.kind === 'apply' && received.target === POISON;
    if (!isPoison) return deaths === 0 ? 'hang' : receiver.obey(received);
    deaths += 1;
    // Later than the request for it is answered.
    setTimeout(() => server.signal('SIGKILL'), 200);
    return 'hang';
  }

  beforeAll(async () => {
    await receiver.start();
    receiver.manner = killer;
    const config = `providers:${webhookProvider(receiver, 'edge', 'timeout: PT5S\n    lateness: PT1S')}`;
    server = await createKilledServer({ data, config, env: { HOOK_SECRET: receiver.secret } });
    server.spawn();
    expect(await server.ready(60_000)).toBe('ready');
  });
  afterAll(async () => {
    await server?.kill();
    server?.forget();
    await receiver.stop();
    rmSync(data, { recursive: true, force: true });
  });

  async function post(target: string): Promise<string> {
    const parameters = [{ name: 'IP', value: target.slice('ip:'.length) }];
    const body = { name: 'BlockIp', parameters, vendorInformation: { provider: 'edge' } };
    const { status, json } = await ask(server.asTestServer(), ACTIONS, { body });
    expect(status).toBe(201);
    return String(json.id);
  }
  const read = async (id: string): Promise<Json> => (await ask(server.asTestServer(), `${ACTIONS}/${id}`)).json;

  it('fails after five deaths, and costs no other action more than its turn', async () => {
    const ids = await Promise.all(Array.from({ length: 12 }, (_, index) => post(`ip:198.51.100.${index + 1}`)));
    const poison = await post(POISON);
    for (let death = 1; death <= MOST_DEATHS; death += 1) {
      const giveUpAt = Date.now() + 60_000;
      expect(await server.ended(() => Date.now() > giveUpAt), `death ${death}`).toBe(true);
      server.spawn();
    }
    expect(await server.ready(60_000)).toBe('ready');
    const failed = await until(
      () => read(poison),
      ({ enforcement }) => String(enforcement?.state) === 'none',
    );
    expect(failed).toMatchObject({ status: 'Failed', errorInfo: { code: POISONED } });
    for (const id of [...ids, await post('ip:198.51.100.200')]) {
      await until(
        () => read(id),
        ({ status }) => String(status) === 'Completed',
      );
    }
    await delay(2_000);
    expect(deaths).toBe(MOST_DEATHS);
    expect(receiver.of('release', POISON), 'it may have landed').not.toHaveLength(0);
    expect(server.isAlive()).toBe(true);
  }, 300_000);
});
