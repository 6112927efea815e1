import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Attacked, aRequest, startAttacked } from '../attacked-server.ts';
import { itemFaults, repliesOf } from '../batch-client.ts';
import type { Refused } from '../refusal.ts';

const ALL = '/security/securityActions';

let attacked: Attacked;
beforeAll(async () => {
  attacked = await startAttacked();
});
afterAll(() => attacked.close());

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const nested = (levels: number): string => `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`;
const post = (body: unknown, headers: Readonly<Record<string, string>> = {}): object => ({
  method: 'POST',
  url: ALL,
  body,
  headers,
});
const at = (url: string): object => ({ url });
const wrong = (inner: string, target?: string): Refused => ({
  status: 400,
  inner,
  ...(target !== undefined && { target }),
});
const other = (status: number, inner?: string): Refused => ({ status, ...(inner !== undefined && { inner }) });

// biome-ignore format: a table reads better in columns
const BAD: readonly (readonly [string, object, Refused])[] = [
  ['a path that is not there',        at('/security/nothing'),                       other(404, 'unknownResource')],
  ['a path of Graph that is not ours', at('/me'),                                    other(404, 'unknownResource')],
  ['no action of that id',            at(`${ALL}/nothing`),                          other(404, 'unknownResource')],
  ['another host',                    at(`https://graph.microsoft.com/beta${ALL}`),  { ...wrong('invalidProperty', 'url'), says: /elsewhere/ }],
  ['a user in the host',              at(`http://x@127.0.0.1/beta${ALL}`),           wrong('invalidProperty', 'url')],
  ['another scheme',                  at('ftp://127.0.0.1/x'),                       wrong('invalidProperty', 'url')],
  ['a scheme alone',                  at('javascript:alert(1)'),                     wrong('invalidProperty', 'url')],
  ['a broken escape in the path',     at(`${ALL}/%zz`),                              wrong('invalidProperty', 'url')],
  ['a broken escape in no path',      at('/%c3%28/x'),                               wrong('invalidProperty', 'url')],
  ['a broken escape in the query',    at(`${ALL}?$top=%`),                           wrong('invalidQueryOption')],
  ['a fragment',                      at(`${ALL}#x`),                                wrong('invalidProperty', 'url')],
  ['a control character',             at(`${ALL}/a\nb`),                             wrong('invalidProperty', 'url')],
  ['half a character',                at(`${ALL}/\ud800`),                           wrong('invalidProperty', 'url')],
  ['a long URL',                      at(`${ALL}?x=${'x'.repeat(8_192)}`),           other(414)],
  ['a long segment',                  at(`${ALL}/${'x'.repeat(201)}`),               other(414)],
  ['an option that is not there',     at(`${ALL}?$skpi=1`),                          wrong('invalidQueryOption')],
  ['a method of no one here',         { method: 'PUT', url: ALL },                   { ...other(405), says: /GET/ }],
  ['a batch in a batch',              { method: 'POST', url: '/$batch', body: {} },  { ...wrong('invalidProperty', 'url'), says: /by itself/ }],
  ['a list for firewalls',            at('/feeds/blocklist/ip.txt'),                 other(501, 'notSupported')],
  ['an Authorization',                { headers: { Authorization: 'Bearer x' } },    wrong('invalidProperty', 'authorization')],
  ['a header twice',                  { headers: { Accept: '*/*', accept: '*/*' } }, wrong('duplicateProperty', 'accept')],
  ['a header with a line break',      { headers: { 'X-A': 'a\r\nb' } },              wrong('invalidProperty', 'x-a')],
  ['a header with no name',           { headers: { '': 'x' } },                      wrong('invalidProperty', 'headers')],
  ['a header that is too large',      { headers: { 'X-A': 'x'.repeat(16_384) } },    other(431)],
  ['an Accept that cannot be met',    { headers: { accept: 'text/html' } },          other(406)],
  ['a body with GET',                 { body: { name: 'x' } },                       wrong('invalidProperty', 'body')],
  ['no body',                         { method: 'POST', url: ALL },                  { status: 400 }],
  ['a body of another type',          post('aGk=', { 'Content-Type': 'text/plain' }), other(415)],
  ['a body in another charset',       post({}, { 'content-type': 'application/json;charset=utf-16' }), other(415)],
  ['a body that says it is packed',   post({}, { 'Content-Encoding': 'gzip' }),      other(415)],
  ['a text that is no base64',        post('{"name":"x"}'),                          wrong('malformedJson', 'body')],
  ['base64 of what is no JSON',       post(base64('{"name":')),                      wrong('malformedJson')],
  ['base64 of what is no UTF-8',      post(Buffer.from([0xff, 0xfe]).toString('base64')), wrong('malformedJson')],
  ['base64 with a name twice',        post(base64('{"name":"x","name":"y"}')),       wrong('duplicateProperty', 'name')],
  ['base64 with __proto__',           post(base64('{"__proto__":1}')),               wrong('unknownProperty')],
  ['base64 that is too deep',         post(base64(nested(33))),                      wrong('limitExceeded')],
  ['base64 with an inexact number',   post(base64('{"x":1e400}')),                   wrong('invalidProperty')],
  ['base64 that is too large',        post(base64(`"${'x'.repeat(262_144)}"`)),      other(413, 'limitExceeded')],
  ['a body that is too large',        post({ x: 'x'.repeat(262_144) }),              other(413, 'limitExceeded')],
  ['a body that is a list',           post([]),                                      { status: 400 }],
  ['a body that is a number',         post(1),                                       { status: 400 }],
  ['an unknown action',               post(aRequest({ name: 'BlcokIp' })),           { ...wrong('unknownAction'), says: /BlockIp/ }],
];

describe('a request of a batch that is wrong', () => {
  it.each(BAD)('is refused by itself: %s', async (_name, bad, refused) => {
    const get = { id: 'good', method: 'GET', url: `${ALL}/$count` };
    const requests = [get, { id: 'bad', method: 'GET', url: ALL, ...bad }, { ...get, id: 'too' }];
    const answer = await attacked.ask('/beta/$batch', { method: 'POST', body: JSON.stringify({ requests }) });
    const [before, reply, after] = repliesOf(answer);
    expect(itemFaults(reply, refused)).toEqual([]);
    expect([before?.status, after?.status]).toEqual([200, 200]);
    expect(await attacked.traces()).toEqual([0, 0, 0]);
  });

  it('may be as deep as by itself', async () => {
    const requests = [{ id: '1', method: 'POST', url: `${ALL}/x/cancelSecurityAction`, body: JSON.parse(nested(32)) }];
    const answer = await attacked.ask('/beta/$batch', { method: 'POST', body: JSON.stringify({ requests }) });
    expect(itemFaults(repliesOf(answer)[0], wrong('unknownProperty', 'a'))).toEqual([]);
  });
});
