import type { ServerResponse } from 'node:http';
import { expect, onTestFinished, test } from 'vitest';
import type { Answer, Call, Connector } from '../connector.ts';
import { resolveBySystem } from '../http/resolve-name.ts';
import { Secret } from '../secret.ts';
import { aCall, HOSTILE_ANSWERS, TENANT_A } from '../testing.ts';
import { defender, openDefender } from './connector.ts';
import {
  CLIENT,
  CLIENT_SECRET,
  DefenderDouble,
  type DoubleOptions,
  ENTRA_TENANT,
  PERMISSIONS,
} from './testing/defender-double.ts';
import { openAt } from './testing/defender-under-test.ts';

const DEVICE = '1e5bc9d7e413ddd7902c2932e418702b84d0cc07';
const calm = (): AbortSignal => AbortSignal.timeout(10_000);
const ip = (index: number): Call =>
  aCall({ tenantId: TENANT_A, action: 'BlockIp', target: { kind: 'ip', value: `198.51.100.${index}` } });
const on = (action: string): Call => aCall({ tenantId: TENANT_A, action, target: { kind: 'host', value: DEVICE } });

async function start(options: DoubleOptions = {}): Promise<DefenderDouble> {
  const double = new DefenderDouble(options);
  await double.listen();
  onTestFinished(() => double.hangUp());
  return double;
}

/** Its clock is the double's. */
function open(double: DefenderDouble): Connector {
  const own = { tenantId: ENTRA_TENANT, clientId: CLIENT, secret: new Secret(CLIENT_SECRET), allowPrivate: true };
  const connector = openDefender(
    { name: 'endpoint', own: { ...own, url: double.url, tokenUrl: double.tokenUrl } },
    { now: () => new Date(double.model.now()), resolve: resolveBySystem, wait: async () => undefined },
  );
  onTestFinished(() => connector.close());
  return connector;
}

const apply = (connector: Connector, call: Call = ip(1), signal = calm()): Promise<Answer> =>
  connector.apply(call, signal);

test('one token serves all calls, and another is asked for five minutes before its end', async () => {
  const double = await start();
  const connector = open(double);
  const first = Array.from({ length: 20 }, (_, index) =>
    connector.verify?.(on(index % 2 ? 'IsolateHost' : 'RunAntiVirusScan'), calm()),
  );
  expect((await Promise.all([...first, apply(connector)])).at(-1)).toMatchObject({ kind: 'done' });
  expect(double.tokens).toBe(1);
  double.model.advance(3_598_000 - 300_000);
  expect(await apply(connector)).toMatchObject({ kind: 'done' });
  expect(double.tokens).toBe(1);
  double.model.advance(2_000);
  expect(await apply(connector)).toMatchObject({ kind: 'done' });
  expect(double.tokens).toBe(2);
});

test('a token of a short life is used for half of it', async () => {
  const double = await start({ tokenSeconds: 60 });
  const connector = open(double);
  await apply(connector);
  double.model.advance(29_000);
  await apply(connector);
  expect(double.tokens).toBe(1);
  double.model.advance(2_000);
  await apply(connector);
  expect(double.tokens).toBe(2);
});

test('a token that was revoked is replaced within the call', async () => {
  const double = await start();
  const connector = open(double);
  await apply(connector);
  double.revoke();
  expect(await apply(connector, ip(2))).toMatchObject({ kind: 'done' });
  expect(double.tokens).toBe(2);
});

test('where Defender takes no token at all, our access is to blame', async () => {
  const double = await start();
  double.answerTokens((response) => {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ token_type: 'Bearer', expires_in: 3_599, access_token: 'of.another.audience' }));
  });
  const connector = open(double);
  const answer = await apply(connector);
  expect(answer).toMatchObject({ kind: 'unavailable', subcode: 401, fault: 'ours' });
  expect(answer).toHaveProperty('message', expect.stringMatching(/401 Unauthorized.*see to tenantId and url\.$/));
  expect(JSON.stringify(answer), 'the token is said back').not.toContain('of.another.audience');
  expect(double.tokens).toBe(2);
});

