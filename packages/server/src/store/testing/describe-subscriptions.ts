import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import {
  beginDelivery,
  clearSubscription,
  restSubscription,
  settleDelivery,
  takeSubscription,
} from '../../notify/delivery-units.ts';
import {
  createSubscription,
  MOST_SUBSCRIPTIONS,
  removeSubscription,
  renewSubscription,
  resendDelivery,
} from '../../notify/subscription-units.ts';
import { queries } from '../queries.ts';
import type { Store } from '../store.ts';
import type { SubscriptionRow } from '../subscription-rows.ts';
import { anActionRow, anId } from './an-action-row.ts';
import { addAction } from './test-units.ts';

const RECEIVER = 'https://hooks.example/';

const CONTENT = {
  resource: 'security/securityActions',
  actionId: null,
  filter: null,
  changeType: 'created',
  changeTypes: ['created'],
  notificationUrl: RECEIVER,
  lifecycleNotificationUrl: null,
  latestSupportedTlsVersion: 'v1_2',
  creatorId: 'app',
} as const;

const NOTICE = { id: 'n', changeType: 'created', resource: 'r', resourceData: { id: 'ünï' } } as const;

const create = (store: Store, tenant: string, id = anId()): Promise<SubscriptionRow | undefined> => {
  const expiresAt = store.clock.now() + 3_600_000;
  const wanted = { id, appId: 'app', content: CONTENT, secrets: 'sealed', host: 'hooks.example', expiresAt };
  return store.run(tenant, createSubscription, wanted);
};

const isSubscribed = async (store: Store, tenant: string): Promise<boolean> =>
  (await store.subscribedTenants('', 10_000)).includes(tenant);

