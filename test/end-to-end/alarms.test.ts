import { createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ask, type Json, startServer, type TestServer, until } from '../server.ts';
import { WebhookReceiver, webhookProvider } from '../webhook-receiver.ts';

const ACTIONS = '/beta/security/securityActions';

async function aFreePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

describe('a release that does not succeed in time', () => {
  const receiver = new WebhookReceiver();
  let metricsPort: number;
  let server: TestServer;

  const start = async (config: string, data?: string): Promise<TestServer> =>
    startServer({
      config,
      env: { HOOK_SECRET: receiver.secret, INTERDICT_METRICS_PORT: String(metricsPort) },
      ...(data !== undefined && { data }),
    });

  beforeAll(async () => {
    metricsPort = await aFreePort();
    await receiver.start();
    server = await start(`providers:${webhookProvider(receiver, 'edge', 'deadline: PT2S')}`);
  });
  afterAll(async () => {
    await server?.discard();
    await receiver.stop();
  });

  const block = async (target: string): Promise<string> => {
    const body = { name: 'BlockIp', parameters: [{ name: 'IP', value: target }] };
    const { json } = await ask(server, ACTIONS, { body });
    await reads(String(json.id), 'inForce');
    return String(json.id);
  };
  const reads = (id: string, state: string): Promise<Json> =>
    until(
      async () => (await ask(server, `${ACTIONS}/${id}`)).json,
      ({ enforcement }) => String(enforcement?.state) === state,
    );
  const cancel = (id: string): Promise<unknown> =>
    ask(server, `${ACTIONS}/${id}/cancelSecurityAction`, { method: 'POST' });
  const alarmsOf = (id: string): readonly Json[] =>
    server
      .output()
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as Json)
      .filter(({ level, securityActionId }) => String(level) === 'warn' && String(securityActionId) === id);
  const counted = async (): Promise<string | undefined> => {
    const text = await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text();
    return /^interdict_release_failed_total\{provider="edge"\} (\d+)$/m.exec(text)?.[1];
  };

  it('is told by one line of the log, and counted, however often it is tried on', async () => {
    receiver.manner = (received) => (received.kind === 'release' ? { status: 503 } : receiver.obey(received));
    const id = await block('203.0.113.51');
    await cancel(id);
    const { azureTenantId } = await reads(id, 'releaseFailed');
    const [alarm] = await until(
      () => alarmsOf(id),
      ({ length }) => length > 0,
    );
    expect(alarm).toMatchObject({ tenantId: azureTenantId, provider: 'edge', target: 'ip:203.0.113.51' });
    expect(await counted()).toBe('1');
    const before = receiver.of('release').length;
    await cancel(id);
    await until(
      () => receiver.of('release').length,
      (count) => count > before,
    );
    expect(alarmsOf(id)).toHaveLength(1);
    receiver.manner = null;
    await cancel(id);
    await reads(id, 'released');
  });

  it('is told at once where the provider has left the configuration', async () => {
    const ids = [await block('203.0.113.52'), await block('203.0.113.53')];
    await server.stop();
    server = await start('providers: [ { name: other, connector: simulator } ]', server.data);
    for (const id of ids) {
      await cancel(id);
      await reads(id, 'releaseFailed');
      expect(alarmsOf(id)).toMatchObject([{ provider: 'edge' }]);
    }
    expect(await counted()).toBe('2');
  });
});
