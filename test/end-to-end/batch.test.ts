import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Attacked, aRequest, startAttacked, TENANT_B } from '../attacked-server.ts';
import { type ItemReply, itemFaults, repliesOf } from '../batch-client.ts';
import type { Json } from '../server.ts';
import { until } from '../server.ts';

const BATCH = '/beta/$batch';
const URL_OF_ALL = '/security/securityActions';

let attacked: Attacked;
beforeAll(async () => {
  attacked = await startAttacked();
});
afterAll(() => attacked.close());

type Headers = Readonly<Record<string, string>>;

const sendText = async (body: string, target = BATCH, headers: Headers = {}): Promise<readonly ItemReply[]> =>
  repliesOf(await attacked.ask(target, { method: 'POST', headers, body }));
const send = (requests: readonly object[], target?: string, headers?: Headers): Promise<readonly ItemReply[]> =>
  sendText(JSON.stringify({ requests }), target, headers);
/** One request alone. */
const sendOne = async (request: object, target?: string, headers?: Headers): Promise<ItemReply | undefined> =>
  (await send([{ id: '1', method: 'GET', url: URL_OF_ALL, ...request }], target, headers))[0];

const blocklisted = (rest: object = {}): object => aRequest({ vendorInformation: { provider: 'blocklist' }, ...rest });
const create = (rest: object = {}): object => ({
  id: '1',
  method: 'POST',
  url: URL_OF_ALL,
  body: blocklisted(),
  ...rest,
});
const statusesOf = (replies: readonly ItemReply[]): readonly number[] => replies.map(({ status }) => status);
const bodyOf = (reply: ItemReply | undefined): Json => reply?.body as Json;
const countAll = async (): Promise<number> => (await attacked.traces())[0] ?? 0;

async function storedId(): Promise<string> {
  const { json } = await attacked.ask(`/beta${URL_OF_ALL}`, { method: 'POST', body: JSON.stringify(blocklisted()) });
  return String(json.id);
}

describe('a request of a batch', () => {
  it('is answered as by itself, with headers of its own, all of them texts', async () => {
    const id = await storedId();
    const single = await attacked.ask(`/beta${URL_OF_ALL}/${id}`);
    const got = await sendOne({ url: `${URL_OF_ALL}/${id}` });
    expect([got?.status, bodyOf(got).id, got?.headers.ETag]).toEqual([200, id, expect.stringMatching(/^W\/"[\d.]+"$/)]);
    expect(Object.keys(bodyOf(got))).toEqual(Object.keys(single.json));
    expect(got?.headers['Content-Type']).toBe(single.headers['content-type']);
    expect(got?.headers['OData-Version']).toBe('4.0');
    const made = await sendOne(create());
    expect(made?.status).toBe(201);
    expect(made?.headers.Location).toMatch(new RegExp(`/beta${URL_OF_ALL}/${bodyOf(made).id}$`));
    expect((await attacked.http.ask('/healthz')).status).toBe(200);
  });

  it('stands under its id, in the order of the requests', async () => {
    const ids = ['b', 'a', 'Ä"\\', '3'];
    const replies = await send(ids.map((id) => ({ id, method: 'get', url: URL_OF_ALL })));
    expect(replies.map(({ id }) => id)).toEqual(ids);
  });

  it('has no body where there is none', async () => {
    const id = await storedId();
    const replies = await send([
      { id: 'cancel', method: 'POST', url: `${URL_OF_ALL}/${id}/cancelSecurityAction` },
      { id: 'head', method: 'HEAD', url: URL_OF_ALL },
    ]);
    expect(replies.map((reply) => [reply.status, 'body' in reply])).toEqual([
      [200, false],
      [200, false],
    ]);
    expect(replies[0]?.headers['Content-Type']).toBeUndefined();
    const tag = (await sendOne({ url: `${URL_OF_ALL}/${id}` }))?.headers.ETag ?? '';
    const same = await sendOne({ url: `${URL_OF_ALL}/${id}`, headers: { 'if-none-match': tag } });
    expect(same?.status).toBe(304);
    expect(same).not.toHaveProperty('body');
  });

  it('says which methods a path has, as OPTIONS alone does', async () => {
    const reply = await sendOne({ method: 'OPTIONS', url: URL_OF_ALL });
    const alone = await attacked.http.ask(`/beta${URL_OF_ALL}`, { method: 'OPTIONS' });
    expect([reply?.status, reply?.headers.Allow]).toEqual([alone.status, [alone.headers.allow].flat().join()]);
    expect(reply).toMatchObject({ status: 204, headers: { Allow: 'POST, GET, HEAD, OPTIONS' } });
  });

  it('gives what is no JSON in base64', async () => {
    const count = await sendOne({ url: `${URL_OF_ALL}/$count` });
    expect(count?.headers['Content-Type']).toBe('text/plain');
    expect(Number(Buffer.from(String(count?.body), 'base64').toString())).toBe(await countAll());
  });

  it.each([
    '/security/securityActions/{id}',
    'security/securityActions/{id}',
    '/beta/security/securityActions/{id}',
    '/v1.0/security/securityActions/{id}',
    'v1.0/Security/SecurityActions/{id}',
    "/security/securityActions('{id}')",
    '{base}/beta/security/securityActions/{id}',
    '{base}/v1.0/security/securityActions/{id}',
    '{base}/security/securityActions/{id}',
    '/security/%73ecurityActions/{id}?x=a b\'c"d',
  ])('is found at %s', async (form) => {
    const id = await storedId();
    for (const root of ['/beta', '/v1.0']) {
      const url = form.replace('{id}', id).replace('{base}', attacked.server.url);
      const got = await sendOne({ url }, `${root}/$batch`);
      const version = form.includes('v1.0') ? '/v1.0' : form.includes('/beta') ? '/beta' : root;
      expect([got?.status, bodyOf(got)?.id]).toEqual([200, id]);
      expect(String(bodyOf(got)['@odata.context'])).toContain(`${version}/$metadata#`);
    }
  });

  it('understands its query, escaped or not', async () => {
    await storedId();
    for (const query of ['$top=1', '%24top=1', '%24top=1&%24count=true', 'top=1', '$top=1&note=two words']) {
      const got = await sendOne({ url: `${URL_OF_ALL}?${query}` });
      expect([query, got?.status, (bodyOf(got).value as unknown as unknown[]).length]).toEqual([query, 200, 1]);
    }
  });

  it('takes the seed roots as they are: a record from one, and none from the others', async () => {
    const record = { status: 'Completed', name: 'x' };
    const made = await sendOne(create({ body: record }), '/localtest/$batch');
    expect([made?.status, made?.headers['Interdict-Recorded']]).toEqual([201, 'true']);
    const bare = await sendOne(create({ body: record }), '/$batch');
    expect([bare?.status, bodyOf(bare)['@odata.context']]).toEqual([201, expect.not.stringContaining('/beta')]);
    expect((await sendOne(create({ body: record })))?.status).toBe(400);
  });

  it('is logged and answered under an id of its own, and the client’s for it or for the batch', async () => {
    const replies = await send(
      [
        { id: '1', method: 'GET', url: URL_OF_ALL },
        { id: '2', method: 'GET', url: '/nowhere', headers: { 'Client-Request-Id': 'mine' } },
      ],
      BATCH,
      { 'client-request-id': 'outer' },
    );
    const [one, two] = replies.map(({ headers }) => headers);
    expect([one?.['client-request-id'], two?.['client-request-id']]).toEqual(['outer', 'mine']);
    expect(one?.['request-id']).not.toBe(two?.['request-id']);
    expect(itemFaults(replies[1], { status: 404, inner: 'unknownResource', clientRequestId: 'mine' })).toEqual([]);
  });
});

