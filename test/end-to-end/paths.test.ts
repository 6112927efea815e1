import { METHODS } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Route } from '../../packages/server/src/http/route.ts';
import { isServed, ROUTES } from '../../packages/server/src/http/routes.ts';
import { type Attacked, aRequest, inParallel, JSON_HEADERS, startAttacked } from '../attacked-server.ts';
import type { PlainAnswer } from '../plain-http.ts';
import { headerFaults, headerOf, refusalFaults } from '../refusal.ts';
import type { Json } from '../server.ts';

const ACTIONS = '/beta/security/securityActions';

let attacked: Attacked;
let id: string;

const post = (rest: object = {}): Promise<PlainAnswer> =>
  attacked.ask(ACTIONS, {
    method: 'POST',
    headers: JSON_HEADERS,
    body: JSON.stringify(aRequest({ vendorInformation: { provider: 'blocklist' }, ...rest })),
  });

beforeAll(async () => {
  attacked = await startAttacked();
  id = String((await post()).json.id);
});
afterAll(() => attacked.close());

const get = (target: string, headers: Readonly<Record<string, string>> = {}): Promise<PlainAnswer> =>
  attacked.ask(target, { headers });

/** What is wrong with the answers to each of these, as one list. */
async function faultsOf<Item>(
  items: readonly Item[],
  faults: (item: Item) => Promise<readonly string[]>,
): Promise<string[]> {
  const found = await inParallel(items, async (item) =>
    (await faults(item)).map((fault) => `${JSON.stringify(item)}: ${fault}`),
  );
  return found.flat();
}

