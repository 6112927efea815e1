import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ask, type Json, startServer, type TestServer, until } from '../server.ts';
import { tokenOf } from '../tenant-token.ts';
import { WebhookReceiver, webhookProvider } from '../webhook-receiver.ts';

const ACTIONS = '/beta/security/securityActions';
const TENANTS = { a: 'aaaaaaaa-1111-4111-8111-111111111111', b: 'bbbbbbbb-1111-4111-8111-111111111111' };
const FEED_KEYS = { a: 'the feed key of tenant a', b: 'the feed key of tenant b' };
type Name = keyof typeof TENANTS;
const BOTH: readonly Name[] = ['a', 'b'];

const feedKey = (name: Name): string =>
  `- { name: key-${name}, tenant: ${TENANTS[name]}, providers: [lists], key: { env: FEED_KEY_${name.toUpperCase()} } }`;

describe('two providers of one name, each of a tenant of its own', () => {
  const receivers = { a: new WebhookReceiver(), b: new WebhookReceiver() };
  const tokens = { a: '', b: '' };
  let server: TestServer;

  beforeAll(async () => {
    await Promise.all(BOTH.map((name) => receivers[name].start()));
    const edge = (name: Name, more: string): string =>
      webhookProvider(receivers[name], 'edge', `tenants: [${TENANTS[name]}]\n    ${more}`);
    const lists = (name: Name): string => `
  - { name: lists, connector: blocklist, tenants: [${TENANTS[name]}] }`;
    server = await startServer({
      config: `providers:
${edge('a', 'timeout: PT1S')}
${edge('b', 'timeout: PT1S\n    verify: true\n    verifyEvery: PT1S')}
${lists('a')}${lists('b')}
feedKeys:
  ${feedKey('a')}
  ${feedKey('b')}
`,
      env: { HOOK_SECRET: receivers.a.secret, FEED_KEY_A: FEED_KEYS.a, FEED_KEY_B: FEED_KEYS.b },
    });
    for (const name of BOTH) tokens[name] = await tokenOf(server, TENANTS[name]);
  });
  afterEach(() => {
    for (const name of BOTH) receivers[name].manner = null;
  });
  afterAll(async () => {
    await server?.discard();
    await Promise.all(BOTH.map((name) => receivers[name].stop()));
  });

  const block = async (name: Name, provider: string, target: string): Promise<string> => {
    const body = {
      name: 'BlockIp',
      parameters: [{ name: 'IP', value: target }],
      vendorInformation: { provider },
    };
    const { status, json } = await ask(server, ACTIONS, { body, token: tokens[name] });
    expect(status).toBe(201);
    return String(json.id);
  };
  const get = async (name: Name, id: string): Promise<Json> =>
    (await ask(server, `${ACTIONS}/${id}`, { token: tokens[name] })).json;
  const cancel = async (name: Name, id: string): Promise<void> => {
    const asked = { method: 'POST', token: tokens[name] };
    expect((await ask(server, `${ACTIONS}/${id}/cancelSecurityAction`, asked)).status).toBe(200);
  };
  const reaches = (name: Name, id: string, state: string): Promise<Json> =>
    until(
      () => get(name, id),
      ({ enforcement }) => String(enforcement?.state) === state,
    );
  const told = (name: Name): readonly string[] => receivers[name].received.map(({ target }) => target);

  it.each([
    ['a', 'b', '203.0.113.21'],
    ['b', 'a', '203.0.113.22'],
  ] as const)(
    'tenant %s is served by its own, from apply to release, and that of tenant %s hears nothing',
    async (name, other, target) => {
      const id = await block(name, 'edge', target);
      await reaches(name, id, 'inForce');
      await cancel(name, id);
      await reaches(name, id, 'released');
      const kinds = new Set(
        receivers[name].received.filter((each) => each.target === `ip:${target}`).map(({ kind }) => kind),
      );
      expect(kinds).toContain('apply');
      expect(kinds).toContain('release');
      expect(kinds.has('verify')).toBe(name === 'b');
      expect(told(other)).not.toContain(`ip:${target}`);
    },
  );

  it('one target blocked by both is blocked at each, and each sees one enforcement', async () => {
    const target = '203.0.113.23';
    const [a, b] = await Promise.all(BOTH.map((name) => block(name, 'edge', target)));
    await Promise.all([reaches('a', a ?? '', 'inForce'), reaches('b', b ?? '', 'inForce')]);
    await cancel('a', a ?? '');
    await reaches('a', a ?? '', 'released');
    expect(receivers.a.inForce).not.toContain(`ip:${target}`);
    expect(receivers.b.inForce).toContain(`ip:${target}`);
    const listed = async (name: Name): Promise<readonly Json[]> => {
      const { json } = await ask(server, '/beta/security/enforcements', { token: tokens[name] });
      return (json.value as unknown as readonly Json[]).filter((each) => String(each.target) === `ip:${target}`);
    };
    expect(await listed('a')).toEqual([]);
    expect((await listed('b')).map(({ verification }) => verification)).toEqual(['readBack']);
  });

  it('when one answers badly, that one is said to be down', async () => {
    receivers.a.manner = () => ({ status: 401 });
    const ids = { a: await block('a', 'edge', '203.0.113.24'), b: await block('b', 'edge', '203.0.113.25') };
    await reaches('b', ids.b, 'inForce');
    const edge = async (name: Name): Promise<Json> =>
      (await ask(server, '/beta/security/securityActionProviders/edge', { token: tokens[name] })).json;
    await until(
      () => edge('a'),
      ({ health }) => String(health) === 'down',
    );
    const found = await edge('b');
    expect([found.health, found.healthMessage]).toEqual(['up', null]);
    const verification = async (name: Name): Promise<unknown> =>
      ((await edge(name)).actions as unknown as readonly Json[])[0]?.verification;
    expect([await verification('a'), await verification('b')]).toEqual(['reported', 'readBack']);
    await cancel('a', ids.a);
  });

  it('each has lists of its own, which the key of its tenant completes', async () => {
    const ids = { a: await block('a', 'lists', '203.0.113.26'), b: await block('b', 'lists', '203.0.113.27') };
    const fetchWith = async (name: Name): Promise<string> => {
      const Authorization = `Basic ${Buffer.from(`firewall:${FEED_KEYS[name]}`).toString('base64')}`;
      return (await ask(server, '/feeds/lists/ip.txt', { token: null, headers: { Authorization } })).text;
    };
    expect(await fetchWith('b')).toBe('203.0.113.27\n');
    await reaches('b', ids.b, 'inForce');
    expect((await get('a', ids.a)).status).toBe('Running');
    expect(await fetchWith('a')).toBe('203.0.113.26\n');
    await reaches('a', ids.a, 'inForce');
  });
});

