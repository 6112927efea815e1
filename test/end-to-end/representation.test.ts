import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ROUTES } from '../../packages/server/src/http/routes.ts';
import { sendRaw } from '../raw-http.ts';
import { refusalFaults } from '../refusal.ts';
import { ask, type Json, type Reply, startServer, type TestServer, until } from '../server.ts';
import { tokenOf } from '../tenant-token.ts';

const ACTIONS = '/beta/security/securityActions';
const PAGE = 'https://soc.example';

let server: TestServer;
let limited: TestServer;
let id = '';
/** A tenant of 130 actions. */
let paged: { readonly token: string };

const blockOf = (ip: string): object => ({
  name: 'BlockIp',
  parameters: [{ name: 'IP', value: ip }],
  vendorInformation: { provider: 'simulator' },
});

beforeAll(async () => {
  server = await startServer();
  const limits = 'limits:\n  requestsPerMinute: { post: 2, patch: 1, get: 3 }\n';
  limited = await startServer({ config: `server:\n  cors: { origins: ["${PAGE}"] }\n${limits}` });
  id = String((await ask(server, ACTIONS, { body: blockOf('198.51.100.1') })).json.id);
  await until(
    async () => (await ask(server, `${ACTIONS}/${id}`)).json.status,
    (status) => String(status) === 'Completed',
  );
  paged = { token: await tokenOf(server, 'cccccccc-1111-4111-8111-111111111111') };
  const some = Array.from({ length: 130 }, (_, index) => blockOf(`198.51.100.${index}`));
  await Promise.all(some.map((body) => ask(server, ACTIONS, { body, token: paged.token })));
}, 60_000);
afterAll(() => Promise.all([server.discard(), limited.discard()]));

const typeAt = (level: string): string =>
  `application/json;odata.metadata=${level};odata.streaming=true;IEEE754Compatible=false;charset=utf-8`;
const accepting = (accept: string): { headers: { Accept: string } } => ({ headers: { Accept: accept } });
const atLevel = (target: string, level: string): Promise<Reply> =>
  ask(server, target, accepting(`application/json;odata.metadata=${level}`));