describe('a path', () => {
  it('is one path in every spelling', async () => {
    const { port } = new URL(attacked.server.url);
    const spellings = [
      `/beta/security/securityActions/ID`,
      `/v1.0/Security/securityActions/ID`,
      `/V1.0/SECURITY/SECURITYACTIONS/ID`,
      `/beta/security/securityActions('ID')`,
      `/beta/security/securityactions(%27ID%27)`,
      `/beta/security/securityActions%28%27ID%27%29`,
      `/beta/security/securityActions/ID/`,
      `//beta//security///securityActions//ID//`,
      `/%62eta/security/%73ecurity%41ctions/ID`,
      `/beta/security/securityActions/%ID-ESCAPED`,
      `http://127.0.0.1:${port}/beta/security/securityActions/ID`,
      `HTTP://graph.microsoft.com/beta/security/securityActions('ID')`,
      `https://graph.microsoft.com:443/beta/security/securityActions/ID?x=y`,
    ];
    const escaped = [...id].map((letter) => `%${letter.charCodeAt(0).toString(16)}`).join('');
    for (const spelling of spellings) {
      const target = spelling.replace('%ID-ESCAPED', escaped).replace('ID', id);
      const answer = await get(target);
      expect([answer.status, answer.json.id], target).toEqual([200, id]);
      const version = /v1\.0/i.test(target) ? '/v1.0' : '/beta';
      const context = `${attacked.server.url}${version}/$metadata#security/securityActions/$entity`;
      expect(answer.json['@odata.context']).toBe(context);
    }
  });

  it('names an action in full or in short, and counts in every spelling', async () => {
    const cancels = [
      'cancelSecurityAction',
      'microsoft.graph.cancelSecurityAction',
      'Microsoft.Graph.CANCELSECURITYACTION',
    ];
    for (const version of ['/beta', '/v1.0', '/localtest', '']) {
      for (const cancel of cancels) {
        for (const key of ["('nothing')", '/nothing']) {
          const target = `${version}/security/securityActions${key}/${cancel}`;
          const answer = await attacked.ask(target, { method: 'POST' });
          expect(refusalFaults(answer, { status: 404, target: 'id', says: /"nothing"/ }), target).toEqual([]);
        }
      }
      for (const count of ['$count', '%24count', '$COUNT', '%24%63ount', '$count/']) {
        const answer = await get(`${version}/security/securityActions/${count}`);
        expect([answer.status, headerOf(answer, 'content-type')], count).toEqual([200, 'text/plain']);
      }
    }
  });

  it('leads nowhere where it is none', async () => {
    const nowhere = [
      '/nothing',
      '/beta/nothing',
      '/beta/security',
      '/beta/security/securityAction',
      '/beta/securityActions',
      '/gamma/security/securityActions',
      '/beta/beta/security/securityActions',
      '/beta/v1.0/security/securityActions',
      '/v1/security/securityActions',
      '/v2.0/security/securityActions',
      '/beta/healthz',
      '/beta/feeds/blocklist/ip.txt',
      '/api/beta/security/securityActions',
      '/beta/./security/securityActions',
      '/beta/../beta/security/securityActions',
      '/nothing/../healthz',
      '/beta/security/securityActions/..',
      '/beta/security/securityActions/.',
      '/beta/security/%2e%2e/security/securityActions',
      '/beta%2fsecurity%2fsecurityActions',
      '/beta/security/securityActions%2F',
      '/beta/security\\securityActions'.replace('\\', '%5C'),
      '/beta/security/securityActions%00',
      '/beta/security/securityActions%20',
      '/beta/security/securityActions;x=y',
      '/beta/security/securityActions()',
      "/beta/security/securityActions('')",
      '/beta/security/securityActions(%27%27)',
      "/beta/security/securityActions('a",
      '/beta/security/securityActions(1)',
      "/beta/security/securityActions('a')('b')",
      `/beta/security/securityActions/${id}/nothing`,
      `/beta/security/securityActions/${id}/status`,
      `/beta/security/securityActions/${id}/$value`,
      `/beta/security/securityActions/${id}/cancelSecurityAction/x`,
      '/beta/security/securityActions/$count/x',
      '/beta/security/securityActions/microsoft.graph.',
      `/beta/security/securityActions/microsoft.graph.${id}`,
      `/beta/security/securityActions/ ${id}`.replace(' ', '%20'),
      `/beta/security/securityActions/${id}%00`,
      `/beta/security/securityActions/${id.toUpperCase()}x`,
      '/feeds',
      '/feeds/blocklist',
      '/feeds/blocklist/ip.txt/x',
      '/.env',
      '/.git/config',
      '/console/',
      '/metrics',
      '/favicon.ico',
      '/%E2%82%AC',
    ];
    expect(
      await faultsOf(nowhere, async (target) =>
        refusalFaults(await get(target), { status: 404, inner: 'unknownResource' }),
      ),
    ).toEqual([]);
    const withoutToken = await attacked.http.ask('/nothing', { method: 'POST', body: '{', headers: JSON_HEADERS });
    expect(refusalFaults(withoutToken, { status: 404, says: /service document/ })).toEqual([]);
  });

  it('is refused where it is broken or too long', async () => {
    const broken = [
      '/%',
      '/%z',
      '/%zz',
      '/beta/security/securityActions/%',
      '/%ff',
      '/%c0%ae',
      '/%ed%a0%80',
      `${ACTIONS}/%e2%82`,
    ];
    const refused = { status: 400, inner: 'invalidProperty', target: 'url', says: /percent escape/ };
    expect(await faultsOf(broken, async (target) => refusalFaults(await get(target), refused))).toEqual([]);
    const long = [
      `/${'a'.repeat(8_192)}`,
      `${ACTIONS}/${'a'.repeat(201)}`,
      `${ACTIONS}?x=${'a'.repeat(8_192)}`,
      `/${'a/'.repeat(4_097)}`,
      `${ACTIONS}/${'%41'.repeat(201)}`,
    ];
    expect(
      await faultsOf(long, async (target) => refusalFaults(await get(target), { status: 414, says: /longer/ })),
    ).toEqual([]);
    expect(refusalFaults(await get(`${ACTIONS}/${'a'.repeat(200)}`), { status: 404 })).toEqual([]);
  });
});

const fill = (path: string): string =>
  path
    .replace(':provider', 'blocklist')
    .replace(':file', 'ip.txt')
    .replace(':asset', 'swagger-ui.css')
    .replace(/:\w+/g, 'nothing');
const byPath = Map.groupBy(ROUTES, ({ path }) => path);

