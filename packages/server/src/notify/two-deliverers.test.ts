import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Exchange } from '@interdict/connectors';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { DatabaseProxy } from '../../../../test/database-proxy.ts';
import { startPostgres, type TestPostgres } from '../../../../test/postgres.ts';
import { requirement } from '../../../../test/requirement.ts';
import { openPostgresStore } from '../store/sql/postgres-store.ts';
import type { Store } from '../store/store.ts';
import { anActionRow, anId } from '../store/testing/an-action-row.ts';
import { addAction, TEST_UNITS } from '../store/testing/test-units.ts';
import { createDeliverer, type Deliverer } from './deliverer.ts';
import type { PostTo } from './receiver-fault.ts';
import { startDeliverer, stopDeliverer } from './run-deliverer.ts';
import { seal } from './seal.ts';
import { createSubscription } from './subscription-units.ts';

const SECRETS_KEY = Buffer.alloc(32, 7);
const CONTENT = {
  resource: 'security/securityActions',
  actionId: null,
  filter: null,
  changeType: 'created',
  changeTypes: ['created'],
  notificationUrl: 'https://hooks.example/',
  lifecycleNotificationUrl: null,
  latestSupportedTlsVersion: 'v1_2',
  creatorId: 'app',
} as const;
const TAKEN: Exchange = { kind: 'answered', status: 202, headers: {}, body: Buffer.alloc(0) };

describe.skipIf(!requirement('postgres18').ok)('two deliverers over one PostgreSQL', () => {
  let tenant: string;
  let server: TestPostgres;
  let proxy: DatabaseProxy;
  /** The first one reaches the database through the proxy. */
  let stores: Store[] = [];
  let deliverers: Deliverer[] = [];
  /** Who posted what, in the order in which it came. */
  let posts: string[] = [];
  let [underWay, mostAtOnce] = [0, 0];
  let answer = Promise.withResolvers<void>();

  beforeAll(async () => {
    server = await startPostgres('18');
  });
  afterAll(() => server?.stop());

  beforeEach(async () => {
    tenant = randomUUID();
    [posts, underWay, mostAtOnce, answer] = [[], 0, 0, Promise.withResolvers<void>()];
    proxy = new DatabaseProxy(server.url);
    const urls = [await proxy.start(), server.url];
    stores = await Promise.all(urls.map((url) => openPostgresStore({ url, units: TEST_UNITS, facts: {} })));
    deliverers = stores.map((store, index) => createDeliverer({ ...DEPS, store, post: postAs(index) }));
  });
  afterEach(async () => {
    proxy.setReachable(true);
    await Promise.all(deliverers.map(stopDeliverer));
    await Promise.all(stores.map((store) => store.close()));
    await proxy.stop();
  });

  /** A receiver that takes its time, until it is told to answer. */
  const postAs =
    (index: number): PostTo =>
    async ({ body }, signal) => {
      const { value } = JSON.parse(body) as { value: { resourceData: { id: string } }[] };
      posts.push(`${index}: ${value.map(({ resourceData }) => resourceData.id).join(' ')}`);
      underWay += 1;
      mostAtOnce = Math.max(mostAtOnce, underWay);
      const brokenOff = new Promise<Exchange>((resolve) => {
        signal.addEventListener('abort', () => resolve({ kind: 'broken', error: new Error('Broken off.') }));
      });
      const exchange = await Promise.race([brokenOff, answer.promise.then(() => TAKEN)]);
      underWay -= 1;
      return exchange;
    };

  const DEPS = {
    secretsKey: SECRETS_KEY,
    answerWithinMs: 60_000,
    random: Math.random,
    // The database is out of reach of one of them: it says so.
    onFault: () => undefined,
  };

  const theStore = (index: number): Store => stores[index] as Store;

  /** The first deliverer has posted what happened, and waits for the answer; the second one is there. */
  async function postByFirst(): Promise<string> {
    const store = theStore(0);
    const id = anId();
    const secrets = { clientState: null, signingSecret: 'a signing secret of more than 24 bytes' };
    await store.run(tenant, createSubscription, {
      id,
      appId: randomUUID(),
      content: CONTENT,
      secrets: seal(SECRETS_KEY, { tenantId: tenant, id }, secrets),
      host: 'hooks.example',
      expiresAt: store.clock.now() + 3_600_000,
    });
    const actionId = await act(store);
    for (const deliverer of deliverers) {
      startDeliverer(deliverer);
      await expect.poll(() => posts, { timeout: 5_000 }).toEqual([`0: ${actionId}`]);
    }
    // Each has seen the other.
    await delay(1_200);
    return actionId;
  }

  async function act(store: Store): Promise<string> {
    const row = anActionRow();
    await store.run(tenant, addAction, row);
    return row.id;
  }

  it('do not both deliver while one has lost its connections for a moment', async () => {
    const one = await postByFirst();
    const two = await act(theStore(1));
    proxy.setReachable(false);
    // The second one looks once a second.
    await delay(1_400);
    proxy.setReachable(true);
    await delay(1_200);
    expect(mostAtOnce, posts.join('; ')).toBe(1);
    answer.resolve();
    await expect.poll(() => posts.map((post) => post.slice(3)), { timeout: 20_000 }).toContain(two);
    const told = posts.map((post) => post.slice(3));
    expect([...new Set(told)]).toEqual([one, two]);
    expect(told.lastIndexOf(one)).toBeLessThan(told.indexOf(two));
  }, 40_000);

  it('do not both deliver where one is cut off for good: it breaks off before the other begins', async () => {
    const one = await postByFirst();
    proxy.setReachable(false);
    await expect.poll(() => posts, { timeout: 15_000, interval: 20 }).toContain(`1: ${one}`);
    expect(mostAtOnce).toBe(1);
    expect(underWay).toBe(1);
    await delay(1_000);
    expect(posts).toHaveLength(2);
  }, 40_000);
});
