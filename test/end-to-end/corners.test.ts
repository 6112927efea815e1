import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startPostgres, type TestPostgres } from '../postgres.ts';
import { requirement } from '../requirement.ts';
import { aDataFolder, ask, type Json, spawnServer, startServer, type TestServer, until } from '../server.ts';

const ACTIONS = '/beta/security/securityActions';
const UNKNOWN = '0193c1d2-6a54-7c1e-9d0b-0b8f6e1f2a3b';

const block = (target: string): object => ({
  name: 'BlockIp',
  parameters: [{ name: 'IP', value: target }],
  vendorInformation: { provider: 'simulator' },
});

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.discard());

const settled = (id: string): Promise<Json> =>
  until(
    async () => (await ask(server, `${ACTIONS}/${id}`)).json,
    ({ enforcement }) => String(enforcement?.state) === 'inForce',
  );

async function inForce(target: string): Promise<string> {
  const id = String((await ask(server, ACTIONS, { body: block(target) })).json.id);
  await settled(id);
  return id;
}

describe('a record keeps properties of any name', () => {
  it.each(['toString', 'valueOf', 'hasOwnProperty', '__defineGetter__', 'isPrototypeOf'])('%s', async (name) => {
    for (const value of [{ z: 1, a: 2 }, 'text']) {
      const body = { status: 'Completed', name: 'BlockIp', [name]: value };
      const created = await ask(server, '/localtest/security/securityActions', { body });
      expect(created.status).toBe(201);
      for (const root of ['/localtest', '/beta']) {
        const { json } = await ask(server, `${root}/security/securityActions/${created.json.id}`);
        expect(Object.hasOwn(json, name)).toBe(true);
        expect(json[name]).toEqual(value);
      }
    }
  });

  it('one that is called as a type is, with its members as sent', async () => {
    const body = { status: 'Completed', securityAction: { z: 1, status: 'b', name: 'a' } };
    const { json } = await ask(server, '/localtest/security/securityActions', { body });
    expect(JSON.stringify(json.securityAction)).toBe('{"z":1,"status":"b","name":"a"}');
  });
});

describe('a number is kept as it was sent, or refused', () => {
  it.each(['0.12345678901234567890123', '-0', '9007199254740993', '1e400'])('%s', async (literal) => {
    const body = JSON.stringify(block('203.0.113.60')).replace(/}$/, `,"score":${literal}}`);
    const { status, json } = await ask(server, ACTIONS, { body });
    expect(status).toBe(400);
    expect(json.error?.message).toContain(`The number ${literal} at "score" cannot be kept exactly`);
  });
});

it('an unchanged answer is 304; one that another action changed is not', async () => {
  const first = await inForce('198.51.100.41');
  const before = await ask(server, `${ACTIONS}/${first}`);
  const ifNoneMatch = { headers: { 'If-None-Match': before.headers.get('etag') ?? '' } };
  expect((await ask(server, `${ACTIONS}/${first}`, ifNoneMatch)).status).toBe(304);
  await inForce('198.51.100.41');
  const after = await ask(server, `${ACTIONS}/${first}`, ifNoneMatch);
  expect([after.status, after.json.enforcement?.heldByOthers]).toEqual([200, 1]);
  expect(after.headers.get('etag')).not.toBe(before.headers.get('etag'));
});

it('no header about the answer keeps a block from being lifted', async () => {
  const id = await inForce('198.51.100.42');
  const headers = { Accept: 'text/plain', Prefer: 'return=minimal', 'If-Match': 'W/"0"' };
  const { status } = await ask(server, `${ACTIONS}/${id}/cancelSecurityAction`, { method: 'POST', headers });
  expect(status).toBe(200);
});

it('too many properties are counted before their names are compared', async () => {
  const names = Array.from({ length: 10_000 }, (_, index) => [`actionReaso${index}`, 1]);
  const { status, json } = await ask(server, ACTIONS, { body: Object.fromEntries(names) });
  expect([status, json.error?.message]).toEqual([400, 'There are 10000 properties of your own; at most 16 are kept.']);
});

it.each([
  ['dryRun', 'this one would have been carried out'],
  ['expiresAt', 'Did you mean "expirationDateTime"?'],
])('whoever sends %s is told what it would have done', async (name, words) => {
  const { status, json } = await ask(server, ACTIONS, { body: { ...block('203.0.113.61'), [name]: 'x' } });
  expect(status).toBe(400);
  expect(json.error?.message).toContain(words);
});

