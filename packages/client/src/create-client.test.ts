import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, it } from 'vitest';
import { ApiError, type Client, createClient } from './index.ts';

interface Asked {
  readonly line: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

interface Scripted {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** A server that notes what it is asked, and answers what a test says. */
interface ScriptedServer {
  readonly url: string;
  readonly asked: readonly Asked[];
  readonly client: Client;
}

const open: Server[] = [];
afterEach(async () => {
  for (const server of open.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

async function answering(answers: (url: string, origin: string) => Scripted): Promise<ScriptedServer> {
  const asked: Asked[] = [];
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      asked.push({ line: `${request.method} ${request.url}`, headers: request.headers, body });
      const answer = answers(request.url ?? '', `http://${request.headers.host}`);
      response.writeHead(answer.status ?? 200, answer.headers).end(answer.body);
    });
  });
  open.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { url, asked, client: createClient({ baseUrl: url, token: 'the-token' }) };
}

const ACTION = '{"id":"a1","name":"BlockIp"}';

describe('a client', () => {
  it('asks for an action with its token, as JSON, and under a key where it has one', async () => {
    const { client, asked } = await answering(() => ({ status: 201, body: ACTION }));
    const input = { name: 'BlockIp', parameters: [{ name: 'IP', value: '203.0.113.9' }] };
    expect(await client.actions.create(input, { idempotencyKey: 'a "key"' })).toEqual(JSON.parse(ACTION));
    await client.actions.create(input);
    const [first, second] = asked;
    expect(first?.line).toBe('POST /beta/security/securityActions');
    expect(first?.headers).toMatchObject({
      authorization: 'Bearer the-token',
      'content-type': 'application/json',
      'idempotency-key': '"a \\"key\\""',
    });
    expect(JSON.parse(first?.body ?? '')).toEqual(input);
    expect(second?.headers['idempotency-key']).toBeUndefined();
  });

  it.each<[string, (client: Client) => Promise<unknown>, string, string]>([
    ['gets one', ({ actions }) => actions.get('a/1 ?'), 'GET /beta/security/securityActions/a%2F1%20%3F', ''],
    [
      'cancels one',
      ({ actions }) => actions.cancel('a1'),
      'POST /beta/security/securityActions/a1/cancelSecurityAction',
      '',
    ],
    [
      'says why it cancels one',
      ({ actions }) => actions.cancel('a1', 'wrong'),
      'POST /beta/security/securityActions/a1/cancelSecurityAction',
      '{"reason":"wrong"}',
    ],
    ['deletes one', ({ actions }) => actions.delete('a1'), 'DELETE /beta/security/securityActions/a1', ''],
    [
      'gets a provider',
      ({ providers }) => providers.get('edge'),
      'GET /beta/security/securityActionProviders/edge',
      '',
    ],
  ])('%s', async (_promise, run, line, body) => {
    const { client, asked } = await answering(() => ({ body: ACTION }));
    await run(client);
    expect(asked.map((each) => [each.line, each.body, each.headers['content-type']])).toEqual([
      [line, body, body === '' ? undefined : 'application/json'],
    ]);
  });

  it('counts', async () => {
    const { client } = await answering(() => ({ headers: { 'Content-Type': 'text/plain' }, body: '42' }));
    expect(await client.actions.count()).toBe(42);
  });

  it('follows the pages of a list, and asks for no page before it is wanted', async () => {
    const { client, asked } = await answering((url, origin) => ({
      body: url.includes('skiptoken')
        ? '{"value":[{"id":"a3"}]}'
        : `{"value":[{"id":"a1"},{"id":"a2"}],"@odata.nextLink":"${origin}${url}&$skiptoken=x"}`,
    }));
    const ids: string[] = [];
    for await (const { id } of client.actions.list({ pageSize: 2 })) {
      ids.push(id);
      expect(asked).toHaveLength(ids.length < 3 ? 1 : 2);
    }
    expect(ids).toEqual(['a1', 'a2', 'a3']);
    expect(asked.map(({ line }) => line)).toEqual([
      'GET /beta/security/securityActions?$top=2',
      'GET /beta/security/securityActions?$top=2&$skiptoken=x',
    ]);
  });

  it('takes a fresh token for each request where it is told how', async () => {
    const { url, asked } = await answering(() => ({ body: ACTION }));
    let count = 0;
    const token = async (): Promise<string> => {
      count += 1;
      return `token-${count}`;
    };
    const client = createClient({ baseUrl: `${url}/ignored/path`, version: 'v1.0', token });
    await client.actions.get('a1');
    await client.actions.get('a1');
    expect(asked.map(({ headers }) => headers.authorization)).toEqual(['Bearer token-1', 'Bearer token-2']);
    expect(asked[0]?.line).toBe('GET /v1.0/security/securityActions/a1');
  });

  it('takes its token to no other server, by a link or by a redirect', async () => {
    const other = await answering(() => ({ body: '{"value":[]}' }));
    const linking = await answering(() => ({ body: `{"value":[],"@odata.nextLink":"${other.url}/beta/x"}` }));
    await expect(linking.client.enforcements.list().next()).rejects.toThrow(/^A link points to http/);
    const redirecting = await answering(() => ({ status: 307, headers: { Location: `${other.url}/beta/x` } }));
    await expect(redirecting.client.actions.get('a1')).rejects.toThrow();
    expect(other.asked).toEqual([]);
  });
});

describe('an error', () => {
  const errorOf = async (answer: Scripted): Promise<ApiError> => {
    const { client } = await answering(() => answer);
    return client.actions.get('a1').then(
      () => Promise.reject(new Error('It was no error.')),
      (thrown: unknown) => (thrown instanceof ApiError ? thrown : Promise.reject(thrown)),
    );
  };

  it('says what was wrong, where, and under which request id', async () => {
    const error = {
      code: 'badRequest',
      message: 'There is no provider "egde".',
      target: 'vendorInformation/provider',
      innerError: {
        code: 'unknownProvider',
        date: '2026-11-25T12:00:00',
        'request-id': 'r1',
        'client-request-id': 'r1',
      },
    };
    expect(await errorOf({ status: 400, body: JSON.stringify({ error }) })).toMatchObject({
      name: 'ApiError',
      message: 'There is no provider "egde".',
      status: 400,
      code: 'badRequest',
      innerCode: 'unknownProvider',
      target: 'vendorInformation/provider',
      requestId: 'r1',
      retryAfter: undefined,
    });
  });

  it.each(['<h1>Bad gateway</h1>', '', '{}', '{"error":"x"}', '{"error":{}}', 'null', '[]'])(
    'of something in between is one too: %s',
    async (body) => {
      const headers = { 'request-id': 'r2', 'Retry-After': '7' };
      expect(await errorOf({ status: 502, headers, body })).toMatchObject({
        message: 'The server answered 502.',
        status: 502,
        code: undefined,
        requestId: 'r2',
        retryAfter: 7,
      });
    },
  );

  it('of a gateway that words errors alike says what it said', async () => {
    const body = '{"error":{"code":"quota","message":"Out of call volume quota."}}';
    expect(await errorOf({ status: 403, headers: { 'request-id': 'r3' }, body })).toMatchObject({
      message: 'Out of call volume quota.',
      status: 403,
      innerCode: undefined,
      requestId: 'r3',
    });
  });

  it('has no time to ask again where that is a date or nothing', async () => {
    expect((await errorOf({ status: 503 })).retryAfter).toBeUndefined();
    const headers = { 'Retry-After': 'Wed, 25 Nov 2026 12:00:00 GMT' };
    expect((await errorOf({ status: 503, headers })).retryAfter).toBeUndefined();
  });
});