test('a wrong secret says what to do, and nothing goes to Defender', async () => {
  const double = await start();
  double.secret = 'another';
  const connector = open(double);
  const host = new URL(double.url).host;
  const message = `${host} gives no token (401 invalid_client AADSTS7000215): make a new client secret for the application in Entra, and let the configuration name it.`;
  expect(await apply(connector)).toEqual({ kind: 'unavailable', message, subcode: 401, fault: 'ours' });
  expect(await connector.verify?.(ip(1), calm())).toEqual({ kind: 'unknown', message, fault: 'ours' });
  expect(await connector.release(on('IsolateHost'), calm())).toMatchObject({ kind: 'unavailable', fault: 'ours' });
  await expect(connector.list?.(TENANT_A, calm())).rejects.toThrow('make a new client secret');
  expect(double.received).toEqual([]);
  double.secret = CLIENT_SECRET;
  expect(await apply(connector), 'the operator has mended it').toMatchObject({ kind: 'done' });
});

const says =
  (status: number, body: string, headers: Record<string, string> = {}) =>
  (response: ServerResponse): void =>
    void response.writeHead(status, headers).end(body);

test.each<[string, (response: ServerResponse) => void, object]>([
  [
    'an application that is not there',
    says(400, '{"error":"unauthorized_client","error_description":"AADSTS700016: x"}'),
    { fault: 'ours', message: expect.stringContaining('clientId names an application') },
  ],
  [
    'a tenant that is not there',
    says(400, '{"error":"invalid_request","error_description":"AADSTS90002: x"}'),
    { fault: 'ours', message: expect.stringContaining('AADSTS90002') },
  ],
  [
    'an error of tomorrow',
    says(400, '{"error":"new_\\u0000error"}'),
    { fault: 'ours', message: expect.stringContaining('new_ error') },
  ],
  ['an Entra that throttles', says(429, '', { 'retry-after': '9' }), { retryAfterMs: 9_000 }],
  ['an Entra that fails', says(500, '<html>'), { message: expect.stringContaining('answered 500') }],
  ['no token', says(200, '{"token_type":"Bearer","expires_in":3599}'), {}],
  ['a token that would break the header', says(200, '{"access_token":"a\\r\\nx: y","expires_in":3599}'), {}],
  ['a token without a life', says(200, '{"access_token":"abc"}'), {}],
  ['a line that breaks', (response) => void response.socket?.destroy(), {}],
])('%s: certainly nothing was done', async (_, answer, more) => {
  const double = await start();
  double.answerTokens(answer);
  const connector = open(double);
  expect(await apply(connector)).toEqual(expect.objectContaining({ kind: 'unavailable', ...more }));
  expect(double.received).toEqual([]);
  double.answerTokens(undefined);
  expect(await apply(connector)).toMatchObject({ kind: 'done' });
});

test('an Entra that hangs holds nobody beyond his signal', async () => {
  const double = await start();
  double.answerTokens(() => undefined);
  const connector = open(double);
  const began = performance.now();
  const answers = await Promise.all([
    apply(connector, on('IsolateHost'), AbortSignal.timeout(100)),
    connector.verify?.(ip(1), AbortSignal.timeout(100)),
  ]);
  expect(answers.map((answer) => answer?.kind)).toEqual(['unavailable', 'unknown']);
  expect(performance.now() - began).toBeLessThan(2_000);
  await connector.close();
  expect(performance.now() - began).toBeLessThan(2_000);
});

test('hostile answers of Entra are no tokens', { timeout: 60_000 }, async () => {
  const double = await start();
  const connector = open(double);
  for (const { name, chunks } of HOSTILE_ANSWERS.filter(
    ({ pauseMs, staysOpen, name: each }) => !pauseMs && !staysOpen && !/10 GB/.test(each),
  )) {
    double.answerTokens((response) => void response.end(Buffer.concat([...chunks()])));
    expect(await apply(connector), name).toMatchObject({ kind: 'unavailable' });
  }
  expect(double.received).toEqual([]);
});

