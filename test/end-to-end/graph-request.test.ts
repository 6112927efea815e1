import { ApiError, type Client, createClient } from '@interdict/client';
import type { SecurityAction } from '@interdict/contract';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ask, startServer, type TestServer, until } from '../server.ts';
import { WebhookReceiver, webhookProvider } from '../webhook-receiver.ts';

/** Microsoft Graph's own documented request. */
const DOCUMENTED = {
  name: 'BlockIp',
  actionReason: 'Test',
  parameters: [{ name: 'IP', value: '1.2.3.4' }],
  vendorInformation: { provider: 'Windows Defender ATP', vendor: 'Microsoft' },
};

const PROPERTIES = [
  '@odata.context',
  'id',
  'actionReason',
  'appId',
  'azureTenantId',
  'clientContext',
  'completedDateTime',
  'createdDateTime',
  'lastActionDateTime',
  'name',
  'parameters',
  'states',
  'status',
  'user',
  'vendorInformation',
  'enforcement',
];

const LONG_JSON = 'application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8';

describe("Graph's documented request", () => {
  let server: TestServer;
  let client: Client;
  const receiver = new WebhookReceiver();

  beforeAll(async () => {
    await receiver.start();
    server = await startServer({
      env: { HOOK_SECRET: receiver.secret },
      config: `providers:
  - { name: defender, aliases: [ Windows Defender ATP ], vendor: Microsoft, connector: simulator }
  - { name: blocklist, connector: blocklist }
${webhookProvider(receiver, 'edge', 'verify: true')}`,
    });
    client = createClient({ baseUrl: server.url, token: () => server.token() });
  });
  afterAll(async () => {
    await server.discard();
    await receiver.stop();
  });

  const reaches = (id: string, state: string): Promise<SecurityAction> =>
    until(
      () => client.actions.get(id),
      ({ enforcement }) => enforcement.state === state,
    );

  it('is answered as Graph answers it', async () => {
    const answer = await ask(server, '/beta/security/securityActions', {
      body: DOCUMENTED,
      headers: { 'client-request-id': 'e70c5c1b-8b47-68c0-3171-3d22f5e0bd54' },
    });
    expect(answer.status).toBe(201);
    expect(Object.keys(answer.json)).toEqual(PROPERTIES);
    expect(answer.json).toMatchObject({ ...DOCUMENTED, status: 'NotStarted', clientContext: null, user: null });
    expect(answer.json['@odata.context']).toBe(`${server.url}/beta/$metadata#security/securityActions/$entity`);
    const id = String(answer.json.id);
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'content-type': LONG_JSON,
      location: `${server.url}/beta/security/securityActions/${id}`,
      etag: 'W/"1"',
      'client-request-id': 'e70c5c1b-8b47-68c0-3171-3d22f5e0bd54',
      'odata-version': '4.0',
      'cache-control': 'no-cache',
    });
    const done = await reaches(id, 'inForce');
    expect(done.status).toBe('Completed');
    expect(done.states.map(({ status }) => status)).toEqual(['NotStarted', 'Running', 'Completed']);
    expect(done.enforcement).toMatchObject({ provider: 'defender', target: 'ip:1.2.3.4', simulated: true });
    expect(done.completedDateTime).toBe(done.states.at(-1)?.updatedDateTime);
  });

  it.each(['defender', 'edge'])('goes its whole way at %s', async (provider) => {
    const input = {
      name: 'blockIp',
      parameters: [{ name: 'ip', value: '198.51.100.7' }],
      vendorInformation: { provider },
    };
    const { id } = await client.actions.create(input);
    await reaches(id, 'inForce');
    await client.actions.cancel(id, 'It was the wrong address.');
    await client.actions.cancel(id);
    const released = await reaches(id, 'released');
    expect(released.status).toBe('Completed');
    await client.actions.delete(id);
    await expect(client.actions.get(id)).rejects.toThrow('There is no securityAction');
  });

  it('goes its whole way through a firewall that polls the blocklist', async () => {
    const input = {
      name: 'BlockIp',
      parameters: [{ name: 'IP', value: '198.51.100.0/25' }],
      vendorInformation: { provider: 'blocklist' },
    };
    const { id } = await client.actions.create(input);
    await until(
      () => client.actions.get(id),
      ({ status }) => status === 'Running',
    );
    const poll = async (etag?: string): Promise<Response> =>
      fetch(`${server.url}/feeds/blocklist/ip.txt`, {
        headers: {
          Authorization: `Basic ${Buffer.from(`any:${server.feedKey()}`).toString('base64')}`,
          ...(etag !== undefined && { 'If-None-Match': etag }),
        },
      });
    const looked = await ask(server, '/feeds/blocklist/ip.json');
    expect(looked.json.value).toMatchObject([{ entry: '198.51.100.0/25', actionIds: [id] }]);
    expect((await client.actions.get(id)).status).toBe('Running');
    const first = await poll();
    expect(await first.text()).toBe('198.51.100.0/25\n');
    await reaches(id, 'inForce');
    const same = await poll(first.headers.get('etag') ?? '');
    expect(same.status).toBe(304);
    await client.actions.cancel(id);
    expect((await client.actions.get(id)).enforcement.state).toBe('releasing');
    const emptied = await poll(first.headers.get('etag') ?? '');
    expect([emptied.status, await emptied.text()]).toEqual([200, '']);
    await reaches(id, 'released');
  });

  it('runs every example of the catalogue as it stands', async () => {
    for await (const provider of client.providers.list()) {
      for (const { name, example, parameterSchema, d3fend, verification } of provider.actions) {
        const created = await client.actions.create(example as never);
        expect(created.enforcement).toMatchObject({ provider: provider.id, action: name, verification });
        expect(parameterSchema.type).toBe('object');
        expect(d3fend).toMatch(/^D3-/);
        await client.actions.cancel(created.id);
      }
    }
    expect((await client.providers.get('Edge')).connector).toBe('webhook');
  });

  it('is listed newest first, counted, and found in force', async () => {
    const made: string[] = [];
    for (let index = 1; index <= 5; index += 1) {
      const parameters = [{ name: 'IP', value: `198.51.100.${100 + index}` }];
      made.push(
        (await client.actions.create({ name: 'BlockIp', parameters, vendorInformation: { provider: 'defender' } })).id,
      );
    }
    const listed: string[] = [];
    for await (const { id } of client.actions.list({ pageSize: 2 })) listed.push(id);
    expect(listed.slice(0, 5)).toEqual([...made].reverse());
    expect(new Set(listed).size).toBe(listed.length);
    expect(await client.actions.count()).toBe(listed.length);
    const { json } = await ask(server, '/v1.0/security/securityActions?$count=true&$top=1');
    expect(json['@odata.count']).toBe(listed.length);
    expect(String(json['@odata.nextLink'])).toMatch(
      /^http:\/\/127\.0\.0\.1:\d+\/v1\.0\/security\/securityActions\?\$skiptoken=[\w.-]+$/,
    );
    await reaches(made[0] ?? '', 'inForce');
    const targets: string[] = [];
    for await (const { target } of client.enforcements.list()) targets.push(target);
    expect(targets).toContain('ip:198.51.100.101');
  });

  it('is not made twice under one key', async () => {
    const input = {
      name: 'BlockDomain',
      parameters: [{ name: 'Domain', value: 'evil.example' }],
      vendorInformation: { provider: 'defender' },
    };
    const [one, two] = await Promise.all([
      client.actions.create(input, { idempotencyKey: 'a key' }),
      client.actions.create(input, { idempotencyKey: 'a key' }),
    ]);
    expect(two.id).toBe(one.id);
    const other = client.actions.create({ ...input, actionReason: 'other' }, { idempotencyKey: 'a key' });
    const error = await other.catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({ status: 422, code: 'unprocessableEntity', innerCode: 'repeatabilityMismatch' });
  });

  it("tells an unknown provider in Graph's own words, and which there are", async () => {
    const error = await client.actions
      .create({ ...DOCUMENTED, vendorInformation: { provider: 'defendr' } })
      .catch((thrown: unknown) => thrown as ApiError);
    expect(error).toMatchObject({ status: 400, innerCode: 'unknownProvider', target: 'vendorInformation/provider' });
    expect(String((error as ApiError).message)).toMatch(
      /^Cannot find a provider for this request.*Did you mean "defender"\?.*defender, blocklist, edge/,
    );
  });
});
