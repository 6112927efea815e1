import { randomBytes } from 'node:crypto';
import { copyFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startPostgres, type TestPostgres } from '../postgres.ts';
import { requirement } from '../requirement.ts';
import {
  aDataFolder,
  ask,
  type Json,
  type ServerOptions,
  spawnServer,
  startServer,
  type TestServer,
  until,
} from '../server.ts';
import { WebhookReceiver, webhookProvider } from '../webhook-receiver.ts';

const ACTIONS = '/beta/security/securityActions';
const INSTALL_KEY = randomBytes(32).toString('base64url');

const block = (target: string, provider = 'edge', rest: object = {}): object => ({
  name: 'BlockIp',
  parameters: [{ name: 'IP', value: target }],
  vendorInformation: { provider },
  ...rest,
});

const statusOf = async (server: TestServer, id: string): Promise<string> =>
  String((await ask(server, `${ACTIONS}/${id}`)).json.status);

const cancelAt = async (server: TestServer, id: string): Promise<void> => {
  expect((await ask(server, `${ACTIONS}/${id}/cancelSecurityAction`, { method: 'POST' })).status).toBe(200);
};

/** The system's clock, set off for a process before its first line. */
const clockAhead = (ms: number): string =>
  `--import=data:text/javascript,const%20now=Date.now;Date.now=()=>now()+(${ms})`;

describe.skipIf(!requirement('postgres18').ok)('several processes over one PostgreSQL', () => {
  let postgres: TestPostgres;
  const receiver = new WebhookReceiver();
  let one: TestServer;
  let two: TestServer;

  const options = (data: string): ServerOptions => ({
    data,
    config: `providers:
${webhookProvider(receiver, 'edge', 'timeout: PT2S')}
${webhookProvider(receiver, 'patient', 'timeout: PT20S')}`,
    env: { HOOK_SECRET: receiver.secret, INTERDICT_DATABASE_URL: postgres.url },
  });

  beforeAll(async () => {
    postgres = await startPostgres('18');
    await receiver.start();
    one = await startServer(options(aDataFolder()));
    const data = aDataFolder();
    copyFileSync(path.join(one.data, 'key'), path.join(data, 'key'));
    two = await startServer(options(data));
  });
  afterAll(async () => {
    for (const server of [one, two]) await server?.discard();
    await receiver.stop();
    await postgres?.stop();
  });

  it('a token of one counts at the other, and what one accepts the other shows, ends and counts', async () => {
    const { json, status } = await ask(one, ACTIONS, { body: block('203.0.113.1'), token: two.token() });
    expect(status).toBe(201);
    const id = String(json.id);
    await until(
      () => statusOf(two, id),
      (found) => found === 'Completed',
    );
    expect((await ask(two, `${ACTIONS}/${id}/cancelSecurityAction`, { method: 'POST' })).status).toBe(200);
    await until(
      async () => (await ask(one, `${ACTIONS}/${id}`)).json.enforcement?.state as unknown,
      (state) => state === 'released',
    );
    expect(receiver.inForce.size).toBe(0);
  });

  it('one key used at both at once makes one action', async () => {
    const headers = { 'Idempotency-Key': 'one-key-at-both' };
    const answers = await Promise.all(
      [one, two, one, two].map((server) => ask(server, ACTIONS, { body: block('203.0.113.2'), headers })),
    );
    const taken = answers.filter(({ status }) => status === 201);
    expect(taken.length).toBeGreaterThan(0);
    expect(new Set(taken.map(({ json }) => json.id)).size).toBe(1);
    for (const { status } of answers) expect(status).toBeOneOf([201, 409]);
  });

  it('what both accept at once is carried out once each', async () => {
    const before = receiver.received.length;
    const targets = Array.from({ length: 60 }, (_, index) => `198.51.100.${index + 1}`);
    const ids = await Promise.all(
      targets.map(async (target, index) => {
        const { json } = await ask(index % 2 === 0 ? one : two, ACTIONS, { body: block(target) });
        return String(json.id);
      }),
    );
    for (const id of ids) {
      await until(
        () => statusOf(one, id),
        (found) => found === 'Completed',
      );
    }
    const applied = receiver.received.slice(before).filter(({ kind }) => kind === 'apply');
    expect(applied.map(({ target }) => target).sort()).toEqual(targets.map((target) => `ip:${target}`).sort());
  });

  it.each([
    ['a cancel at the process that made it', '203.0.113.41', 1_000, (id: string) => cancelAt(one, id)],
    ['a cancel at another process', '203.0.113.42', 2_500, (id: string) => cancelAt(two, id)],
    ['its end', '203.0.113.43', 6_000, undefined],
  ])('%s does not wait for a call that hangs', async (_, target, withinMs, cancel) => {
    receiver.manner = (received) => (received.kind === 'apply' ? 'hang' : receiver.obey(received));
    const ends = cancel ? {} : { ttl: 'PT2S' };
    const { json } = await ask(one, ACTIONS, { body: block(target, 'patient', ends) });
    await until(
      () => receiver.of('apply', `ip:${target}`).length,
      (count) => count > 0,
    );
    await cancel?.(String(json.id));
    await until(
      () => receiver.of('release', `ip:${target}`).length,
      (count) => count > 0,
      withinMs,
    );
    receiver.manner = null;
  });

  it('what a killed process had begun, the other finishes', async () => {
    receiver.manner = () => 'hang';
    const ids: string[] = [];
    for (let index = 1; index <= 5; index += 1) {
      ids.push(String((await ask(one, ACTIONS, { body: block(`203.0.113.${10 + index}`) })).json.id));
    }
    await until(
      () => receiver.received.filter(({ target }) => target.startsWith('ip:203.0.113.1')).length,
      (count) => count >= 5,
    );
    await one.kill();
    receiver.manner = null;
    for (const id of ids) {
      await until(
        () => statusOf(two, id),
        (found) => found === 'Completed',
        20_000,
      );
    }
    one = await one.again();
  });

  it('a process whose key does not fit is refused', async () => {
    const data = aDataFolder();
    const { child, output } = spawnServer(options(data));
    await until(
      () => child.exitCode,
      (code) => code !== null,
      20_000,
    );
    expect(child.exitCode).toBe(1);
    expect(output().trim()).toMatch(/^The install key .+ is not the one that this database was made with\./);
    rmSync(data, { recursive: true });
  });

  it('while the database is down nothing is accepted and nobody is told otherwise; then all goes on', async () => {
    await postgres.crash();
    const refusal = await ask(one, ACTIONS, { body: block('203.0.113.30') });
    expect(refusal.status).toBe(503);
    expect(refusal.headers.get('retry-after')).toBe('2');
    expect((refusal.json.error as Json).code).toBe('serviceUnavailable');
    expect((await ask(one, ACTIONS)).status).toBe(503);
    expect((await ask(one, '/readyz', { token: null })).status).toBe(503);
    expect((await ask(one, '/healthz', { token: null })).status).toBe(200);
    await postgres.restart();
    const accepted = await until(
      () => ask(two, ACTIONS, { body: block('203.0.113.31') }),
      ({ status }) => status === 201,
    );
    await until(
      () => statusOf(one, String(accepted.json.id)),
      (found) => found === 'Completed',
      20_000,
    );
    const listed = (await ask(one, `${ACTIONS}?$top=3`)).json.value as unknown as Json[];
    expect(JSON.stringify(listed)).not.toContain('203.0.113.30');
  });
});