test.each<[Call, (typeof PERMISSIONS)[number]]>([
  [ip(1), 'Ti.ReadWrite.All'],
  [on('IsolateHost'), 'Machine.Isolate'],
  [on('IsolateHost'), 'Machine.Read.All'],
  [on('RestrictCodeExecution'), 'Machine.RestrictExecution'],
  [on('RunAntiVirusScan'), 'Machine.Scan'],
  [on('CollectInvestigationPackage'), 'Machine.CollectForensics'],
])('without the permission, %o is not done, and is told to need %s', async (call, permission) => {
  const double = await start({ permissions: PERMISSIONS.filter((each) => each !== permission) });
  const answer = await apply(open(double), call);
  expect(answer).toMatchObject({ kind: 'unavailable', subcode: 403, fault: 'ours' });
  expect(answer).toHaveProperty('message', expect.stringContaining(`Grant the application ${permission} in Entra`));
  expect([double.model.indicators, double.model.actions]).toEqual([[], []]);
});

test('with the permissions of the page for one action, that one goes, and is listed without asking for more', async () => {
  const double = await start({ permissions: ['Ti.ReadWrite.All'] });
  const blocks = openAt(double, {}, ['BlockIp']);
  onTestFinished(() => blocks.close());
  expect(await apply(blocks)).toMatchObject({ kind: 'done' });
  expect(await blocks.list?.(TENANT_A, calm())).toHaveLength(1);
  const isolates = openAt(await start({ permissions: ['Machine.Read.All', 'Machine.Isolate'] }), {}, ['IsolateHost']);
  onTestFinished(() => isolates.close());
  expect(await apply(isolates, on('IsolateHost'))).toMatchObject({ kind: 'pending' });
  expect(await isolates.list?.(TENANT_A, calm())).toEqual([]);
});

const settings = (own: object) => ({
  name: 'endpoint',
  own: { tenantId: ENTRA_TENANT, clientId: CLIENT, secret: new Secret(CLIENT_SECRET), ...own },
});
const ports = { feeds: { holdersOf: () => Promise.reject(new Error('None.')) } };

test.each([
  [{ tenantId: 'corp.example' }, "Defender's tenantId is no GUID"],
  [{ clientId: '../x' }, "Defender's clientId is no GUID"],
  [{ secret: 'in the clear' }, 'needs a client secret'],
  [{ url: 'ftp://x' }, "Defender's url is no https URL"],
  [{ url: 'http://api.security.microsoft.com' }, 'is not https, or not public'],
  [{ url: 'https://10.0.0.1' }, 'is not https, or not public'],
  [{ url: 'https://api.security.microsoft.com/api' }, 'without /api'],
  [{ tokenUrl: 'https://a:b@login.microsoftonline.com/x' }, 'a user name'],
])('the configuration %j is refused with a sentence', (own, words) => {
  expect(() => defender.open(settings(own), ports)).toThrow(words);
});

test('without url and tokenUrl it speaks to Microsoft alone, and nobody may block that', async () => {
  const connector = defender.open(settings({}), ports);
  await connector.close();
  expect(defender.hostsOf?.(settings({}))).toEqual(['api.security.microsoft.com', 'login.microsoftonline.com']);
  expect(defender.exclusiveOf?.(settings({}))).toBe(`Defender of the tenant ${ENTRA_TENANT}`);
});

test('without allowPrivate no byte goes to an address that is not public', async () => {
  const double = await start();
  const resolve: typeof resolveBySystem = (_, callback) =>
    queueMicrotask(() => callback(null, [{ address: '127.0.0.1', family: 4 }]));
  const connector = openDefender(settings({}), { now: () => new Date(), resolve, wait: async () => undefined });
  onTestFinished(() => connector.close());
  expect(await apply(connector)).toMatchObject({
    kind: 'unavailable',
    fault: 'ours',
    message: expect.stringContaining('not public'),
  });
  expect([double.tokens, double.received.length]).toEqual([0, 0]);
});
