import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Attacked, startAttacked, TENANT_A } from '../attacked-server.ts';
import type { Refused } from '../refusal.ts';
import { refusalFaults } from '../refusal.ts';

const BATCH = '/beta/$batch';
const GET = { id: '1', method: 'GET', url: '/security/securityActions' };

const many = (count: number): object[] => Array.from({ length: count }, (_, index) => ({ ...GET, id: `${index}` }));
const deep = (levels: number): unknown => JSON.parse(`${'['.repeat(levels)}${']'.repeat(levels)}`);
const item = (changed: object): object => ({ requests: [{ ...GET, ...changed }] });
const pair = (one: object, other: object): object => ({
  requests: [
    { ...GET, id: 'a', ...one },
    { ...GET, id: 'b', ...other },
  ],
});

const wrong = (inner: string, target?: string, status = 400): Refused => ({
  status,
  inner,
  ...(target !== undefined && { target }),
});

type Bad = readonly [name: string, body: unknown, refused: Refused];

// biome-ignore format: a table reads better in columns
const BAD: readonly Bad[] = [
  ['no body',                      undefined,                                  wrong('invalidProperty', 'requests')],
  ['null',                         'null',                                     wrong('invalidProperty', 'requests')],
  ['a list',                       [GET],                                      wrong('invalidProperty', 'requests')],
  ['a text',                       '"x"',                                      wrong('invalidProperty', 'requests')],
  ['a number',                     '1',                                        wrong('invalidProperty', 'requests')],
  ['no JSON',                      '{"requests":[',                            wrong('malformedJson')],
  ['nothing in it',                {},                                         wrong('missingProperty', 'requests')],
  ['requests null',                { requests: null },                         wrong('invalidProperty', 'requests')],
  ['requests an object',           { requests: {} },                           wrong('invalidProperty', 'requests')],
  ['no request',                   { requests: [] },                           wrong('invalidProperty', 'requests')],
  ['21 requests',                  { requests: many(21) },                     wrong('limitExceeded', 'requests')],
  ['another member',               { requests: [GET], request: [] },           { ...wrong('unknownProperty', 'request'), says: /Did you mean "requests"/ }],
  ['a request null',               { requests: [null] },                       wrong('invalidProperty', 'requests/0')],
  ['a request a text',             { requests: [GET, 'x'] },                   wrong('invalidProperty', 'requests/1')],
  ['a request a list',             { requests: [[]] },                         wrong('invalidProperty', 'requests/0')],
  ['no id',                        item({ id: undefined }),                    wrong('missingProperty', 'requests/0/id')],
  ['id null',                      item({ id: null }),                         wrong('missingProperty', 'requests/0/id')],
  ['id a number',                  item({ id: 1 }),                            wrong('invalidProperty', 'requests/0/id')],
  ['id empty',                     item({ id: '' }),                           wrong('invalidProperty', 'requests/0/id')],
  ['id too long',                  item({ id: 'x'.repeat(129) }),              wrong('limitExceeded', 'requests/0/id')],
  ['one id twice',                 pair({ id: 'x' }, { id: 'x' }),             wrong('invalidProperty', 'requests/1/id')],
  ['one id in two cases',          pair({ id: 'x' }, { id: 'X' }),             wrong('invalidProperty', 'requests/1/id')],
  ['no method',                    item({ method: undefined }),                wrong('missingProperty', 'requests/0/method')],
  ['method a number',              item({ method: 1 }),                        wrong('invalidProperty', 'requests/0/method')],
  ['method unknown',               item({ method: 'FETCH' }),                  wrong('invalidProperty', 'requests/0/method')],
  ['method mistyped',              item({ method: 'PSOT' }),                   { ...wrong('invalidProperty', 'requests/0/method'), says: /Did you mean "POST"/ }],
  ['no url',                       item({ url: undefined }),                   wrong('missingProperty', 'requests/0/url')],
  ['url empty',                    item({ url: '' }),                          wrong('invalidProperty', 'requests/0/url')],
  ['url an object',                item({ url: {} }),                          wrong('invalidProperty', 'requests/0/url')],
  ['headers a list',               item({ headers: [] }),                      wrong('invalidProperty', 'requests/0/headers')],
  ['headers a text',               item({ headers: 'x' }),                     wrong('invalidProperty', 'requests/0/headers')],
  ['a header a number',            item({ headers: { 'Retry-Attempt': 1 } }),  wrong('invalidProperty', 'requests/0/headers/Retry-Attempt')],
  ['a header null',                item({ headers: { Prefer: null } }),        wrong('invalidProperty', 'requests/0/headers/Prefer')],
  ['a header a list',              item({ headers: { Accept: ['*/*'] } }),     wrong('invalidProperty', 'requests/0/headers/Accept')],
  ['dependsOn a text',             item({ dependsOn: '1' }),                   wrong('invalidProperty', 'requests/0/dependsOn')],
  ['dependsOn numbers',            item({ dependsOn: [1] }),                   wrong('invalidProperty', 'requests/0/dependsOn')],
  ['dependsOn an unknown id',      item({ dependsOn: ['2'] }),                 wrong('invalidProperty', 'requests/0/dependsOn')],
  ['dependsOn as Python has it',   item({ depends_on: ['2'] }),                wrong('invalidProperty', 'requests/0/dependsOn')],
  ['dependsOn in two spellings',   item({ depends_on: [], dependsOn: [] }),    wrong('invalidProperty', 'requests/0/dependsOn')],
  ['dependsOn itself',             item({ dependsOn: ['1'] }),                 wrong('invalidProperty', 'requests')],
  ['a circle of two',              pair({ dependsOn: ['b'] }, { dependsOn: ['A'] }), wrong('invalidProperty', 'requests')],
  ['a member mistyped',            item({ dependson: [] }),                    { ...wrong('unknownProperty', 'requests/0/dependson'), says: /Did you mean "dependsOn"/ }],
  ['a member of no one',           item({ xyzzy: 1 }),                         wrong('unknownProperty', 'requests/0/xyzzy')],
  ['atomicityGroup',               item({ atomicityGroup: 'g' }),              wrong('notSupported', 'requests/0/atomicityGroup', 501)],
  ['if',                           item({ if: 'x' }),                          wrong('notSupported', 'requests/0/if', 501)],
  ['a name twice',                 '{"requests":[],"requests":[]}',            wrong('duplicateProperty', 'requests')],
  ['a name twice deep in a body',  '{"requests":[{"id":"1","method":"POST","url":"/x","body":{"a":{"b":1,"b":2}}}]}', wrong('duplicateProperty')],
  ['a name that is refused',       '{"requests":[{"id":"1","method":"POST","url":"/x","body":{"__proto__":1}}]}', wrong('unknownProperty')],
  ['a number that would change',   '{"requests":[{"id":"1","method":"POST","url":"/x","body":{"a":1e400}}]}', wrong('invalidProperty')],
  ['too deep',                     item({ body: deep(33) }),                   wrong('limitExceeded')],
  ['very deep',                    `{"requests":${'['.repeat(100_000)}`,       wrong('limitExceeded')],
  ['2 MB',                         item({ body: 'x'.repeat(2_097_152) }),      { ...wrong('limitExceeded', undefined, 413), says: /1 MB/ }],
];