describe.skipIf(!requirement('postgres18').ok)('a process whose clock is not that of PostgreSQL', () => {
  let postgres: TestPostgres;
  let server: TestServer | undefined;

  beforeAll(async () => {
    postgres = await startPostgres('18');
  });
  afterEach(async () => {
    await server?.discard();
    server = undefined;
  });
  afterAll(() => postgres?.stop());

  it.each([8_000, -20_000])('%i ms ahead: begins, ends and dates by the clock of PostgreSQL', async (ahead) => {
    const data = aDataFolder();
    writeFileSync(path.join(data, 'key'), INSTALL_KEY, { mode: 0o600 });
    const env = { INTERDICT_DATABASE_URL: postgres.url, NODE_OPTIONS: clockAhead(ahead) };
    server = await startServer({ data, env });
    const asked = Date.now();
    const { json } = await ask(server, ACTIONS, { body: block('203.0.113.20', 'simulator', { ttl: 'PT3S' }) });
    expect(Math.abs(Date.parse(String(json.createdDateTime)) - asked)).toBeLessThan(2_000);
    const stateIs = async (state: string, withinMs: number): Promise<void> => {
      const read = async (): Promise<Json> => (await ask(server as TestServer, `${ACTIONS}/${String(json.id)}`)).json;
      await until(read, ({ enforcement }) => String(enforcement?.state) === state, withinMs);
    };
    await stateIs('inForce', 2_000);
    await stateIs('released', 6_000);
    expect(Date.now() - asked).toBeGreaterThan(2_900);
  });
});

it.skipIf(!requirement('postgres18').ok)(
  'a database that cannot be used is told in a sentence, without its password',
  async () => {
    const data = aDataFolder();
    const { child, output } = spawnServer({
      data,
      env: { INTERDICT_DATABASE_URL: 'postgres://tester:hunter2@no-such-host.invalid/interdict' },
    });
    await until(
      () => child.exitCode,
      (code) => code !== null,
      20_000,
    );
    expect(output()).toMatch(/^PostgreSQL cannot be used: .+no-such-host\.invalid/);
    expect(output()).not.toContain('hunter2');
    rmSync(data, { recursive: true });
  },
);