/** What subscriptions need of every store. */
export function describeSubscriptions(storeOf: () => Store): void {
  it('carries a subscription from its beginning to its end', async () => {
    const [store, tenant] = [storeOf(), randomUUID()];
    expect(await isSubscribed(store, tenant)).toBe(false);
    const made = await create(store, tenant);
    const id = made?.id ?? '';
    expect(await isSubscribed(store, tenant)).toBe(true);
    expect(await store.read(tenant, queries.subscriptionById({ id }))).toEqual([made]);
    await store.run(tenant, addAction, anActionRow());
    const { sequence } = await store.tenant(tenant);
    const now = store.clock.now();
    const awake = await store.read(tenant, queries.awakeSubscriptions({ sequence, now, limit: 5 }));
    expect(awake).toEqual([
      { id, app_id: 'app', host: 'hooks.example', failing: 0, lease_owner: null, lease_until: null },
    ]);
    const leased = { id, owner: store.leaseOwner };
    await store.run(tenant, takeSubscription, { ...leased, leaseMs: 60_000 });
    const batch = { ...leased, notices: [NOTICE], firstSequence: 1, lastSequence: sequence, isPruning: true };
    const delivery = await store.run(tenant, beginDelivery, batch);
    const key = { subscription_id: id, id: delivery?.id ?? '' };
    expect(await store.read(tenant, queries.deliveryById(key))).toEqual([delivery]);
    const outcome = { at: now, isDelivered: true, isSlow: false, status: 204, fault: null, retryAfterMs: undefined };
    await store.run(tenant, settleDelivery, { ...leased, deliveryId: key.id, receiver: RECEIVER, outcome, random: 0 });
    await store.run(tenant, restSubscription, leased);
    const [rested] = await store.read(tenant, queries.subscriptionById({ id }));
    expect(rested).toMatchObject({ cursor: sequence, delivery_id: null, lease_owner: null, wake_at: made?.expires_at });
    expect(await store.run(tenant, resendDelivery, { id, appId: 'app', deliveryId: key.id })).toBe('sent');
    const due = queries.dueDeliveries({ subscription_id: id, now: store.clock.now() + 1_000, limit: 5 });
    expect((await store.read(tenant, due)).map((each) => each.id)).toEqual([key.id]);
    await store.run(tenant, removeSubscription, { id, appId: 'app' });
    const last = await store.run(tenant, takeSubscription, { ...leased, leaseMs: 60_000 });
    expect(last?.isOver).toBe(true);
    expect(await store.run(tenant, clearSubscription, leased)).toBe(true);
    expect(await store.read(tenant, queries.deliveriesBefore({ subscription_id: id, id: 'g', limit: 5 }))).toEqual([]);
    expect(await isSubscribed(store, tenant)).toBe(false);
  });

  it('reaches no subscription and no delivery of another tenant', async () => {
    const [store, mine, theirs] = [storeOf(), randomUUID(), randomUUID()];
    const id = anId();
    await create(store, theirs, id);
    const leased = { id, owner: store.leaseOwner };
    await store.run(theirs, takeSubscription, { ...leased, leaseMs: 60_000 });
    const batch = { ...leased, notices: [NOTICE], firstSequence: 1, lastSequence: 1, isPruning: true };
    const delivery = await store.run(theirs, beginDelivery, batch);
    expect(await store.read(mine, queries.subscriptionById({ id }))).toEqual([]);
    expect(await store.read(mine, queries.subscriptionsOf({ app_id: 'app' }))).toEqual([]);
    expect(await store.read(mine, queries.awakeSubscriptions({ sequence: 9, now: 9e15, limit: 5 }))).toEqual([]);
    expect(await store.read(mine, queries.deliveryById({ subscription_id: id, id: delivery?.id ?? '' }))).toEqual([]);
    expect(await store.run(mine, removeSubscription, { id, appId: 'app' })).toBe(false);
    expect(await store.run(mine, takeSubscription, { ...leased, leaseMs: 1 })).toBeUndefined();
    await store.run(mine, clearSubscription, leased);
    expect(await store.read(theirs, queries.subscriptionsOf({ app_id: 'app' }))).toHaveLength(1);
    expect(await create(store, mine, id), 'an id may be in both').toMatchObject({ slot: 0 });
  });

  it('gives two subscriptions that come at once two places, and no more than there are', async () => {
    const [store, tenant] = [storeOf(), randomUUID()];
    const made = await Promise.all(Array.from({ length: MOST_SUBSCRIPTIONS + 5 }, () => create(store, tenant)));
    const slots = made.filter((row) => row !== undefined).map(({ slot }) => slot ?? -1);
    expect(slots.sort((a, b) => a - b)).toEqual(Array.from({ length: MOST_SUBSCRIPTIONS }, (_, index) => index));
  });

  it('counts both of two changes of a subscription that come at once', async () => {
    const [store, tenant] = [storeOf(), randomUUID()];
    const made = await create(store, tenant);
    const own = { id: made?.id ?? '', appId: 'app' };
    const expiresAt = store.clock.now() + 7_200_000;
    const notificationUrl = { text: 'https://other.example/', host: 'other.example' };
    // Those behind the first come in one group.
    await Promise.all([
      store.run(tenant, renewSubscription, { ...own, expiresAt: undefined, notificationUrl: undefined }),
      store.run(tenant, renewSubscription, { ...own, expiresAt, notificationUrl: undefined }),
      store.run(tenant, renewSubscription, { ...own, expiresAt: undefined, notificationUrl }),
    ]);
    const [row] = await store.read(tenant, queries.subscriptionById({ id: own.id }));
    expect(row).toMatchObject({ expires_at: expiresAt, host: 'other.example' });
  });

  it('has what waits due for another receiver, and the one in turn before those that are sent again', async () => {
    const [store, tenant] = [storeOf(), randomUUID()];
    const id = (await create(store, tenant))?.id ?? '';
    const leased = { id, owner: store.leaseOwner };
    const take = () => store.run(tenant, takeSubscription, { ...leased, leaseMs: 60_000 });
    await take();
    const failed = { at: 0, isDelivered: false, isSlow: false, status: 503, fault: null, retryAfterMs: 3_600_000 };
    const begin = async (sequence: number): Promise<string> => {
      const batch = { notices: [NOTICE], firstSequence: sequence, lastSequence: sequence, isPruning: false };
      return (await store.run(tenant, beginDelivery, { ...leased, ...batch }))?.id ?? '';
    };
    const settle = (deliveryId: string, receiver: string, isDelivered: boolean): Promise<unknown> =>
      store.run(tenant, settleDelivery, {
        ...leased,
        deliveryId,
        receiver,
        outcome: { ...failed, at: store.clock.now(), isDelivered },
        random: 0,
      });
    for (let sequence = 1; sequence <= 5; sequence += 1) {
      const deliveryId = await begin(sequence);
      await settle(deliveryId, RECEIVER, true);
      await store.run(tenant, resendDelivery, { id, appId: 'app', deliveryId });
    }
    const inTurn = await begin(6);
    expect((await take())?.due.map((each) => each.id)).toContain(inTurn);
    await settle(inTurn, RECEIVER, false);
    expect((await take())?.due.map((each) => each.id)).not.toContain(inTurn);
    const notificationUrl = { text: 'https://other.example/', host: 'other.example' };
    await store.run(tenant, renewSubscription, { id, appId: 'app', expiresAt: undefined, notificationUrl });
    const taken = await take();
    expect(taken?.due[0]).toMatchObject({ id: inTurn, attempt_count: 0, failing_since: null });
    await settle(inTurn, RECEIVER, false);
    expect((await take())?.due[0]?.id, 'the old receiver answered after the move').toBe(inTurn);
  });

  it('loses neither a sending again nor what came of another one at the same moment', async () => {
    const [store, tenant] = [storeOf(), randomUUID()];
    const id = (await create(store, tenant))?.id ?? '';
    const leased = { id, owner: store.leaseOwner };
    await store.run(tenant, takeSubscription, { ...leased, leaseMs: 60_000 });
    const outcome = { at: 0, isDelivered: true, isSlow: false, status: 204, fault: null, retryAfterMs: undefined };
    const begin = async (sequence: number): Promise<string> => {
      const batch = { notices: [NOTICE], firstSequence: sequence, lastSequence: sequence, isPruning: true };
      return (await store.run(tenant, beginDelivery, { ...leased, ...batch }))?.id ?? '';
    };
    const settle = (deliveryId: string, isDelivered: boolean): Promise<unknown> =>
      store.run(tenant, settleDelivery, {
        ...leased,
        deliveryId,
        receiver: RECEIVER,
        outcome: { ...outcome, isDelivered },
        random: 0,
      });
    const first = await begin(1);
    await settle(first, true);
    await store.run(tenant, resendDelivery, { id, appId: 'app', deliveryId: first });
    const second = await begin(2);
    const third = store.run(tenant, resendDelivery, { id, appId: 'app', deliveryId: first });
    await Promise.all([third, settle(second, true), settle(first, false)]);
    const [row] = await store.read(tenant, queries.subscriptionById({ id }));
    expect(row).toMatchObject({ cursor: 2, delivery_id: null });
  });
}
