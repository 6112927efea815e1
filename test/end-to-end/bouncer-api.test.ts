import { once } from 'node:events';
import net from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { refusalFaults } from '../refusal.ts';
import { ask, type Json, startServer, type TestServer, until } from '../server.ts';

const ACTIONS = '/beta/security/securityActions';
const TENANT = '10ca1000-0000-4000-8000-000000000001';
const KEYS = {
  one: 'a-key-of-the-first-bouncer',
  two: 'a-key-of-the-second-bouncer',
  other: 'a-key-of-some-other-bouncer',
  three: 'a-key-of-one-without-networks',
};

const CONFIG = `
providers:
  - { name: edge, connector: blocklist }
  - { name: inner, connector: blocklist }
  - { name: beside, connector: blocklist }
  - { name: plain, connector: blocklist }
feedKeys:
  - { name: one, tenant: ${TENANT}, providers: [edge], networks: true, key: { env: KEY_ONE } }
  - { name: two, tenant: ${TENANT}, providers: [Inner, beside], key: { env: KEY_TWO } }
  - { name: three, tenant: ${TENANT}, providers: [plain], key: { env: KEY_THREE } }
  - { name: other, tenant: 10ca1000-0000-4000-8000-000000000002, providers: [edge], key: { env: KEY_OTHER } }
`;

interface Told {
  readonly new: readonly Record<string, string | number>[] | null;
  readonly deleted: readonly Record<string, string | number>[] | null;
}

let server: TestServer;
let made = 0;
const anAddress = (): string => {
  made += 1;
  return `198.18.${made >> 8}.${made & 255}`;
};

beforeAll(async () => {
  const env = { KEY_ONE: KEYS.one, KEY_TWO: KEYS.two, KEY_OTHER: KEYS.other, KEY_THREE: KEYS.three };
  server = await startServer({ config: CONFIG, env });
}, 120_000);
afterAll(() => server.discard());

async function block(value: string, provider = 'edge', more: object = {}): Promise<string> {
  const parameters = [{ name: 'IP', value }];
  const body = { name: 'BlockIp', vendorInformation: { provider }, parameters, ...more };
  const { status, json } = await ask(server, ACTIONS, { body });
  expect(status).toBe(201);
  return String(json.id);
}

const get = async (id: string): Promise<Json> => (await ask(server, `${ACTIONS}/${id}`)).json;
const statusOf = async (id: string): Promise<string> => String((await get(id)).status);
const stateOf = async (id: string): Promise<string> => String((await get(id)).enforcement?.state);
const cancel = (id: string) => ask(server, `${ACTIONS}/${id}/cancelSecurityAction`, { method: 'POST' });
const running = (id: string) =>
  until(
    () => statusOf(id),
    (status) => status === 'Running',
  );

const pull = async (query = '', key = KEYS.one): Promise<Told> => {
  const answer = await fetch(`${server.url}/v1/decisions/stream${query}`, { headers: { 'X-Api-Key': key } });
  expect(answer.status).toBe(200);
  return (await answer.json()) as Told;
};

const values = (decisions: Told['new']) => (decisions ?? []).map(({ value }) => String(value));
const told = ({ new: added, deleted }: Told) => ({ added: values(added), deleted: values(deleted) });
const NOTHING = { added: [], deleted: [] };

/** A bouncer whose connection ends before it has read the whole answer: as a process that died. */
async function pullHalf(): Promise<void> {
  const socket = net.connect(Number(new URL(server.url).port), '127.0.0.1');
  await once(socket, 'connect');
  socket.write(`GET /v1/decisions/stream HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Api-Key: ${KEYS.one}\r\n\r\n`);
  await once(socket, 'readable');
  socket.resetAndDestroy();
}