describe('a method', () => {
  it('that a path does not have is refused with those that it has, whatever the method', async () => {
    const all = METHODS.filter((method) => method !== 'CONNECT');
    expect(all.length).toBeGreaterThan(30);
    const cells = [...byPath].flatMap(([path, routes]) => {
      const own: string[] = routes.map(({ method }) => method);
      const allowed = [...own, ...(own.includes('GET') ? ['HEAD'] : []), 'OPTIONS'];
      return all.filter((method) => !allowed.includes(method)).map((method) => ({ path: fill(path), method, allowed }));
    });
    const found = await faultsOf(cells, async ({ path, method, allowed }) => {
      const answer = await attacked.http.ask(path, { method });
      const says = new RegExp(`^${method} is not served`);
      const refused = { status: 405, code: 'methodNotAllowed', says } as const;
      const faults = method === 'HEAD' ? headerFaults(answer) : refusalFaults(answer, refused);
      const allow = (headerOf(answer, 'allow') ?? '').split(', ').toSorted();
      return allow.join() === allowed.toSorted().join() ? faults : [...faults, `Allow: ${allow}`];
    });
    expect(found).toEqual([]);
  });

  it('that a path does not have is refused before its body is read', async () => {
    const headers = { ...JSON_HEADERS, 'Content-Encoding': 'gzip', 'Content-Length': '7' };
    const body = { headers, body: 'no gzip' };
    for (const method of ['PUT', 'PROPFIND']) {
      expect(refusalFaults(await attacked.ask(ACTIONS, { ...body, method }), { status: 405 })).toEqual([]);
    }
    expect(refusalFaults(await attacked.ask('/healthz', { ...body, method: 'POST' }), { status: 405 })).toEqual([]);
  });

  it('is no other one by a header or a form', async () => {
    const before = await attacked.traces();
    const answer = await attacked.ask(`${ACTIONS}/${id}`, {
      method: 'POST',
      headers: { 'X-HTTP-Method-Override': 'DELETE' },
    });
    expect(refusalFaults(answer, { status: 405 })).toEqual([]);
    expect((await get(`${ACTIONS}?_method=DELETE`)).status).toBe(200);
    expect(await attacked.traces()).toEqual(before);
  });

  it('HEAD gives what GET gives, but the body', async () => {
    const mayDiffer = new Set(['request-id', 'client-request-id', 'date', 'keep-alive']);
    const plain = ({ status, headers }: PlainAnswer): unknown => [
      status,
      Object.entries(headers).filter(([name]) => !mayDiffer.has(name)),
    ];
    for (const { path } of ROUTES.filter(({ method, offers }) => method === 'GET' && offers !== 'text/event-stream')) {
      for (const target of [fill(path), fill(path).replace('nothing', id), `${fill(path)}?$nonsense=1`]) {
        const [head, got] = [await attacked.ask(target, { method: 'HEAD' }), await get(target)];
        expect(plain(head), target).toEqual(plain(got));
        expect(head.body).toBe('');
        expect(headerFaults(head)).toEqual([]);
      }
    }
  });
});

/** Those with forms of their own are held by discovery.test.ts as far as it is about `Accept`, the stream by stream.test.ts. */
/** Those of CrowdSec's API have its own options, and take no token. */
const READS = ROUTES.filter((route) => route.method === 'GET' && isServed(route) && route.permission !== 'bouncer');
const WITH_ONE_FORM = READS.filter(({ offers }) => offers !== 'own' && offers !== 'text/event-stream');
const targetOf = ({ path }: Route): string =>
  fill(path)
    .replace(/securityActions\/nothing/, `securityActions/${id}`)
    .replace('Providers/nothing', 'Providers/edge');