it("a client's id comes back, with spaces too", async () => {
  const headers = { 'client-request-id': 'my request 1' };
  expect((await ask(server, '/healthz', { headers })).headers.get('client-request-id')).toBe('my request 1');
});

describe('a reference', () => {
  const refer = (reference: string) =>
    ask(server, '/security/securityActions/$ref', { body: { '@odata.id': reference } });

  it('to no action is refused, and to an unknown one not found', async () => {
    const { host } = new URL(server.url);
    for (const wrong of [
      'security/securityActions/$count',
      `https://${host}/security/securityActions/${UNKNOWN}`,
      `http://evil@${host}/security/securityActions/${UNKNOWN}`,
    ]) {
      expect((await refer(wrong)).status, wrong).toBe(400);
    }
    for (const unknown of [`${server.url}/security/securityActions/${UNKNOWN}`, 'security/securityActions/a\u0000b']) {
      expect((await refer(unknown)).status, unknown).toBe(404);
    }
  });
});

describe('interdict token', () => {
  const cli = path.join(import.meta.dirname, '..', '..', 'packages', 'cli', 'bin', 'interdict.cjs');
  const token = (env: Record<string, string>, ...args: readonly string[]) =>
    spawnSync(process.execPath, [cli, 'token', '--permission', 'SecurityActions.Read.All', ...args], {
      encoding: 'utf8',
      env: { PATH: process.env.PATH, INTERDICT_DATA: server.data, ...env },
    });

  it('needs none of the secrets that the server needs', () => {
    const config = path.join(server.data, 'other.yaml');
    writeFileSync(
      config,
      'providers:\n  - { name: edge, connector: webhook, url: "https://soar.example/", secret: { env: NOT_SET } }\n',
    );
    const { status, stdout } = token({ INTERDICT_CONFIG: config });
    expect([status, stdout.trim().split('.').length]).toEqual([0, 3]);
  });

  it.each([
    [['--user', 'ann'], 'delegated'],
    [['--app', 'a\nb'], 'one line'],
    [['--app', ''], 'one line'],
    [['--delegated', '--user', 'a\nb'], 'one line'],
    [['--delegated', '--user', 'u'.repeat(300)], '256'],
  ])('%j is refused: the server would not take such a token, or the words would be lost', (args, words) => {
    const { status, stderr, stdout } = token({}, ...args);
    expect([status, stdout]).toEqual([1, '']);
    expect(stderr).toContain(words);
  });
});

it.each([
  ['a file that is not there', undefined, 'cannot be read'],
  ['no certificate', 'nothing of the kind', 'not a certificate and its private key'],
])('a start with %s for tls says where', async (_what, text, words) => {
  const data = aDataFolder();
  for (const name of ['cert.pem', 'key.pem']) if (text !== undefined) writeFileSync(path.join(data, name), text);
  const { child, output } = spawnServer({ data, config: 'server:\n  tls: { cert: cert.pem, key: key.pem }\n' });
  const code = await new Promise((resolve) => child.once('exit', resolve));
  expect(code).toBe(1);
  expect(output()).toMatch(/interdict\.yaml:2: /);
  expect(output()).toContain(words);
  expect(output()).not.toContain('    at ');
});

describe.skipIf(!requirement('postgres18').ok)('on PostgreSQL', () => {
  let postgres: TestPostgres;
  let beside: TestServer;
  beforeAll(async () => {
    postgres = await startPostgres('18');
    beside = await startServer({ env: { INTERDICT_DATABASE_URL: postgres.url } });
  });
  afterAll(async () => {
    await beside?.discard();
    await postgres?.stop();
  });

  it('an id that no database could hold is unknown, and harms no neighbour', async () => {
    const { json } = await ask(beside, ACTIONS, { body: block('198.51.100.43') });
    const asked = Array.from({ length: 40 }, (_, index) => (index % 8 === 0 ? '%00' : String(json.id)));
    const answers = await Promise.all(asked.map((id) => ask(beside, `${ACTIONS}/${id}`)));
    expect(answers.map(({ status }) => status)).toEqual(asked.map((id) => (id === '%00' ? 404 : 200)));
    for (const [method, below] of [
      ['DELETE', ''],
      ['POST', '/cancelSecurityAction'],
    ] as const) {
      expect((await ask(beside, `${ACTIONS}/x%00y${below}`, { method })).status).toBe(404);
    }
  });
});