describe("the API of CrowdSec's bouncers", () => {
  it('tells null where there is nothing, and a decision as the local API does', async () => {
    expect(await pull('?startup=true')).toEqual({ new: null, deleted: null });
    const address = anAddress();
    await running(await block(address));
    await running(await block('203.0.112.0/22'));
    const { new: added, deleted } = await pull();
    expect(deleted).toBe(null);
    expect(added).toEqual([
      {
        duration: expect.stringMatching(/^\d+h\d+m[\d.]+s$/),
        id: expect.any(Number),
        origin: 'interdict',
        scenario: 'interdict/edge',
        scope: 'Range',
        type: 'ban',
        value: '203.0.112.0/22',
      },
      expect.objectContaining({ scope: 'Ip', value: address }),
    ]);
    expect(await pull()).toEqual({ new: null, deleted: null });
  });

  it('counts a pull as the key having the list: Completed, and released, follow', async () => {
    const address = anAddress();
    const id = await block(address);
    await running(id);
    expect(told(await pull()).added).toEqual([address]);
    expect(await statusOf(id)).toBe('Completed');
    expect(await stateOf(id)).toBe('inForce');
    await cancel(id);
    expect(await stateOf(id)).toBe('releasing');
    expect(told(await pull())).toEqual({ added: [], deleted: [address] });
    expect(await stateOf(id)).toBe('released');
    expect(told(await pull())).toEqual(NOTHING);
  });

  it('tells again what an answer had that may not have arrived, and takes it for neither there nor gone', async () => {
    const [there, coming] = [anAddress(), anAddress()];
    const held = await block(there);
    await running(held);
    await pull();
    expect(await stateOf(held)).toBe('inForce');
    await cancel(held);
    const id = await block(coming);
    await running(id);
    // Some of these may have gone out whole before the connection ended: then they count, and rightly so.
    await pullHalf();
    const next = told(await pull());
    if (next.added.length > 0) expect(next.added).toEqual([coming]);
    if (next.deleted.length > 0) expect(next.deleted).toEqual([there]);
    expect(await stateOf(id)).toBe('inForce');
    expect(await stateOf(held)).toBe('released');
  });

  it('at a start tells everything, and what is gone: a bouncer may have been killed with it', async () => {
    const [gone, stays] = [anAddress(), anAddress()];
    const id = await block(gone);
    await running(id);
    await running(await block(stays));
    await pull();
    await cancel(id);
    const begun = told(await pull('?startup=true'));
    expect(begun.added).toContain(stays);
    expect(begun.added).not.toContain(gone);
    expect(begun.deleted).toContain(gone);
    expect(await stateOf(id)).toBe('released');
    expect(told(await pull())).toEqual(NOTHING);
  });

  it('what is blocked again behind a release that was told comes again', async () => {
    const address = anAddress();
    const first = await block(address);
    await running(first);
    await pull();
    await cancel(first);
    const second = await block(address);
    await running(second);
    const both = told(await pull());
    expect(both.deleted).toEqual([]);
    expect(await stateOf(second)).toBe('inForce');
    await cancel(second);
    expect(told(await pull()).deleted).toEqual([address]);
  });

  it('several providers of a key are one list for it', async () => {
    const address = anAddress();
    expect(told(await pull('?startup=true', KEYS.two)).added).toEqual([]);
    const [inner, beside] = [await block(address, 'inner'), await block(address, 'beside')];
    await running(inner);
    await running(beside);
    expect(new Set(told(await pull('', KEYS.two)).added)).toEqual(new Set([address]));
    expect([await stateOf(inner), await stateOf(beside)]).toEqual(['inForce', 'inForce']);
    await cancel(inner);
    expect(told(await pull('', KEYS.two)).deleted).toEqual([]);
    expect([await stateOf(inner), await stateOf(beside)]).toEqual(['released', 'inForce']);
    await cancel(beside);
    expect(told(await pull('', KEYS.two)).deleted).toEqual([address]);
    expect(await stateOf(beside)).toBe('released');
  });

  it('answers a HEAD, which does not count', async () => {
    const id = await block(anAddress());
    await running(id);
    const url = `${server.url}/v1/decisions/stream`;
    const head = await fetch(url, { method: 'HEAD', headers: { 'X-Api-Key': KEYS.one } });
    expect(head.status).toBe(200);
    expect(await statusOf(id)).toBe('Running');
    await pull();
  });

  it.each([
    ['?scopes=Ip', 'scopes'],
    ['?startup=true&scopes=range', 'scopes'],
    ['?origins=cscli', 'origins'],
    ['?scenarios_not_containing=interdict', 'scenarios_not_containing'],
  ])('refuses %s: nobody could say what a bouncer has that asks for a part', async (query, target) => {
    const answer = await fetch(`${server.url}/v1/decisions/stream${query}`, { headers: { 'X-Api-Key': KEYS.one } });
    const { status, headers } = answer;
    const refused = { status: 400, inner: 'invalidQueryOption', target } as const;
    expect(refusalFaults({ status, headers, body: await answer.text() }, refused)).toEqual([]);
  });

  it('takes options that leave nothing out', async () => {
    const address = anAddress();
    const id = await block(address);
    await running(id);
    expect(told(await pull('?scopes=ip,range&origins=cscli,interdict&dedup=true')).added).toEqual([address]);
    expect(await statusOf(id)).toBe('Completed');
  });

  it('tells no network to a bouncer that blocks none, and its action does not read Completed', async () => {
    const [network, address] = ['198.51.100.0/24', '198.51.100.0'];
    const wide = await block(network, 'plain');
    const one = await block(address, 'plain');
    await running(one);
    expect(told(await pull('?startup=true', KEYS.three))).toEqual({ added: [address], deleted: [] });
    expect([await statusOf(wide), await stateOf(one)]).toEqual(['Running', 'inForce']);
    await cancel(wide);
    expect(told(await pull('?scopes=ip', KEYS.three)), 'its first address is another one’s').toEqual(NOTHING);
    expect([await stateOf(wide), await stateOf(one)]).toEqual(['released', 'inForce']);
  });

  it('tells an address again that goes with a network', async () => {
    const [network, address] = ['203.0.113.0/24', '203.0.113.0'];
    const [wide, one] = [await block(network), await block(address)];
    await running(wide);
    await running(one);
    await pull();
    await cancel(wide);
    expect(told(await pull())).toEqual({ added: [address], deleted: [network] });
    expect([await stateOf(wide), await stateOf(one)]).toEqual(['released', 'inForce']);
  });

  it('is asked about one address by whoever asks each time', async () => {
    const address = anAddress();
    await running(await block(address));
    await running(await block('198.18.0.0/16'));
    const about = async (query: string): Promise<unknown> => {
      const answer = await fetch(`${server.url}/v1/decisions${query}`, { headers: { 'X-Api-Key': KEYS.one } });
      expect(answer.status).toBe(200);
      const decisions = (await answer.json()) as Told['new'];
      return decisions && values(decisions).toSorted();
    };
    expect(await about(`?ip=${address}`)).toEqual(['198.18.0.0/16', address]);
    expect(await about(`?ip=${address}&scopes=Ip`)).toEqual([address]);
    expect(await about('?range=198.18.0.0/17')).toEqual(['198.18.0.0/16']);
    expect(await about('?ip=192.0.2.1')).toBe(null);
    expect(await about('?ip=192.0.2.1&type=captcha')).toBe(null);
    expect(await about(`?value=${address}`)).toEqual([address]);
    const brief = anAddress();
    await running(await block(brief, 'edge', { ttl: 'PT2M' }));
    const { headers } = { headers: { 'X-Api-Key': KEYS.one } };
    const listed = await (await fetch(`${server.url}/v1/decisions?value=${brief}`, { headers })).json();
    expect(listed, 'with its true end').toMatchObject([{ duration: expect.stringMatching(/^0h[01]m[\d.]+s$/) }]);
    expect(await about('')).toContain(address);
    const bad = await fetch(`${server.url}/v1/decisions?ip=localhost`, { headers: { 'X-Api-Key': KEYS.one } });
    expect(bad.status).toBe(400);
  });

  it('takes the counts of newer bouncers', async () => {
    const headers = { 'X-Api-Key': KEYS.one, 'Content-Type': 'application/json' };
    const body = JSON.stringify({ remediation_components: [{ type: 'crowdsec-firewall-bouncer', metrics: [] }] });
    const answer = await fetch(`${server.url}/v1/usage-metrics`, { method: 'POST', headers, body });
    expect([answer.status, await answer.text()]).toEqual([201, '']);
  });

  it('knows its keys, and no other way in', async () => {
    for (const path of ['/v1/decisions', '/v1/decisions/stream?startup=true']) {
      const ways: readonly Record<string, string>[] = [
        {},
        { 'X-Api-Key': 'wrong' },
        { 'X-Api-Key': '' },
        { Authorization: `Bearer ${server.token()}` },
        { Authorization: `Basic ${Buffer.from(`x:${KEYS.one}`).toString('base64')}` },
        { 'X-Api-Key': 'x'.repeat(2_000) },
      ];
      for (const headers of ways) {
        expect((await fetch(`${server.url}${path}`, { headers })).status, JSON.stringify(headers)).toBe(403);
      }
    }
    const foreign = await pull('?startup=true', KEYS.other);
    expect(told(foreign), "another tenant's key sees nothing of this one").toEqual(NOTHING);
  });

  it('remembers over a restart, and a kill, what a key has', async () => {
    const [kept, gone] = [anAddress(), anAddress()];
    const id = await block(gone);
    await running(id);
    await running(await block(kept));
    await pull();
    await cancel(id);
    await server.kill();
    server = await server.again();
    expect(told(await pull())).toEqual({ added: [], deleted: [gone] });
    await until(
      () => stateOf(id),
      (state) => state === 'released',
    );
    expect(told(await pull())).toEqual(NOTHING);
  }, 60_000);

  it('whose key loses a provider lets go of what it had of it', async () => {
    const [lost, shared, kept] = [anAddress(), anAddress(), anAddress()];
    const ids = [await block(lost, 'inner'), await block(shared, 'inner')] as const;
    await running(await block(shared, 'beside'));
    await running(await block(kept, 'beside'));
    for (const id of ids) await running(id);
    await pull('', KEYS.two);
    expect(await stateOf(ids[0])).toBe('inForce');
    await cancel(ids[0]);
    const env = { KEY_ONE: KEYS.one, KEY_TWO: KEYS.two, KEY_OTHER: KEYS.other, KEY_THREE: KEYS.three };
    const config = CONFIG.replace('[Inner, beside]', '[beside]');
    await server.kill();
    server = await startServer({ data: server.data, config, env });
    expect(await stateOf(ids[0]), 'the bouncer has it still').toBe('releasing');
    expect(told(await pull('', KEYS.two))).toEqual({ added: [], deleted: [lost] });
    await until(
      () => stateOf(ids[0]),
      (state) => state === 'released',
    );
    expect(told(await pull('', KEYS.two))).toEqual(NOTHING);
    await cancel(ids[1]);
    await until(
      () => stateOf(ids[1]),
      (state) => state === 'released',
    );
    await server.kill();
    server = await startServer({ data: server.data, config: CONFIG, env });
    const again = anAddress();
    await running(await block(again, 'inner'));
    expect(told(await pull('', KEYS.two)).added).toContain(again);
  }, 60_000);
});