describe('headers of the batch', () => {
  it('are not those of its requests: a key makes no second request a repeat', async () => {
    const before = await countAll();
    const key = { 'Idempotency-Key': 'outer', 'If-Match': 'W/"9"', Prefer: 'return=minimal', Accept: 'text/html' };
    const replies = await send([create({ id: 'a' }), create({ id: 'b' })], BATCH, { ...key, 'Retry-Attempt': '1' });
    expect(statusesOf(replies)).toEqual([201, 201]);
    expect(bodyOf(replies[0]).id).not.toBe(bodyOf(replies[1]).id);
    expect(await countAll()).toBe(before + 2);
  });

  it('of a request itself are its own: a repeat under its key gives the same action', async () => {
    const headers = { 'idempotency-key': randomUUID() };
    const [one] = await send([create({ headers })]);
    const [again] = await send([create({ headers })]);
    expect([one?.status, again?.status, again?.headers['Idempotency-Replayed']]).toEqual([201, 201, 'true']);
    expect(bodyOf(again).id).toBe(bodyOf(one).id);
    const single = await attacked.ask(`/beta${URL_OF_ALL}`, {
      method: 'POST',
      headers,
      body: JSON.stringify(blocklisted()),
    });
    expect(single.json.id).toBe(bodyOf(one).id);
  });

  it('never hinder a cancel, in the batch or in its request', async () => {
    const id = await storedId();
    const hindering = { 'If-Match': 'W/"99"', Prefer: 'return=minimal', Accept: 'image/png' };
    const url = `${URL_OF_ALL}/${id}/cancelSecurityAction`;
    expect((await sendOne({ method: 'POST', url, headers: hindering }, BATCH, hindering))?.status).toBe(200);
  });
});