describe('metadata', () => {
  it('none leaves the context out, and nothing else', async () => {
    const { '@odata.context': _, ...minimal } = (await ask(server, `${ACTIONS}/${id}`)).json;
    const none = await atLevel(`${ACTIONS}/${id}`, 'none');
    expect(none.headers.get('content-type')).toBe(typeAt('none'));
    expect({ ...none.json, enforcement: null }).toEqual({ ...minimal, enforcement: null });
    await ask(server, ACTIONS, { body: blockOf('198.51.100.2') });
    const list = await atLevel(`${ACTIONS}?$top=1&$count=true`, 'none');
    expect(Object.keys(list.json)).toEqual(['@odata.count', '@odata.nextLink', 'value']);
    expect(list.text).not.toContain('@odata.type');
  });

  it('full says type, id, tag, edit link, the bound action, and what JSON does not show', async () => {
    const { json, headers } = await atLevel(`${ACTIONS}/${id}`, 'full');
    expect(headers.get('content-type')).toBe(typeAt('full'));
    const url = `${server.url}${ACTIONS}/${id}`;
    expect(json).toMatchObject({
      '@odata.context': `${server.url}/beta/$metadata#security/securityActions/$entity`,
      '@odata.type': '#microsoft.graph.securityAction',
      '@odata.id': url,
      '@odata.etag': headers.get('etag'),
      '@odata.editLink': `security/securityActions/${id}`,
      'createdDateTime@odata.type': '#DateTimeOffset',
      'status@odata.type': '#microsoft.graph.operationStatus',
      'parameters@odata.type': '#Collection(microsoft.graph.keyValuePair)',
      'states@odata.type': '#Collection(microsoft.graph.securityActionState)',
      vendorInformation: { '@odata.type': '#microsoft.graph.securityVendorInformation', provider: 'simulator' },
      enforcement: { '@odata.type': '#interdict.enforcement', 'heldByOthers@odata.type': '#Int32' },
      '#microsoft.graph.cancelSecurityAction': {
        title: 'microsoft.graph.cancelSecurityAction',
        target: `${url}/microsoft.graph.cancelSecurityAction`,
      },
    });
    expect((json.states as unknown as Json[])[0]).toMatchObject({ 'updatedDateTime@odata.type': '#DateTimeOffset' });
    expect(Object.keys(json)[0]).toBe('@odata.context');
    const edited = new URL(String(json['@odata.editLink']), String(json['@odata.context']));
    expect(edited.href).toBe(url);
    const link = new URL((json['#microsoft.graph.cancelSecurityAction'] as Json).target as unknown as string);
    const other = String((await ask(server, ACTIONS, { body: blockOf('198.51.100.3') })).json.id);
    expect((await ask(server, link.pathname.replace(id, other), { method: 'POST' })).status).toBe(200);
  });

  it('is there for what is created and changed too, and for no error', async () => {
    const headers = { Accept: 'application/json;metadata=full' };
    const made = await ask(server, ACTIONS, { body: blockOf('198.51.100.4'), headers });
    expect([made.status, made.json['@odata.etag']]).toEqual([201, made.headers.get('etag')]);
    const path = `${ACTIONS}/${made.json.id}`;
    const changed = await ask(server, path, { method: 'PATCH', body: { actionReason: 'x' }, headers });
    expect([changed.status, changed.json['@odata.etag']]).toEqual([200, changed.headers.get('etag')]);
    const refused = await ask(server, `${ACTIONS}/x`, { headers });
    expect([refused.status, refused.headers.get('content-type')]).toEqual([404, 'application/json']);
  });

  it('leaves the seed roots as they are until it is asked for', async () => {
    const body = {
      '@odata.type': 'microsoft.graph.securityAction',
      name: 'BlockIp',
      status: 'Failed',
      errorInfo: { code: 4 },
    };
    const made = await ask(server, '/localtest/security/securityActions', { body });
    expect(made.headers.get('content-type')).toBe('application/json');
    const path = `/localtest/security/securityActions/${made.json.id}`;
    expect((await ask(server, path, accepting('application/json'))).text).toBe(made.text);
    const minimal = await atLevel(path, 'minimal');
    expect([minimal.text, minimal.headers.get('content-type')]).toEqual([made.text, typeAt('minimal')]);
    const full = (await atLevel(path, 'full')).json;
    expect(full['@odata.type']).toBe('microsoft.graph.securityAction');
    expect(full.errorInfo).toMatchObject({ '@odata.type': '#microsoft.graph.resultInfo', 'code@odata.type': '#Int32' });
    expect(Object.keys(full)).not.toContain('#microsoft.graph.cancelSecurityAction');
    expect((await atLevel(path, 'none')).text).not.toContain('@');
  });

  it('gives whole numbers of 64 bits as text to whoever wants them so', async () => {
    const { json, headers } = await ask(
      server,
      `${ACTIONS}?$count=true`,
      accepting('application/json;IEEE754Compatible=true'),
    );
    expect(json['@odata.count']).toMatch(/^\d+$/);
    expect(headers.get('content-type')).toContain('IEEE754Compatible=true');
  });

  it.each([
    ['json', typeAt('minimal')],
    ['JSON', typeAt('minimal')],
    ['application/json', typeAt('minimal')],
    ['application/json;odata.metadata=none', typeAt('none')],
    ['application%2Fjson%3Bmetadata%3Dfull', typeAt('full')],
  ])('$format=%s wins over Accept', async (format, type) => {
    for (const name of ['$format', '%24format', 'format']) {
      const answer = await ask(server, `${ACTIONS}/${id}?${name}=${format}`, accepting('application/xml'));
      expect([answer.status, answer.headers.get('content-type')]).toEqual([200, type]);
    }
  });

  it.each(['xml', 'atom', 'application/xml', 'application/json;odata.metadata=verbose', 'text/plain', '*/*'])(
    '$format=%s is not acceptable, and nothing is stored',
    async (format) => {
      const before = (await ask(server, `${ACTIONS}/$count`)).text;
      for (const asked of [{}, { body: blockOf('198.51.100.5') }]) {
        const { status, headers, text } = await ask(server, `${ACTIONS}?$format=${format}`, asked);
        expect(refusalFaults({ status, headers, body: text }, { status: 406, target: '$format' })).toEqual([]);
      }
      expect((await ask(server, `${ACTIONS}/$count`)).text).toBe(before);
    },
  );

  it.each(['$format=', '$format=json&format=json', '$format=%zz'])('%s is refused', async (query) => {
    const { status, headers, text } = await ask(server, `${ACTIONS}?${query}`);
    expect(refusalFaults({ status, headers, body: text }, { status: 400, inner: 'invalidQueryOption' })).toEqual([]);
  });
});

