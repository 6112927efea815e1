import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createNamespace, ip, type Namespace } from '../../packages/connectors/src/nftables/testing/namespaces.ts';
import { requirement } from '../requirement.ts';
import { startServer, type TestServer, until } from '../server.ts';
import { tokenFor } from '../tenant-token.ts';

const AGENT = '33333333-3333-4333-8333-333333333333';
const HQ = '192.0.2.1';
const BRANCH = '192.0.2.10';
/** On another cable of the branch. */
const STRANGER = '198.51.100.3';
const BRANCH_THERE = '198.51.100.10';
const CONFIG = `providers:
  - { name: branch, connector: agent, runs: [nftables, isolation], reporters: [${AGENT}], verifyEvery: PT2S,
      tenants: [10ca1000-0000-4000-8000-000000000001] }
`;
const CONNECTORS = `providers:
  - { name: branch, connector: nftables }
  - { name: web-1, connector: isolation, host: web-1.corp.example, server: ["${HQ}:443"], grace: PT3S }
`;
const CLI = path.join(import.meta.dirname, '..', '..', 'packages', 'cli', 'bin', 'interdict.cjs');
/** The way to the server, which listens on its namespace's loopback alone. */
const FORWARD = `require('net').createServer((near) => { const far = require('net').connect(+process.argv[1], '127.0.0.1');
near.pipe(far).pipe(near); for (const s of [near, far]) s.on('error', () => { near.destroy(); far.destroy(); }); })
.listen(443, '${HQ}', () => console.log('up'));`;

function join(one: readonly [Namespace, string], other: readonly [Namespace, string], device: string): void {
  ip('link', 'add', device, 'netns', one[0].name, 'type', 'veth', 'peer', 'name', device, 'netns', other[0].name);
  for (const [{ name }, address] of [one, other]) {
    ip('-n', name, 'addr', 'add', `${address}/24`, 'dev', device);
    ip('-n', name, 'link', 'set', device, 'up');
  }
}

