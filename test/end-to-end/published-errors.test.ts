import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type PublishedApi, type PublishedOperation, readPublishedApi } from '../published-api.ts';
import { ask, type Reply, startServer, type TestServer, until } from '../server.ts';
import { tokenFor } from '../tenant-token.ts';

const ACTIONS = '/beta/security/securityActions';
let server: TestServer;
let api: PublishedApi;

beforeAll(async () => {
  server = await startServer({ config: 'limits:\n  requestsPerMinute: { patch: 2 }\n' });
  api = await readPublishedApi(server);
});
afterAll(() => server?.discard());

describe('query options', () => {
  const OPTIONS = [
    'filter',
    'orderby',
    'select',
    'expand',
    'search',
    'top',
    'skip',
    'count',
    'skiptoken',
    'deltatoken',
  ];

  const isServed = async ({ path: target }: PublishedOperation, option: string): Promise<boolean> => {
    const where = target.replace('{asset}', 'initializer.js').replace('{provider}/{file}', 'blocklist/ip.txt');
    const { status, text } = await ask(server, `${where.replaceAll(/\{\w+\}/g, 'x')}?$${option}=1`);
    return !(status === 400 && text.includes('is not served here'));
  };

  it('that are described are served, and no others', async () => {
    // CrowdSec's API has options of its own.
    const reads = [...api.operations.values()].filter(
      ({ method, path: where }) => method === 'GET' && !where.startsWith('/v1/'),
    );
    expect(reads.length).toBeGreaterThan(15);
    for (const operation of reads) {
      const served = await Promise.all(OPTIONS.map((option) => isServed(operation, option)));
      const described = OPTIONS.map((option) =>
        operation.parameters.some(({ name, in: place }) => place === 'query' && name === `$${option}`),
      );
      expect(served, operation.operationId).toEqual(described);
    }
  });
});

describe('the error that is described', () => {
  const body = {
    name: 'BlockIp',
    parameters: [{ name: 'IP', value: '203.0.113.77' }],
    vendorInformation: { provider: 'simulator' },
  };
  const key = { 'Idempotency-Key': 'described' };
  const keyed = async (): Promise<string> => {
    const { json } = await ask(server, ACTIONS, { body, headers: key });
    await until(
      async () => (await ask(server, `${ACTIONS}/${json.id}`)).json.status,
      (status) => String(status) === 'Completed',
    );
    return `${ACTIONS}/${json.id}`;
  };
  const cases: readonly (readonly [number, () => Promise<Reply>])[] = [
    [400, () => ask(server, ACTIONS, { body: { ...body, parameters: [{ name: 'IP', value: '203.0.113.999' }] } })],
    [401, () => ask(server, ACTIONS, { token: null })],
    [
      403,
      async () =>
        ask(server, ACTIONS, { body, token: await tokenFor(server, { permissions: ['SecurityActions.Read.All'] }) }),
    ],
    [404, () => ask(server, `${ACTIONS}/01a21543-a2c2-705c-815c-a7478ead0599`)],
    [406, () => ask(server, ACTIONS, { headers: { Accept: 'text/html' } })],
    [412, async () => ask(server, await keyed(), { headers: { 'If-Match': 'W/"1"' } })],
    [413, () => ask(server, ACTIONS, { body: { ...body, actionReason: 'x'.repeat(300_000) } })],
    [415, () => ask(server, ACTIONS, { body: 'x', headers: { 'Content-Type': 'text/plain' } })],
    [422, () => ask(server, ACTIONS, { body: { ...body, actionReason: 'another' }, headers: key })],
    [409, async () => ask(server, await keyed(), { method: 'DELETE' })],
    [
      410,
      async () => {
        const action = await keyed();
        await ask(server, `${action}/cancelSecurityAction`, { method: 'POST' });
        await until(
          async () => (await ask(server, action)).json.enforcement?.state,
          (state) => String(state) === 'released',
        );
        await ask(server, action, { method: 'DELETE' });
        return await ask(server, ACTIONS, { body, headers: key });
      },
    ],
    [
      429,
      async () => {
        const token = await tokenFor(server, { appId: '44444444-4444-4444-8444-444444444444' });
        const patch = (): Promise<Reply> => ask(server, `${ACTIONS}/x`, { method: 'PATCH', body: {}, token });
        await patch();
        await patch();
        return await patch();
      },
    ],
  ];

  it.each(cases)('%s is told as described', async (status, cause) => {
    const { json, headers, status: given } = await cause();
    const told = json.error as unknown as Readonly<Record<string, unknown>>;
    const shape = (error: typeof told): unknown => ({
      ...error,
      message: String(error.message).replace(/in \d+ s/, 'in a while'),
      innerError: { code: (error.innerError as { code?: string }).code },
    });
    expect([given, shape(told)]).toEqual([status, shape(api.errorOf(status))]);
    expect(headers.has('retry-after')).toBe(status === 429);
    expect(headers.has('www-authenticate')).toBe([401, 403].includes(status));
  });
});