describe('Accept', () => {
  const typeOf = (target: string): string => (/\$count|\.txt/.test(target) ? 'text/plain' : 'application/json');

  it('is met where what is served is among it', async () => {
    const able = (type: string): string[] => [
      '*/*',
      type,
      type.toUpperCase(),
      `${type.split('/')[0]}/*`,
      `${type};q=0.1`,
      `text/html, ${type};q=0.5`,
      `image/png;q=1, */*;q=0.001`,
      `${type}; charset=utf-8`,
      'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8',
      '',
    ];
    const minimal = [
      'application/json;odata.metadata=minimal',
      'application/json;odata.metadata=full, */*',
      'application/json;metadata="minimal"',
    ];
    const cells = WITH_ONE_FORM.map(targetOf).flatMap((target) => {
      const type = typeOf(target);
      return [...able(type), ...(type === 'text/plain' ? ['text/plain;q=0.9'] : minimal)].map((accept) => ({
        target,
        accept,
      }));
    });
    const found = await faultsOf(cells, async ({ target, accept }) => {
      const { status } = await get(target, { Accept: accept });
      // A subscription would take a receiver: of these it is enough that nothing else is wrong than that there is none.
      const met = target.startsWith('/subscriptions/') ? 404 : 200;
      return status === met ? [] : [`status ${status}`];
    });
    expect(found).toEqual([]);
  });

  it('is refused where it is not', async () => {
    const unable = (type: string): string[] => [
      'text/html',
      'application/xml',
      'image/*',
      `${type};q=0`,
      `${type};q=0, */*`,
      `${type.split('/')[0]}/*;q=0, */*`,
      'nonsense',
      '*',
      '*/json',
      `x${type}`,
    ];
    const levels = [
      'application/json;odata.metadata=verbose',
      'application/json;metadata=fullmetadata',
      'application/json; odata.metadata="fullest"',
    ];
    const cells = WITH_ONE_FORM.map(targetOf).flatMap((target) => {
      const type = typeOf(target);
      return [...unable(type), ...(type === 'text/plain' ? [] : levels)].map((accept) => ({ target, accept }));
    });
    const found = await faultsOf(cells, async ({ target, accept }) =>
      refusalFaults(await get(target, { Accept: accept }), {
        status: 406,
        target: 'accept',
        says: /does not take|none, minimal, full/,
      }),
    );
    expect(found).toEqual([]);
  });

  it('is refused before anything is stored', async () => {
    const before = await attacked.traces();
    const answer = await attacked.ask(ACTIONS, {
      method: 'POST',
      headers: { Accept: 'application/xml' },
      body: JSON.stringify(aRequest()),
    });
    expect(refusalFaults(answer, { status: 406 })).toEqual([]);
    expect(await attacked.traces()).toEqual(before);
  });
});

const OPTIONS = [
  'filter',
  'orderby',
  'select',
  'expand',
  'search',
  'top',
  'skip',
  'count',
  'compute',
  'apply',
  'skiptoken',
  'deltatoken',
  'index',
  'schemaversion',
  'levels',
];