/** As the webhook connector declares it. */
const CONCURRENCY = 16;

describe('a provider that many tenants share', () => {
  const receiver = new WebhookReceiver();
  const tenants = Array.from({ length: 6 }, (_, index) => `cccccccc-1111-4111-8111-11111111111${index}`);
  let server: TestServer;
  let tokens: readonly string[];

  beforeAll(async () => {
    await receiver.start();
    const config = `providers:${webhookProvider(receiver, 'edge', 'timeout: PT10S')}`;
    server = await startServer({ config, env: { HOOK_SECRET: receiver.secret } });
    tokens = await Promise.all(tenants.map((tenant) => tokenOf(server, tenant)));
  });
  afterAll(async () => {
    await server?.discard();
    await receiver.stop();
  });

  /** Each answer takes its time. @returns the most calls that were under way at once */
  function answerAfter(ms: number): () => number {
    let [underWay, most] = [0, 0];
    receiver.manner = async (received) => {
      underWay += 1;
      most = Math.max(most, underWay);
      await delay(ms);
      underWay -= 1;
      return receiver.obey(received);
    };
    return () => most;
  }
  const block = async (tenant: number, target: string): Promise<void> => {
    const body = { name: 'BlockIp', parameters: [{ name: 'IP', value: target }] };
    const { status } = await ask(server, ACTIONS, { body, token: tokens[tenant] ?? '' });
    expect(status).toBe(201);
  };

  it('never has more calls at once than it declares, and has them all', async () => {
    const most = answerAfter(300);
    const each = Array.from({ length: CONCURRENCY }, (_, index) => index + 1);
    await Promise.all(
      tenants.flatMap((_, tenant) => each.map((host) => block(tenant, `198.51.100.${16 * tenant + host}`))),
    );
    await until(
      () => receiver.inForce.size,
      (count) => count === tenants.length * CONCURRENCY,
    );
    expect(most()).toBe(CONCURRENCY);
  });

  it('is not kept from a tenant by the flood of another', async () => {
    answerAfter(100);
    const flood = Array.from({ length: 240 }, (_, index) => `203.0.113.${index + 1}`);
    const before = receiver.received.length;
    await Promise.all(flood.map((target) => block(0, target)));
    await block(1, '203.0.113.250');
    await until(
      () => receiver.received.some(({ target }) => target === 'ip:203.0.113.250'),
      (isServed) => isServed,
    );
    expect(receiver.received.length - before).toBeLessThan(flood.length);
    await until(
      () => flood.every((target) => receiver.inForce.has(`ip:${target}`)),
      (isServed) => isServed,
    );
  });

  it('is not kept from a tenant by calls of another that are never answered', async () => {
    const silent = new Set(Array.from({ length: 40 }, (_, index) => `198.51.100.${index + 201}`));
    const isSilent = (target: string): boolean => silent.has(target.slice('ip:'.length));
    receiver.manner = (received) => (isSilent(received.target) ? 'hang' : receiver.obey(received));
    await Promise.all([...silent].map((target) => block(0, target)));
    await until(
      () => receiver.received.filter(({ target }) => isSilent(target)).length,
      (hanging) => hanging >= (CONCURRENCY * 3) / 4,
    );
    const beganAt = Date.now();
    await block(1, '203.0.113.251');
    await until(
      () => receiver.inForce.has('ip:203.0.113.251'),
      (isServed) => isServed,
    );
    // Far below the time-out of those that hang.
    expect(Date.now() - beganAt).toBeLessThan(6_000);
  });
});