describe('Prefer', () => {
  it('return=minimal: what is created is told by its headers', async () => {
    const headers = { Prefer: 'respond-async, return="minimal"; x=y, return=representation' };
    const { status, text, headers: told } = await ask(server, ACTIONS, { body: blockOf('198.51.100.6'), headers });
    expect([status, text, told.get('preference-applied')]).toEqual([204, '', 'return=minimal']);
    expect(told.get('odata-entityid')).toBe(told.get('location'));
    expect(told.get('etag')).toBe('W/"1"');
    expect((await ask(server, new URL(told.get('location') ?? '').pathname)).status).toBe(200);
  });

  it.each(['return=nothing', 'return', 'x="return=minimal"', 'wait=10', ',;=', ''])('%j is ignored', async (prefer) => {
    const answer = await ask(server, ACTIONS, { body: blockOf('198.51.100.7'), headers: { Prefer: prefer } });
    expect([answer.status, answer.headers.get('preference-applied')]).toEqual([201, null]);
  });
});

describe('odata.maxpagesize', () => {
  it.each([
    ['?$select=id', 3000, 'odata.maxpagesize=1000', 130],
    ['?$select=id', 120, 'odata.maxpagesize=120', 120],
    ['?$select=id&$top=5', 120, null, 5],
    ['?$select=id&$top=5', 4, 'odata.maxpagesize=4', 4],
    ['/delta?$select=id', 120, 'odata.maxpagesize=120', 120],
    ['/delta?$select=id&$top=5', 120, null, 5],
  ])('%s with %s', async (query, size, applied, count) => {
    const { token } = paged;
    const answer = await ask(server, `${ACTIONS}${query}`, { token, headers: { Prefer: `odata.maxpagesize=${size}` } });
    expect([answer.status, answer.headers.get('preference-applied')]).toEqual([200, applied]);
    expect(answer.json.value).toHaveLength(count);
  });
});

it('an entity of any form can be given back as it is', async () => {
  for (const level of ['none', 'minimal', 'full']) {
    const { json } = await atLevel(`${ACTIONS}/${id}`, level);
    const back = await ask(server, `${ACTIONS}/${id}`, { method: 'PATCH', body: json });
    expect([level, back.status]).toEqual([level, 200]);
  }
});

