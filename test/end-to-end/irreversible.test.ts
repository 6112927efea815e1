import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { refusalFaults } from '../refusal.ts';
import { ask, type Reply, startServer, type TestServer, until } from '../server.ts';
import { tokenFor } from '../tenant-token.ts';

const ACTIONS = '/beta/security/securityActions';
const CONFIG =
  'providers:\n  - { name: oneway, connector: simulator }\n  - { name: simulator, connector: simulator }\n';

describe('an action that nothing takes back', () => {
  let server: TestServer;

  beforeAll(async () => {
    const main = path.join(import.meta.dirname, '..', 'irreversible-server.ts');
    server = await startServer({ config: CONFIG, main });
  }, 120_000);
  afterAll(() => server?.discard());

  async function post(ip: string, rest: object = {}): Promise<string> {
    const body = {
      name: 'BlockIp',
      parameters: [{ name: 'IP', value: ip }],
      vendorInformation: { provider: 'oneway' },
    };
    const { status, json, text } = await ask(server, ACTIONS, { body: { ...body, ...rest } });
    expect(status, text).toBe(201);
    return String(json.id);
  }
  const cancel = (id: string, version = 'beta', token?: string): Promise<Reply> =>
    ask(server, `/${version}/security/securityActions/${id}/cancelSecurityAction`, {
      method: 'POST',
      ...(token !== undefined && { token }),
    });
  const get = async (id: string): Promise<Reply> => await ask(server, `${ACTIONS}/${id}`);
  const stateOf = async (id: string): Promise<string> => {
    const { json } = await get(id);
    return `${json.status}/${json.enforcement?.state}`;
  };
  const becomes = (id: string, state: string): Promise<string> =>
    until(
      () => stateOf(id),
      (found) => found === state,
      20_000,
    );
  const faultsOf = (answer: Reply): readonly string[] =>
    refusalFaults(
      { ...answer, body: answer.text },
      { status: 409, code: 'conflict', inner: 'notCancellable', target: 'id', says: /nothing takes it back/ },
    );

  it('says so in the catalogue', async () => {
    const saysOf = async (id: string): Promise<readonly boolean[]> => {
      const { json } = await ask(server, `/beta/security/securityActionProviders/${id}`);
      const actions = json.actions as unknown as readonly { readonly reversible: boolean }[];
      return [...new Set(actions.map(({ reversible }) => reversible))];
    };
    expect([await saysOf('oneway'), await saysOf('simulator')]).toEqual([[false], [true]]);
  });

  it('is not cancelled once it was sent, and stays as it is', { timeout: 60_000 }, async () => {
    const sent = await post('203.0.113.2');
    const done = await post('198.51.100.1');
    await becomes(done, 'Completed/inForce');
    await becomes(sent, 'Running/pending');
    expect(faultsOf(await cancel(sent))).toEqual([]);
    const before = (await get(done)).text;
    for (const version of ['beta', 'v1.0', 'beta']) expect(faultsOf(await cancel(done, version))).toEqual([]);
    expect((await get(done)).text).toBe(before);
    await becomes(sent, 'Completed/inForce');
    expect(faultsOf(await cancel(sent))).toEqual([]);
    expect(await stateOf(done)).toBe('Completed/inForce');
  });

  it('is not there for a stranger, as any other', async () => {
    const done = await post('198.51.100.2');
    await becomes(done, 'Completed/inForce');
    const stranger = await tokenFor(server, { tenantId: randomUUID() });
    expect((await cancel(done, 'beta', stranger)).status).toBe(404);
  });

  it('is cancelled before it is sent, and where it is over that changes nothing', { timeout: 60_000 }, async () => {
    const scheduled = await post('198.51.100.3', { scheduledDateTime: new Date(Date.now() + 3_600_000).toISOString() });
    expect(await stateOf(scheduled)).toMatch(/^NotStarted/);
    expect((await cancel(scheduled)).status).toBe(200);
    expect(await stateOf(scheduled)).toBe('Failed/none');
    const refused = await post('203.0.113.4');
    await becomes(refused, 'Failed/none');
    const before = (await get(refused)).text;
    const answer = await cancel(refused);
    expect([answer.status, answer.text]).toEqual([200, '']);
    expect((await get(refused)).text).toBe(before);
  });

  it('beside one that can be taken back, which is', { timeout: 60_000 }, async () => {
    const held = await post('198.51.100.4', { vendorInformation: { provider: 'simulator' } });
    await becomes(held, 'Completed/inForce');
    expect((await cancel(held)).status).toBe(200);
    await becomes(held, 'Completed/released');
  });
});
