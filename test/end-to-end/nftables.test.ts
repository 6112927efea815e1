import { execFileSync } from 'node:child_process';
import { chmodSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type Client, createClient } from '@interdict/client';
import type { SecurityAction } from '@interdict/contract';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { CLIENT, createGateway, type Gateway, SERVER } from '../../packages/connectors/src/nftables/testing/gateway.ts';
import { requirement } from '../requirement.ts';
import { aDataFolder, startServer, type TestServer, until } from '../server.ts';

/** Rules are loaded in the gateway's own namespace only: the configured nft is a way into it. */
function nftOf(gateway: Gateway, folder: string): string {
  const file = path.join(folder, 'nft-of-the-gateway');
  writeFileSync(file, `#!/bin/sh\nexec ${gateway.namespace.enter.join(' ')} nft "$@"\n`);
  chmodSync(file, 0o755);
  return file;
}

describe.skipIf(!requirement('nftables').ok)('from the documented request to a dropped packet', () => {
  let gateway: Gateway;
  let server: TestServer;
  let client: Client;

  const nft = (...args: string[]): string => {
    const [command = '', ...before] = gateway.namespace.enter;
    return execFileSync(command, [...before, 'nft', ...args], { encoding: 'utf8' });
  };

  beforeAll(async () => {
    gateway = await createGateway();
    const data = aDataFolder();
    server = await startServer({
      data,
      config: `providers: [ { name: edge, connector: nftables, nft: ${nftOf(gateway, data)}, verifyEvery: PT1S } ]`,
    });
    client = createClient({ baseUrl: server.url, token: () => server.token() });
  });
  afterEach(async () => {
    for await (const action of client.actions.list()) await client.actions.cancel(action.id);
    await until(
      async () => (await Array.fromAsync(client.enforcements.list())).length,
      (count) => count === 0,
    );
  });
  afterAll(async () => {
    await server?.discard();
    await gateway?.remove();
  });

  const block = (target: string, rest: object = {}): Promise<SecurityAction> =>
    client.actions.create({
      name: 'BlockIp',
      parameters: [{ name: 'IP', value: target }],
      vendorInformation: { provider: 'edge' },
      ...rest,
    });
  const flows = async (to: string): Promise<void> => {
    const { sent, echoed } = await gateway.probe(to, 50);
    expect(echoed).toBe(sent);
  };
  const reaches = (action: SecurityAction, state: string): Promise<SecurityAction> =>
    until(
      () => client.actions.get(action.id),
      ({ enforcement }) => enforcement.state === state,
    );

  it.each([
    ['an address', CLIENT.v4, SERVER.v4],
    ['a network', '198.51.100.0/24', SERVER.v4],
    ['an IPv6 address', CLIENT.v6, SERVER.v6],
    ['an IPv6 network', '2001:db8:1::/64', SERVER.v6],
  ])(
    'drops what comes from %s before the action says Completed, and lets it flow again after a cancel',
    async (_, target, to) => {
      await flows(to);
      const action = await block(target);
      expect((await reaches(action, 'inForce')).status).toBe('Completed');
      const before = await gateway.arrived();
      const blocked = await gateway.probe(to, 100);
      expect(blocked).toEqual({ sent: blocked.sent, echoed: 0 });
      expect(await gateway.arrived()).toBe(before);
      const counters = nft('list', 'table', 'inet', 'interdict')
        .split('\n')
        .filter((line) => /packets [1-9]/.test(line));
      console.log(`${target}: ${blocked.sent} sent, 0 arrived; ${counters.map((line) => line.trim()).join(' | ')}`);
      expect(counters.length).toBeGreaterThan(0);
      await client.actions.cancel(action.id);
      await reaches(action, 'released');
      await flows(to);
    },
  );

  it('lets it flow again when the action expires, by the clock of the server', async () => {
    const action = await block(CLIENT.v4, { ttl: 'PT2S' });
    await reaches(action, 'inForce');
    expect((await gateway.probe(SERVER.v4, 30)).echoed).toBe(0);
    await reaches(action, 'released');
    await flows(SERVER.v4);
  });

  it('cuts a connection that already stands', async () => {
    await gateway.order({ kind: 'connect', address: SERVER.v4 });
    expect((await gateway.order({ kind: 'say', text: 'before', withinMs: 2_000 })).isHeard).toBe(true);
    const action = await block(CLIENT.v4);
    await reaches(action, 'inForce');
    expect((await gateway.order({ kind: 'say', text: 'during', withinMs: 500 })).isHeard).toBe(false);
    await client.actions.cancel(action.id);
    await reaches(action, 'released');
    expect((await gateway.order({ kind: 'say', text: 'after', withinMs: 5_000 })).isHeard).toBe(true);
  });

  it("never lifts an administrator's own block, in our table or in his", async () => {
    nft(
      'add table inet mine; add chain inet mine f { type filter hook forward priority 0; }; add rule inet mine f ip saddr 198.51.100.77 drop',
    );
    const first = await block(CLIENT.v4);
    await reaches(first, 'inForce');
    await client.actions.cancel(first.id);
    await reaches(first, 'released');
    const set = /set (block4_32_\w+|\w*4\w*32\w*) \{/.exec(nft('list', 'table', 'inet', 'interdict'))?.[1];
    nft(`add element inet interdict ${set} { ${CLIENT.v4} }`);
    const action = await block(CLIENT.v4);
    expect((await reaches(action, 'inForce')).enforcement).toMatchObject({ preexisting: true });
    await client.actions.cancel(action.id);
    await reaches(action, 'released');
    expect((await gateway.probe(SERVER.v4, 30)).echoed).toBe(0);
    expect(nft('list', 'ruleset')).toContain('198.51.100.77 drop');
    nft(`delete element inet interdict ${set} { ${CLIENT.v4} }; delete table inet mine`);
  });

  it('puts a block back that another tool flushed away, and says that it had vanished', async () => {
    const action = await block(CLIENT.v4);
    await reaches(action, 'inForce');
    nft('flush ruleset');
    await until(
      () => gateway.probe(SERVER.v4, 10),
      ({ echoed }) => echoed === 0,
      20_000,
    );
    await reaches(action, 'inForce');
    const [row] = await Array.fromAsync(client.enforcements.list());
    expect(row?.drift.count).toBe(1);
  });

  it('keeps two actions on one address apart: the block leaves with the last', async () => {
    const one = await block(CLIENT.v4);
    const two = await block(CLIENT.v4, { ttl: 'PT1H' });
    await Promise.all([reaches(one, 'inForce'), reaches(two, 'inForce')]);
    await client.actions.cancel(one.id);
    expect((await reaches(one, 'released')).enforcement).toMatchObject({ heldByOthers: 1 });
    expect((await gateway.probe(SERVER.v4, 30)).echoed).toBe(0);
    await client.actions.cancel(two.id);
    await reaches(two, 'released');
    await flows(SERVER.v4);
  });

  it('still blocks after kill -9 of the server, and releases after its restart', async () => {
    const action = await block(CLIENT.v4);
    await reaches(action, 'inForce');
    await server.kill();
    expect((await gateway.probe(SERVER.v4, 30)).echoed).toBe(0);
    server = await server.again();
    client = createClient({ baseUrl: server.url, token: () => server.token() });
    await client.actions.cancel(action.id);
    await reaches(action, 'released');
    await flows(SERVER.v4);
  });
});
