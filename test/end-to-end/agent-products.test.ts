import { type ChildProcess, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningHaproxy, startHaproxy } from '../../packages/connectors/src/haproxy/testing/haproxy-product.ts';
import { requirement } from '../requirement.ts';
import { ask, startServer, type TestServer, until } from '../server.ts';
import { tokenFor } from '../tenant-token.ts';

const ACTIONS = '/beta/security/securityActions';
const AGENT = '33333333-3333-4333-8333-333333333333';
const CONFIG = `providers:
  - { name: branch, connector: agent, runs: [haproxy], reporters: [${AGENT}], verifyEvery: PT2S }
`;
const CLI = path.join(import.meta.dirname, '..', '..', 'packages', 'cli', 'bin', 'interdict.cjs');
const HOST = 'shop.example';

describe.skipIf(!requirement('haproxy').ok)('an agent beside a proxy', { timeout: 90_000 }, () => {
  let server: TestServer;
  let haproxy: RunningHaproxy;
  let agent: ChildProcess | undefined;
  let printed = '';

  beforeAll(async () => {
    [server, haproxy] = await Promise.all([startServer({ config: CONFIG }), startHaproxy()]);
    const file = path.join(server.data, 'connectors.yaml');
    const maps = { ...haproxy.own, socket: path.join(haproxy.folder, 'real.sock'), domainMap: undefined };
    writeFileSync(file, JSON.stringify({ providers: [{ name: 'branch', connector: 'haproxy', ...maps }] }));
    const token = path.join(server.data, 'agent-token');
    writeFileSync(token, await tokenFor(server, { appId: AGENT }));
    const where = ['--server', server.url, '--provider', 'branch', '--connectors', file, '--token-file', token];
    agent = spawn(process.execPath, [CLI, 'agent', ...where], { stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [agent.stdout, agent.stderr]) {
      stream?.on('data', (chunk) => {
        printed += String(chunk);
      });
    }
    await until(
      () => printed,
      (text) => text.includes('Agent of provider "branch"'),
    );
  }, 60_000);
  afterAll(async () => {
    agent?.kill('SIGKILL');
    await haproxy?.stop();
    await server?.discard();
  });

  const post = async (name: string, parameter: string, value: string): Promise<string> => {
    const body = { name, parameters: [{ name: parameter, value }], vendorInformation: { provider: 'branch' } };
    const { status, json, text } = await ask(server, ACTIONS, { body });
    expect(status, text).toBe(201);
    return String(json.id);
  };
  const comesTo = (id: string, wanted: string): Promise<string> =>
    until(
      async () => {
        const { status, enforcement } = (await ask(server, `${ACTIONS}/${id}`)).json;
        return `${status} ${enforcement?.state}`;
      },
      (is) => is === wanted,
      20_000,
    );
  const paid = (): Promise<number> => haproxy.status({ host: HOST, path: '/pay' });

  it('blocks a URL as its clients see it, puts it back when the product forgot it, and lets it go', async () => {
    expect(await paid()).toBe(200);
    const id = await post('BlockUrl', 'URL', `http://${HOST}/pay`);
    await comesTo(id, 'Completed inForce');
    expect(await paid()).toBe(403);
    await haproxy.admin(`clear map ${path.join(haproxy.folder, 'url.map')}`);
    expect(await paid()).toBe(200);
    await until(paid, (status) => status === 403, 20_000);
    await ask(server, `${ACTIONS}/${id}/cancelSecurityAction`, { method: 'POST' });
    await comesTo(id, 'Completed released');
    expect(await paid()).toBe(200);
  });

  it('says what its settings do not offer', async () => {
    const id = await post('BlockDomain', 'Domain', HOST);
    await until(
      () => printed,
      (text) => text.includes(`domain:${HOST} → unknown The agent has no connector for BlockDomain.`),
    );
    await ask(server, `${ACTIONS}/${id}/cancelSecurityAction`, { method: 'POST' });
    await comesTo(id, 'Failed none');
  });
});