describe('HEAD and OPTIONS', () => {
  it('HEAD of what is unchanged has no length, as GET has none', async () => {
    const headers = { Authorization: `Bearer ${server.token()}`, 'If-None-Match': '*' };
    for (const method of ['GET', 'HEAD']) {
      const head = `${method} ${ACTIONS}/${id} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n`;
      const fields = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
      const answer = await sendRaw(server.url, `${head}${fields.join('')}\r\n`);
      expect([method, answer.status, answer.headers.get('content-length')]).toEqual([method, 304, undefined]);
      expect(answer.headers.get('etag')).toMatch(/^W\//);
    }
  });

  const targetOf = (path: string): string =>
    `${path.startsWith('/security') ? '/beta' : ''}${path.replace('/securityActions/:id', `/securityActions/${id}`)}`
      .replace(':id', 'simulator')
      .replace(':provider', 'blocklist')
      .replace(':file', 'ip.txt');
  const changing = ['date', 'request-id', 'client-request-id', 'connection', 'keep-alive'];
  const headersOf = ({ headers }: Reply): object =>
    Object.fromEntries([...headers].filter(([name]) => !changing.includes(name)));

  it.each(
    ROUTES.filter(({ method, offers }) => method === 'GET' && offers !== 'text/event-stream').map(({ path }) =>
      targetOf(path),
    ),
  )('HEAD %s', async (target) => {
    const both = async (): Promise<[Reply, Reply]> => [
      await ask(server, target),
      await ask(server, target, { method: 'HEAD' }),
    ];
    const isSame = (one: Reply, other: Reply): boolean =>
      JSON.stringify(headersOf(one)) === JSON.stringify(headersOf(other));
    // What was made before may still be on its way.
    const [get, head] = await until(both, ([one, other]) => isSame(one, other));
    expect([head.status, head.text]).toEqual([get.status, '']);
  });

  it('OPTIONS says which methods a path has, without a token, on every path', async () => {
    for (const [path, routes] of Map.groupBy(ROUTES, (route) => route.path)) {
      const own: readonly string[] = routes.map(({ method }) => method);
      const answer = await ask(server, targetOf(path), { method: 'OPTIONS', token: null });
      const allowed = [...own, ...(own.includes('GET') ? ['HEAD'] : []), 'OPTIONS'];
      expect([answer.status, answer.text, answer.headers.get('allow')?.split(', ')]).toEqual([204, '', allowed]);
    }
    expect((await ask(server, '/nowhere', { method: 'OPTIONS' })).status).toBe(404);
  });
});

describe('a page of another origin', () => {
  const corsOf = ({ headers }: Reply): object =>
    Object.fromEntries([...headers].filter(([name]) => name.startsWith('access-control') || name === 'vary'));
  const preflight = (of: TestServer, origin: string): Promise<Reply> =>
    ask(of, `${ACTIONS}/x`, {
      method: 'OPTIONS',
      token: null,
      headers: { Origin: origin, 'Access-Control-Request-Method': 'PATCH' },
    });

  it('reads nothing where none is configured', async () => {
    expect(corsOf(await preflight(server, PAGE))).toEqual({});
    expect(corsOf(await ask(server, `${ACTIONS}/${id}`, { headers: { Origin: PAGE } }))).toEqual({});
  });

  it('is told before it sends a token, where it is configured', async () => {
    const answer = await preflight(limited, PAGE);
    expect(answer.status).toBe(204);
    expect(corsOf(answer)).toMatchObject({
      'access-control-allow-origin': PAGE,
      'access-control-allow-methods': expect.stringContaining('PATCH'),
      'access-control-allow-headers': expect.stringMatching(/Authorization.*If-Match.*Prefer/),
      'access-control-max-age': '600',
      vary: 'Origin',
    });
    const refused = await ask(limited, '/nowhere', { headers: { Origin: PAGE } });
    expect(corsOf(refused)).toEqual({
      'access-control-allow-origin': PAGE,
      'access-control-expose-headers': expect.stringMatching(/request-id.*ETag.*Location.*Retry-After/),
      vary: 'Origin',
    });
  });

  it.each(['https://soc.example.evil', 'http://soc.example', 'null', '*', 'https://SOC.example'])(
    'is told nothing where it is another one: %s',
    async (origin) => {
      expect(corsOf(await preflight(limited, origin))).toEqual({ vary: 'Origin' });
      expect(corsOf(await ask(limited, '/healthz', { headers: { Origin: origin } }))).toEqual({ vary: 'Origin' });
    },
  );
});

describe('a limit of requests', () => {
  it('answers 429 before anything is stored, and says when it is over; what lifts a block is never held up', async () => {
    const made = [await ask(limited, ACTIONS, { body: blockOf('198.51.100.8') })];
    made.push(await ask(limited, ACTIONS, { body: blockOf('198.51.100.9') }));
    expect(made.map(({ status }) => status)).toEqual([201, 201]);
    const over = await ask(limited, ACTIONS, { body: '{' });
    const { status, headers, text } = over;
    expect(refusalFaults({ status, headers, body: text }, { status: 429, inner: 'limitExceeded' })).toEqual([]);
    const seconds = Number(over.headers.get('retry-after'));
    expect(seconds).toBeGreaterThanOrEqual(25);
    expect(seconds).toBeLessThanOrEqual(30);
    for (let count = 0; count < 10; count += 1) {
      const path = `${ACTIONS}/${made[0]?.json.id}`;
      expect((await ask(limited, `${path}/cancelSecurityAction`, { method: 'POST' })).status).not.toBe(429);
      expect((await ask(limited, path, { method: 'DELETE' })).status).not.toBe(429);
    }
    const path = `${ACTIONS}/${made[1]?.json.id}`;
    const patched = [
      await ask(limited, path, { method: 'PATCH', body: {} }),
      await ask(limited, path, { method: 'PATCH', body: {} }),
    ];
    expect(patched.map((answer) => answer.status)).toEqual([200, 429]);
    const read: number[] = [];
    for (const method of ['GET', 'HEAD', 'GET', 'GET']) read.push((await ask(limited, path, { method })).status);
    expect(read).toEqual([200, 200, 200, 429]);
    expect((await ask(limited, '/healthz')).status).toBe(200);
  });

  it('is nowhere without configuration', async () => {
    const asked = Array.from({ length: 200 }, () => ask(server, `${ACTIONS}/$count`));
    expect(new Set((await Promise.all(asked)).map(({ status }) => status))).toEqual(new Set([200]));
  });
});

describe('a trace', () => {
  const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
  it('is continued by the answer, under an id of its own', async () => {
    const sent = `00-${TRACE}-00f067aa0ba902b7-01`;
    const { headers } = await ask(server, '/healthz', { headers: { traceparent: sent } });
    expect(headers.get('traceresponse')).toMatch(new RegExp(`^00-${TRACE}-[\\da-f]{16}-01$`));
    expect(headers.get('traceresponse')).not.toBe(sent);
  });

  it.each([
    '',
    'x',
    `00-${TRACE}-0000000000000000-01`,
    `ff-${TRACE}-00f067aa0ba902b7-01`,
    `00-${TRACE.toUpperCase()}-00f067aa0ba902b7-01`,
    `00-${TRACE}-00f067aa0ba902b7-01-x`,
  ])('is none: %s', async (traceparent) => {
    const { status, headers } = await ask(server, '/healthz', { headers: { traceparent } });
    expect([status, headers.get('traceresponse')]).toEqual([200, null]);
  });
});