describe('dependsOn', () => {
  const cancelOf = (id: string): string => `${URL_OF_ALL}/${id}/cancelSecurityAction`;

  it('lets a request see what the one before has done', async () => {
    const before = await countAll();
    const replies = await send([
      { id: 'count', method: 'GET', url: `${URL_OF_ALL}/$count`, dependsOn: ['THIRD'] },
      create({ id: 'first' }),
      create({ id: 'Third', dependsOn: ['second'] }),
      create({ id: 'second', dependsOn: ['first'] }),
    ]);
    expect(statusesOf(replies)).toEqual([200, 201, 201, 201]);
    expect(Number(Buffer.from(String(replies[0]?.body), 'base64').toString())).toBe(before + 3);
    const [first = '', third = '', second = ''] = replies
      .slice(1)
      .map((reply) => String(bodyOf(reply).createdDateTime));
    expect([first <= second, second <= third]).toEqual([true, true]);
  });

  it('holds up what depends on a failure, however far, and nothing else', async () => {
    const before = await countAll();
    const replies = await send([
      create({ id: 'bad', body: { name: 'Nonsense' } }),
      create({ id: 'held', dependsOn: ['bad'] }),
      create({ id: 'far', dependsOn: ['held', 'good'] }),
      create({ id: 'good' }),
      create({ id: 'after', dependsOn: ['good'] }),
    ]);
    expect(statusesOf(replies)).toEqual([400, 424, 424, 201, 201]);
    for (const held of replies.slice(1, 3)) {
      expect(itemFaults(held, { status: 424, inner: 'dependencyFailed', target: 'dependsOn' })).toEqual([]);
    }
    expect(await countAll()).toBe(before + 2);
  });

  it('may be a chain of twenty, or all on one', async () => {
    const chain = Array.from({ length: 20 }, (_, at) =>
      create({ id: `${at}`, dependsOn: at === 0 ? [] : [`${at - 1}`] }),
    );
    expect(new Set(statusesOf(await send(chain)))).toEqual(new Set([201]));
    const star = Array.from({ length: 20 }, (_, at) => create({ id: `${at}`, dependsOn: at === 0 ? [] : ['0'] }));
    expect(new Set(statusesOf(await send(star.toReversed())))).toEqual(new Set([201]));
  });

  it('does not count what is not there as failed where it only is unchanged', async () => {
    const id = await storedId();
    const replies = await send([
      { id: '1', method: 'GET', url: `${URL_OF_ALL}/${id}`, headers: { 'If-None-Match': '*' } },
      { id: '2', method: 'POST', url: cancelOf(id), dependsOn: ['1'] },
    ]);
    expect(statusesOf(replies)).toEqual([304, 200]);
  });
});

describe('twenty creates', () => {
  const target = (at: number) => [{ name: 'IP', value: `198.51.100.${at + 1}` }];

  it('are each stored and carried out', async () => {
    const all = Array.from({ length: 20 }, (_, at) =>
      create({ id: `${at}`, body: blocklisted({ parameters: target(at) }) }),
    );
    const replies = await send(all);
    expect(new Set(statusesOf(replies))).toEqual(new Set([201]));
    const ids = replies.map((reply) => String(bodyOf(reply).id));
    expect(new Set(ids).size).toBe(20);
    const states = await send(ids.map((id, at) => ({ id: `${at}`, method: 'GET', url: `${URL_OF_ALL}/${id}` })));
    expect(states.map((reply) => bodyOf(reply).id)).toEqual(ids);
    await until(
      () => send(ids.map((id, at) => ({ id: `${at}`, method: 'GET', url: `${URL_OF_ALL}/${id}` }))),
      (seen) => seen.every((reply) => String(bodyOf(reply).status) !== 'NotStarted'),
    );
  });

  it('of which one fails are nineteen', async () => {
    const before = await countAll();
    const all = Array.from({ length: 20 }, (_, at) =>
      create({ id: `${at}`, ...(at === 7 && { body: { name: 'x' } }) }),
    );
    const replies = await send(all);
    expect(statusesOf(replies).filter((status) => status === 201)).toHaveLength(19);
    expect(replies[7]?.status).toBe(400);
    expect(await countAll()).toBe(before + 19);
  });

  it('ask each for their permission, and belong to the tenant of the token', async () => {
    const body = JSON.stringify({ requests: [create(), { id: '2', method: 'GET', url: URL_OF_ALL }] });
    const as = async (who: Parameters<Attacked['token']>[0]) =>
      repliesOf(
        await attacked.http.ask(BATCH, {
          method: 'POST',
          body,
          headers: { Authorization: `Bearer ${await attacked.token(who)}` },
        }),
      );
    const reader = await as({ roles: ['SecurityActions.Read.All'] });
    expect(statusesOf(reader)).toEqual([403, 200]);
    expect(itemFaults(reader[0], { status: 403, inner: 'insufficientPermission', says: /ReadWrite\.All/ })).toEqual([]);
    const stranger = await as({ tenant: TENANT_B, roles: ['SecurityActions.ReadWrite.All'] });
    expect([bodyOf(stranger[0]).azureTenantId, statusesOf(stranger)]).toEqual([TENANT_B, [201, 200]]);
    expect((bodyOf(stranger[1]).value as unknown as unknown[]).length).toBeLessThanOrEqual(1);
  });
});