let attacked: Attacked;

beforeAll(async () => {
  attacked = await startAttacked();
});
afterAll(() => attacked.close());

const send = (body: unknown, headers: Readonly<Record<string, string>> = {}, target = BATCH) =>
  attacked.ask(target, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', ...headers },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });

describe('a batch that is wrong as a whole', () => {
  it.each(BAD)('is refused: %s', async (_name, body, refused) => {
    const before = await attacked.traces();
    expect(refusalFaults(await send(body), refused)).toEqual([]);
    expect(await attacked.traces()).toEqual(before);
  });

  it('has a circle however far around, and says which requests are in it or behind it', async () => {
    const requests = many(20).map((each, index) => ({ ...each, dependsOn: [`${(index + 1) % 20}`] }));
    const refused = { status: 400, inner: 'invalidProperty', says: /circle.*"0", "1".*"19"/ };
    expect(refusalFaults(await send({ requests }), refused)).toEqual([]);
  });

  it('is refused by every root, and with a query', async () => {
    for (const root of ['/beta', '/v1.0', '/localtest', '', '/BETA']) {
      expect(refusalFaults(await send({ requests: [] }, {}, `${root}/$batch`), wrong('invalidProperty'))).toEqual([]);
    }
    const answer = await send({ requests: [GET] }, {}, `${BATCH}?$top=1`);
    expect(refusalFaults(answer, wrong('invalidQueryOption'))).toEqual([]);
  });

  it('is read up to 1 MB, packed or not, and refused above', async () => {
    const ofBytes = (bytes: number): string => JSON.stringify({ requests: [GET] }).padEnd(bytes);
    const tooLarge = { status: 413, inner: 'limitExceeded', says: /1 MB/ };
    expect((await send(ofBytes(1_048_576))).status).toBe(200);
    expect(refusalFaults(await send(ofBytes(1_048_577)), tooLarge)).toEqual([]);
    const packed = (bytes: number) =>
      attacked.ask(BATCH, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', 'Content-Encoding': 'gzip' },
        body: gzipSync(ofBytes(bytes)),
      });
    expect((await packed(1_048_576)).status).toBe(200);
    expect(refusalFaults(await packed(1_048_577), tooLarge)).toEqual([]);
    const chunks = [ofBytes(1_048_577)];
    const chunked = await attacked.ask(BATCH, { method: 'POST', chunks, headers: { 'Transfer-Encoding': 'chunked' } });
    expect(refusalFaults(chunked, tooLarge)).toEqual([]);
  });

  it('needs a token, but no permission of its own', async () => {
    const request = { method: 'POST', body: JSON.stringify({ requests: [GET] }) };
    const unknown = { status: 401, inner: 'missingToken' };
    expect(refusalFaults(await attacked.http.ask(BATCH, request), unknown)).toEqual([]);
    const bad = await attacked.http.ask(BATCH, { ...request, headers: { Authorization: 'Bearer x' } });
    expect(bad.status).toBe(401);
    const Authorization = `Bearer ${await attacked.token({ tenant: TENANT_A, roles: [] })}`;
    const answer = await attacked.http.ask(BATCH, { ...request, headers: { Authorization } });
    const responses = answer.json.responses as unknown as readonly { status: number }[];
    expect([answer.status, responses.map(({ status }) => status)]).toEqual([200, [403]]);
  });

  it('is a POST and nothing else', async () => {
    const answer = await attacked.ask(BATCH);
    expect(refusalFaults(answer, { status: 405 })).toEqual([]);
  });
});