describe('a query option', () => {
  const invalid = { status: 400, inner: 'invalidQueryOption' };
  const spellings = (option: string): string[] => [
    option,
    `$${option}`,
    `%24${option}`,
    `$${option.toUpperCase()}`,
    `${option[0]?.toUpperCase()}${option.slice(1)}`,
    `%20$${option}`,
  ];

  it('that is not served is refused with and without its $, on every route', async () => {
    const cells = READS.flatMap((route) =>
      OPTIONS.filter((option) => !route.about.query?.includes(`$${option}`)).flatMap((option) =>
        spellings(option).flatMap((name) =>
          [`${name}=x`, `${name}=`, `x=y&${name}`].map((query) => `${targetOf(route)}?${query}`),
        ),
      ),
    );
    expect(cells.length).toBeGreaterThan(2_000);
    const found = await faultsOf(cells, async (target) =>
      refusalFaults(await get(target), { ...invalid, says: /not served here/ }),
    );
    expect(found).toEqual([]);
  });

  it('that is not served is refused where something would be changed', async () => {
    const before = await attacked.traces();
    const cells = ['$filter=x', 'select=id', '$expand=x', '$nonsense=1', '$top=1'].flatMap((query) => [
      { method: 'POST', target: `${ACTIONS}?${query}`, body: JSON.stringify(aRequest()) },
      { method: 'POST', target: `${ACTIONS}/$ref?${query}`, body: JSON.stringify(aRequest()) },
      { method: 'POST', target: `${ACTIONS}/$ref?${query}`, body: JSON.stringify({ '@odata.id': `${ACTIONS}/${id}` }) },
      { method: 'POST', target: `${ACTIONS}/${id}/cancelSecurityAction?${query}`, body: '' },
      { method: 'DELETE', target: `${ACTIONS}/${id}?${query}`, body: '' },
    ]);
    const found = await faultsOf(cells, async ({ method, target, body }) =>
      refusalFaults(await attacked.ask(target, { method, body, headers: JSON_HEADERS }), invalid),
    );
    expect(found).toEqual([]);
    expect(await attacked.traces()).toEqual(before);
    expect((await get(`${ACTIONS}/${id}`)).json.enforcement?.state).toBe('pending');
  });

  it('that nobody knows is refused with a $, with the nearest, and is the client’s own without', async () => {
    const cells = READS.map(targetOf).flatMap((target) =>
      ['$filtr', '$', '$$top', '$nonsense', '%24%24', '$top%00'].map((name) => `${target}?${name}=1`),
    );
    expect(await faultsOf(cells, async (target) => refusalFaults(await get(target), invalid))).toEqual([]);
    expect(
      refusalFaults(await get(`${ACTIONS}?$tp=1`), { ...invalid, target: '$tp', says: /Did you mean "\$top"\?/ }),
    ).toEqual([]);
    for (const query of ['x=y', 'api-version=1', 'filters=x', '?', '&&', '=', 'x=%24filter', '_=1']) {
      expect((await get(`${ACTIONS}?${query}`)).status, query).toBe(200);
    }
    expect(refusalFaults(await get(`${ACTIONS}?$top=%zz`), { ...invalid, says: /percent escape/ })).toEqual([]);
    expect(refusalFaults(await get(`${ACTIONS}?%ff=1`), invalid)).toEqual([]);
  });

  it('has a value that it can have, and stands there once', async () => {
    const tops = [
      '0',
      '-1',
      '1001',
      '99999999999999999999',
      'abc',
      '1e3',
      '',
      '+5',
      '5.0',
      '0x5',
      '%205',
      '5%20',
      '%EF%BC%95',
      'null',
      '1,2',
      'NaN',
      '5%00',
    ];
    const collections = [ACTIONS, '/v1.0/security/enforcements', '/Security/securityActions'];
    const cells = collections.flatMap((target) => [
      ...tops.flatMap((top) => [`${target}?$top=${top}`, `${target}?top=${top}`]),
      ...[
        '$top=1&$top=2',
        '$top=1&top=1',
        '$TOP=1&$top=1',
        '%24top=1&$top=1',
        'top=5&x=y&Top=5',
        '$skiptoken=a&skiptoken=a',
      ].map((query) => `${target}?${query}`),
    ]);
    const counts = ['yes', '1', 'TRUE', 'True', '', 'null'].map((count) => `${ACTIONS}?$count=${count}`);
    expect(await faultsOf([...cells, ...counts], async (target) => refusalFaults(await get(target), invalid))).toEqual(
      [],
    );
    for (const query of ['$top=1', 'top=1000', '$Top=1', '$top=%31', '$count=true', '$count=false', '$top=007']) {
      expect((await get(`${ACTIONS}?${query}`)).status, query).toBe(200);
    }
  });
});

/** All pages from the first one on. */
async function readAll(first: string, between: () => Promise<unknown> = async () => undefined): Promise<Json[][]> {
  const pages: Json[][] = [];
  let target: string | undefined = first;
  while (target !== undefined) {
    const { status, json } = await get(target);
    expect(status).toBe(200);
    pages.push(json.value as unknown as Json[]);
    const next = json['@odata.nextLink'] === undefined ? undefined : new URL(String(json['@odata.nextLink']));
    target = next && `${next.pathname}${next.search}`;
    await between();
  }
  return pages;
}