describe.skipIf(!requirement('nftables').ok)('an agent on the far side', { timeout: 120_000 }, () => {
  let [hq, branch, outside]: Namespace[] = [];
  let server: TestServer;
  const children: ChildProcess[] = [];
  let agent: ChildProcess | undefined;
  let printed = '';

  const inside = ({ enter }: Namespace, ...command: string[]): ChildProcess => {
    const [program = '', ...rest] = enter;
    const child = spawn(program, [...rest, ...command], { stdio: ['ignore', 'pipe', 'pipe'] });
    children.push(child);
    return child;
  };
  const pings = (from: Namespace | undefined, to: string, source: string): boolean => {
    const [program = '', ...rest] = from?.enter ?? [];
    return (
      spawnSync(program, [...rest, 'ping', '-c', '1', '-W', '1', '-I', source, to], { stdio: 'ignore' }).status === 0
    );
  };
  const passes = (): boolean => pings(branch, STRANGER, BRANCH_THERE);
  const comesIn = (): boolean => pings(outside, BRANCH_THERE, STRANGER);
  /** In the server's namespace, where its loopback is. */
  const ask = async (
    method: string,
    where: string,
    body?: object,
  ): Promise<{ status: number; json: Record<string, unknown> }> => {
    const [program = '', ...rest] = (hq as Namespace).enter;
    const sent = body === undefined ? [] : ['-H', 'Content-Type: application/json', '-d', JSON.stringify(body)];
    const args = [
      'curl',
      '-s',
      '-w',
      '\n%{http_code}',
      '-X',
      method,
      '-H',
      `Authorization: Bearer ${server.token()}`,
      ...sent,
    ];
    const { stdout } = spawnSync(program, [...rest, ...args, `${server.url}${where}`], { encoding: 'utf8' });
    const [text = '', status = ''] = stdout.split(/\n(?=\d+$)/);
    return { status: Number(status), json: text === '' ? {} : JSON.parse(text) };
  };
  const ACTIONS = '/beta/security/securityActions';
  const post = async (body: object): Promise<string> => {
    const { status, json } = await ask('POST', ACTIONS, { vendorInformation: { provider: 'branch' }, ...body });
    expect(status, JSON.stringify(json)).toBe(201);
    return String(json.id);
  };
  const standing = async (id: string): Promise<string> => {
    const { json } = await ask('GET', `${ACTIONS}/${id}`);
    return `${json.status} ${(json.enforcement as { state?: string })?.state}`;
  };
  const comesTo = (id: string, wanted: string): Promise<string> =>
    until(
      () => standing(id),
      (is) => is === wanted,
      20_000,
    );
  const startAgent = (): void => {
    const file = path.join(server.data, 'connectors.yaml');
    const token = path.join(server.data, 'agent-token');
    writeFileSync(file, CONNECTORS);
    agent = inside(
      branch as Namespace,
      process.execPath,
      CLI,
      'agent',
      '--server',
      `http://${HQ}:443`,
      '--provider',
      'branch',
      '--connectors',
      file,
      '--token-file',
      token,
    );
    for (const stream of [agent.stdout, agent.stderr])
      stream?.on('data', (chunk) => {
        printed += String(chunk);
      });
  };
  const isolate = (rest: object = {}): Promise<string> =>
    post({ name: 'IsolateHost', parameters: [{ name: 'Host', value: 'web-1.corp.example' }], ...rest });

  beforeAll(async () => {
    [hq, branch, outside] = [createNamespace('hq'), createNamespace('branch'), createNamespace('outside')];
    join([hq, HQ], [branch, BRANCH], 'e0');
    join([outside, STRANGER], [branch, BRANCH_THERE], 'e1');
    server = await startServer({ config: CONFIG, prefix: hq.enter });
    await once(
      inside(hq, process.execPath, '-e', FORWARD, new URL(server.url).port).stdout as NodeJS.ReadableStream,
      'data',
    );
    writeFileSync(path.join(server.data, 'agent-token'), await tokenFor(server, { appId: AGENT }));
    startAgent();
    await until(
      () => printed,
      (text) => text.includes('Agent of provider "branch"'),
    );
  });
  afterAll(async () => {
    for (const child of children) child.kill('SIGKILL');
    await server?.discard();
    for (const namespace of [hq, branch, outside]) namespace?.remove();
  });

  it('blocks an address in its kernel, keeps it blocked, and lets it go', async () => {
    expect(passes()).toBe(true);
    const id = await post({ name: 'BlockIp', parameters: [{ name: 'IP', value: STRANGER }] });
    await comesTo(id, 'Completed inForce');
    expect(passes()).toBe(false);
    const [program = '', ...rest] = (branch as Namespace).enter;
    spawnSync(program, [...rest, 'nft', 'delete', 'table', 'inet', 'interdict']);
    expect(passes()).toBe(true);
    await until(
      () => passes(),
      (is) => !is,
      20_000,
    );
    await comesTo(id, 'Completed inForce');
    await ask('POST', `${ACTIONS}/${id}/cancelSecurityAction`);
    await comesTo(id, 'Completed released');
    expect(passes()).toBe(true);
  });

  it('isolates its own host, whose channel to the server stays, and frees it', async () => {
    const id = await isolate();
    await comesTo(id, 'Completed inForce');
    expect([passes(), comesIn()]).toEqual([false, false]);
    await ask('POST', `${ACTIONS}/${id}/cancelSecurityAction`);
    await comesTo(id, 'Completed released');
    expect([passes(), comesIn()]).toEqual([true, true]);
  });

  it('isolates no other host', async () => {
    const id = await post({ name: 'IsolateHost', parameters: [{ name: 'Host', value: 'db-1.corp.example' }] });
    await comesTo(id, 'Failed none');
    expect(passes()).toBe(true);
  });

  it('that is killed and comes back goes on', async () => {
    const id = await isolate();
    await comesTo(id, 'Completed inForce');
    agent?.kill('SIGKILL');
    await ask('POST', `${ACTIONS}/${id}/cancelSecurityAction`);
    expect(await standing(id)).toBe('Completed releasing');
    startAgent();
    await comesTo(id, 'Completed released');
    expect(passes()).toBe(true);
  });

  it('is set free by its own kernel when the server stays silent', async () => {
    const id = await isolate({ ttl: 'PT5S' });
    await comesTo(id, 'Completed inForce');
    await server.kill();
    agent?.kill('SIGKILL');
    expect(passes()).toBe(false);
    await until(
      () => passes(),
      (is) => is,
      20_000,
    );
  });
});
