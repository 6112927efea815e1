import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import net, { type AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { afterEach, expect, it } from 'vitest';
import { sendRaw } from '../../../../test/raw-http.ts';
import type { Caller } from '../auth/caller.ts';
import { systemClock } from '../lib/clock.ts';
import { createMetrics, type Metrics } from '../observe/metrics.ts';
import type { App } from './app.ts';
import { createLoad, loadKindOf } from './load.ts';
import type { Route } from './route.ts';
import { isServed, ROUTES } from './routes.ts';
import { createServer } from './server.ts';
import { createThrottle } from './throttle.ts';

/** So wide that one tenant has one place, and two have one each. */
const NARROW = { width: 2, mostWaiting: 10, refusingShare: 0.5 };
/** How long a request waits in those tests that wait for its refusal, and in those that do not. */
const [SOON_MS, NOT_SOON_MS] = [150, 60_000];

const keyOf = (tenantId: string): string => `key of the tenant ${tenantId}`;
const TENANTS = ['one', 'two'];
const feedKeys = TENANTS.map((tenantId) => ({
  name: tenantId,
  tenantId,
  providers: [],
  key: { reveal: () => keyOf(tenantId) },
}));

let held: PromiseWithResolvers<void> | undefined;
/** What an issuer says of a token, which may take a while. */
let told: PromiseWithResolvers<Caller>;
let handled: number;
let cancelled: number;
let metrics: Metrics;
let fastify: FastifyInstance | undefined;
let url: string;

const hold: Route['handle'] = async () => {
  handled += 1;
  await held?.promise;
  return { status: 200, body: '{}' };
};
const atOnce: Route['handle'] = async () => ({ status: 200, body: '{}' });
const cancel: Route['handle'] = async () => {
  cancelled += 1;
  return { status: 200, body: '{}' };
};

const row = (method: 'GET' | 'POST', path: string, handle: Route['handle'], rest: Partial<Route> = {}): Route => ({
  method,
  path,
  permission: 'feed',
  offers: 'application/json',
  about: { summary: path, answers: {} },
  handle,
  ...rest,
});

const ROWS = [
  row('POST', '/write', hold),
  row('GET', '/read', atOnce),
  row('POST', '/cancel', cancel, { isRelease: true }),
  row('POST', '/resume', atOnce, { isUrgent: true }),
  row('GET', '/health', atOnce, { permission: 'anyone' }),
];

async function start(longestMs: number, bounds: Partial<typeof NARROW> = {}): Promise<void> {
  held = Promise.withResolvers();
  told = Promise.withResolvers();
  handled = 0;
  cancelled = 0;
  metrics = createMetrics();
  const app = {
    metrics,
    clock: systemClock,
    feedKeys,
    authenticator: { recall: () => undefined, authenticate: () => told.promise },
    corsOrigins: [],
    diagnostic: '{}',
    isTrustedProxy: () => false,
    onFault: () => undefined,
    throttle: createThrottle({}, systemClock),
    load: createLoad(metrics, { write: { ...NARROW, ...bounds, longestMs } }),
  } as unknown as App;
  fastify = createServer(app, ROWS);
  await fastify.listen({ host: '127.0.0.1', port: 0 });
  url = `http://127.0.0.1:${(fastify.server.address() as AddressInfo).port}`;
}
afterEach(async () => {
  held?.resolve();
  await fastify?.close();
});

const headOf = (method: string, path: string, tenantId: string, length = 2): string =>
  [
    `${method} ${path} HTTP/1.1`,
    'Host: here',
    `Authorization: Basic ${btoa(`any:${keyOf(tenantId)}`)}`,
    ...(method === 'POST' ? ['Content-Type: application/json', `Content-Length: ${length}`] : []),
    '\r\n',
  ].join('\r\n');

const post = (tenantId: string, path = '/write'): ReturnType<typeof sendRaw> =>
  sendRaw(url, `${headOf('POST', path, tenantId)}{}`);

async function untilHandled(count: number): Promise<void> {
  await expect.poll(() => handled).toBe(count);
}

it('refuses what cannot get in, before its body is there, in the form of all errors and with when to come again', async () => {
  await start(SOON_MS);
  const first = post('one');
  await untilHandled(1);
  // No byte of its body is ever sent.
  const { status, headers, body } = await sendRaw(url, headOf('POST', '/write', 'one', 1_000));
  expect(status).toBe(503);
  expect(Number(headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
  expect(Number(headers.get('retry-after'))).toBeLessThanOrEqual(4);
  // Behind it stands that the connection was ended in the middle of a body.
  expect(JSON.parse(body.slice(0, Number(headers.get('content-length'))))).toMatchObject({
    error: { code: 'serviceUnavailable', innerError: { 'request-id': headers.get('request-id') } },
  });
  expect(handled).toBe(1);
  held?.resolve();
  expect((await first).status).toBe(200);
  expect(await metrics.registry.metrics()).toContain('interdict_requests_shed_total{kind="write",reason="late"} 1');
});

it('tells a tenant that it is over its share where others are under way, and lets those in', async () => {
  await start(SOON_MS);
  const others = [post('one'), post('two')];
  await untilHandled(2);
  const { status, headers, body } = await post('one');
  expect(status).toBe(429);
  expect(headers.get('retry-after')).toMatch(/^[1-4]$/);
  expect(JSON.parse(body)).toMatchObject({
    error: { code: 'tooManyRequests', innerError: { code: 'limitExceeded' } },
  });
  held?.resolve();
  expect((await Promise.all(others)).map((answer) => answer.status)).toEqual([200, 200]);
});

it('carries out whoever waits as soon as there is a place', async () => {
  await start(NOT_SOON_MS);
  const first = post('one');
  await untilHandled(1);
  const second = post('one');
  await expect.poll(() => metrics.registry.metrics()).toContain('interdict_requests_waiting{kind="write"} 1');
  held?.resolve();
  expect([(await first).status, (await second).status]).toEqual([200, 200]);
  expect(await metrics.registry.metrics()).toContain('interdict_requests_under_way{kind="write"} 0');
});

it('holds up neither releases nor what is urgent, nor reads, nor what needs no token', async () => {
  await start(NOT_SOON_MS);
  const writes = [post('one'), post('one')];
  await untilHandled(1);
  const [cancelled, resumed] = await Promise.all([post('one', '/cancel'), post('one', '/resume')]);
  const read = await sendRaw(url, headOf('GET', '/read', 'one'));
  const health = await sendRaw(url, headOf('GET', '/health', 'one'));
  expect([cancelled.status, resumed.status, read.status, health.status]).toEqual([200, 200, 200, 200]);
  held?.resolve();
  await Promise.all(writes);
});

it('has the place back from a client that goes before its body is there, and not while its request is carried out', async () => {
  await start(SOON_MS);
  const { port } = new URL(url);
  const leaver = net.connect(Number(port), '127.0.0.1');
  leaver.write(headOf('POST', '/write', 'one', 1_000));
  await expect.poll(() => metrics.registry.metrics()).toContain('interdict_requests_under_way{kind="write"} 1');
  leaver.destroy();
  await once(leaver, 'close');
  const impatient = net.connect(Number(port), '127.0.0.1');
  impatient.write(`${headOf('POST', '/write', 'one')}{}`);
  await untilHandled(1);
  impatient.destroy();
  await once(impatient, 'close');
  expect((await post('one')).status).toBe(503);
  held?.resolve();
  await expect.poll(() => metrics.registry.metrics()).toContain('interdict_requests_under_way{kind="write"} 0');
});

/** Sends a request whose client goes while it is asked who it is from. */
async function leaveBeforeKnown(path: string, length: number): Promise<void> {
  const leaver = net.connect(Number(new URL(url).port), '127.0.0.1');
  leaver.write(headOf('POST', path, 'one', length).replace(/Basic .*/, 'Bearer token'));
  const [, response] = (await once(fastify?.server ?? leaver, 'request')) as [unknown, ServerResponse];
  leaver.destroy();
  await once(response, 'close');
  told.resolve({ tenantId: 'one', appId: 'app', permissions: new Set(['SecurityActions.Read.All']) } as never);
}

it('carries out a cancel all the same whose client went before it was known who it is', async () => {
  await start(NOT_SOON_MS);
  await leaveBeforeKnown('/cancel', 0);
  await expect.poll(() => cancelled).toBe(1);
});

/** In a process of its own: it must go while the server is at other bodies. */
const LEAVERS = `
  const [port, request] = process.argv.slice(1);
  const leave = () => {
    const socket = require('node:net').connect(Number(port), '127.0.0.1');
    socket.on('error', () => undefined);
    socket.on('connect', () => socket.write(request, () => socket.destroy()));
  };
  for (let wave = 0; wave < 20; wave += 1) setTimeout(() => Array.from({ length: 60 }, leave), wave * 100);`;

it('carries out nothing large for clients that have gone, beyond what has a place', async () => {
  await start(NOT_SOON_MS, { width: 64, mostWaiting: 10_000 });
  const body = JSON.stringify({ large: 'a'.repeat(100_000) });
  const { port } = new URL(url);
  const leavers = spawn(process.execPath, ['-e', LEAVERS, port, headOf('POST', '/write', 'one', body.length) + body]);
  await once(leavers, 'exit');
  await expect
    .poll(() => metrics.registry.metrics(), { timeout: 10_000 })
    .toContain('interdict_requests_waiting{kind="write"} 0');
  // Half of the places, for one tenant alone.
  expect(handled).toBeLessThanOrEqual(32);
});

it('has no place for a client that went before it was known who it is', async () => {
  await start(NOT_SOON_MS);
  await leaveBeforeKnown('/write', 1_000);
  const next = post('one');
  await untilHandled(1);
  held?.resolve();
  expect((await next).status).toBe(200);
  expect(await metrics.registry.metrics()).toContain('interdict_requests_under_way{kind="write"} 0');
});

it('knows for every route whether it may be held up', () => {
  const free = ROUTES.filter((route) => isServed(route) && route.permission !== 'anyone' && !loadKindOf(route));
  expect(free.map(({ method, path }) => `${method} ${path}`)).toEqual([
    'GET /security/securityActions/stream',
    'POST /security/securityActions/:id/cancelSecurityAction',
    'POST /security/stopDispatch',
    'POST /security/resumeDispatch',
    'POST /security/work/lease',
    'POST /security/work/renew',
    'POST /security/work/complete',
  ]);
});