describe('a page', () => {
  it('follows the last one while others write: nothing from the start is missing, nothing comes twice', async () => {
    const record = (index: number): Promise<PlainAnswer> =>
      attacked.ask('/localtest/security/securityActions', {
        method: 'POST',
        body: JSON.stringify({ name: `n${index}`, status: 'Completed' }),
      });
    const made = await inParallel([...Array(350).keys()], record);
    const first = await get(`${ACTIONS}/$count`);
    const fromStart = new Set(made.map(({ json }) => String(json.id)));
    expect(fromStart.size).toBe(350);
    let writing = 350;
    const write = async (): Promise<void> => {
      writing += 12;
      await inParallel([...Array(12).keys()], (index) => record(writing + index));
    };
    const pages = await readAll(`${ACTIONS}?$top=20`, write);
    const read = pages.flat().map((each) => String(each.id));
    expect(read).toHaveLength(Number(first.body));
    expect(new Set(read).size).toBe(read.length);
    expect([...fromStart].filter((each) => !read.includes(each))).toEqual([]);
    expect(pages.slice(0, -1).every(({ length }) => length === 20)).toBe(true);
    const dates = pages.flat().map((each) => String(each.createdDateTime));
    expect(dates).toEqual(dates.toSorted().reverse());
    const again = (await readAll(`${ACTIONS}?$top=1000`)).flat().map((each) => String(each.id));
    expect(new Set(again).size).toBe(again.length);
    expect(read.filter((each) => !again.includes(each))).toEqual([]);
  });

  it('ends early where its actions are large, and the next goes on from there', async () => {
    const value = 'x'.repeat(250_000);
    const body = JSON.stringify({ name: 'large', status: 'Completed', parameters: [{ name: 'text', value }] });
    const made = await inParallel([...Array(40).keys()], () =>
      attacked.ask('/localtest/security/securityActions', { method: 'POST', body }),
    );
    for (const root of ['/beta', '/localtest']) {
      const pages = await readAll(`${root}/security/securityActions?$top=1000`);
      const ids = pages.flat().map((each) => String(each.id));
      expect(new Set(ids).size).toBe(ids.length);
      for (const { json } of made) expect(ids).toContain(json.id);
      for (const page of pages) expect(JSON.stringify(page).length).toBeLessThan(4.5 * 1_048_576);
      expect(pages.length).toBeGreaterThanOrEqual(3);
    }
  });

  it('is not reached by a token that was edited, or that is of another list', async () => {
    await inParallel([1, 2, 3], (index) => post({ parameters: [{ name: 'IP', value: `198.51.100.${index}` }] }));
    const tokenAt = async (collection: string): Promise<string> => {
      const { json } = await get(`/beta/security/${collection}?$top=1`);
      return new URL(String(json['@odata.nextLink'])).searchParams.get('$skiptoken') ?? '';
    };
    const token = await tokenAt('securityActions');
    const [payload = '', signature = ''] = token.split('.');
    const edited = [...token].map(
      (letter, at) => `${token.slice(0, at)}${letter === 'A' ? 'B' : 'A'}${token.slice(at + 1)}`,
    );
    const others = [
      '',
      'x',
      '.',
      '..',
      payload,
      `${payload}.`,
      `.${signature}`,
      `${token}.`,
      `${token}=`,
      `${token}A`,
      `${token}%00`,
      `%20${token}`,
      `${token}.${signature}`,
      `${signature}.${payload}`,
      `${payload}.${signature.slice(0, -1)}`,
      token.toLowerCase(),
      'A'.repeat(3_000),
      encodeURIComponent('{"after":["9999"],"top":1}'),
      `${Buffer.from('[1000,"9999-01-01",""]').toString('base64url')}.${signature}`,
    ];
    const refused = { status: 400, inner: 'invalidQueryOption', target: '$skiptoken', says: /nextLink/ };
    const found = await faultsOf([...edited, ...others], async (each) =>
      refusalFaults(await get(`${ACTIONS}?$skiptoken=${each}`), refused),
    );
    expect(found).toEqual([]);
    expect((await get(`${ACTIONS}?$skiptoken=${token}`)).status).toBe(200);
    expect((await get(`${ACTIONS}?$skiptoken=${token}&$top=2`)).status).toBe(200);
    expect(refusalFaults(await get(`/beta/security/enforcements?$skiptoken=${token}`), refused)).toEqual([]);
    const other = await tokenAt('enforcements');
    expect(refusalFaults(await get(`${ACTIONS}?$skiptoken=${other}`), refused)).toEqual([]);
  });
});
