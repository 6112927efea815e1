import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createHandClock, type HandClock } from '../auth/testing/hand-clock.ts';
import { type MemoryStore, openMemoryStore } from '../dispatch/testing/memory-store.ts';
import { queries } from '../store/queries.ts';
import type { DeliveryRow, SubscriptionRow } from '../store/subscription-rows.ts';
import { anId } from '../store/testing/an-action-row.ts';
import { tellOf } from '../store/testing/test-units.ts';
import { UNITS } from '../units.ts';
import {
  beginDelivery,
  clearSubscription,
  type Lease,
  restSubscription,
  settleDelivery,
  type TakenSubscription,
  takeSubscription,
} from './delivery-units.ts';
import { noticesOf } from './notification-body.ts';
import type { SubscriptionContent } from './subscription.ts';
import { createSubscription, removeSubscription, renewSubscription, resendDelivery } from './subscription-units.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const OWNER = 'this process';

const CONTENT: SubscriptionContent = {
  resource: 'security/securityActions',
  actionId: null,
  filter: null,
  changeType: 'created',
  changeTypes: ['created'],
  notificationUrl: 'https://hooks.example/',
  lifecycleNotificationUrl: 'https://hooks.example/life',
  latestSupportedTlsVersion: 'v1_2',
  creatorId: 'app',
};

describe('the deliveries of a subscription', () => {
  let clock: HandClock;
  let store: MemoryStore;
  let id: string;

  beforeEach(() => {
    clock = createHandClock(1_800_000_000_000);
    store = openMemoryStore(clock, [...UNITS, tellOf]);
    id = anId();
    create(id, 30 * DAY_MS);
  });
  afterEach(() => store.close());

  const create = (as: string, termMs: number): SubscriptionRow | undefined =>
    store.run(createSubscription, {
      id: as,
      appId: 'app',
      content: CONTENT,
      secrets: 'sealed',
      host: 'hooks.example',
      expiresAt: clock.now() + termMs,
    });
  const row = (): SubscriptionRow | undefined => store.read(queries.subscriptionById({ id }))[0];
  const log = (): readonly DeliveryRow[] =>
    store.read(queries.deliveriesBefore({ subscription_id: id, id: 'g', limit: 2_000 }));
  const take = (owner = OWNER, left?: Lease): TakenSubscription | undefined =>
    store.run(takeSubscription, { id, owner, left, leaseMs: 60_000 });
  const lease = (): Lease => ({ owner: row()?.lease_owner ?? '', until: row()?.lease_until ?? 0 });
  const begin = (last: number): DeliveryRow | undefined => {
    const notice = { id: `n${last}`, changeType: 'created' as const, resource: 'r', resourceData: {} };
    const batch = { notices: [notice], firstSequence: last, lastSequence: last, isPruning: last % 50 === 0 };
    return store.run(beginDelivery, { id, owner: OWNER, ...batch });
  };
  const settle = (
    deliveryId: string,
    isDelivered: boolean,
    isSlow = false,
    retryAfterMs?: number,
    receiver = CONTENT.notificationUrl,
  ): unknown => {
    const outcome = {
      at: clock.now(),
      isDelivered,
      isSlow,
      status: isDelivered ? 204 : 500,
      fault: null,
      retryAfterMs,
    };
    return store.run(settleDelivery, { id, owner: OWNER, deliveryId, receiver, outcome, random: 0 });
  };
  const rest = (): void => store.run(restSubscription, { id, owner: OWNER });
  const isAwake = (sequence = 0): boolean =>
    store.read(queries.awakeSubscriptions({ sequence, now: clock.now(), limit: 10 })).length > 0;

  it('is awake when the journal has gone on, and asleep while nothing is due', () => {
    expect([isAwake(0), isAwake(1)]).toEqual([false, true]);
    take();
    const delivery = begin(1);
    expect(row()).toMatchObject({ cursor: 0, delivery_id: delivery?.id });
    settle(delivery?.id ?? '', true);
    rest();
    expect(row()).toMatchObject({ cursor: 1, delivery_id: null, lease_owner: null });
    expect(isAwake(1)).toBe(false);
    clock.nowMs += 27 * DAY_MS;
    expect(isAwake(1)).toBe(false);
  });

  it('counts as slow from a slow or failed answer to three soon ones in a row, wherever its receiver moves', () => {
    take();
    settle(begin(1)?.id ?? '', true, true);
    expect(row()?.failing).toBe(3);
    const notificationUrl = { text: 'https://other.example/', host: 'other.example' };
    store.run(renewSubscription, { id, appId: 'app', expiresAt: undefined, notificationUrl });
    expect(row()).toMatchObject({ failing: 3, host: 'other.example' });
    const isSlow = [true, false, false, true, false, false, false].map((isHeld, index) => {
      settle(begin(index + 2)?.id ?? '', true, isHeld, undefined, notificationUrl.text);
      return row()?.failing !== 0;
    });
    expect(isSlow).toEqual([true, true, true, true, true, true, false]);
    settle(begin(9)?.id ?? '', false);
    expect(row()?.failing, 'what the old one answers late says nothing of the new one').toBe(0);
  });

  it('is found before those that are slow, where more are awake than are looked at', () => {
    take();
    settle(begin(1)?.id ?? '', true, true);
    rest();
    const quick = anId();
    create(quick, 60 * DAY_MS);
    const awake = store.read(queries.awakeSubscriptions({ sequence: 9, now: clock.now(), limit: 1 }));
    expect(awake.map((each) => each.id)).toEqual([quick]);
  });

  it('is given up after four hours, told as missed, and lets the next one pass', () => {
    take();
    const delivery = begin(1);
    let attempts = 0;
    for (let state: unknown = 'retrying'; state === 'retrying'; attempts += 1) {
      expect(begin(2), 'nothing passes it').toBeUndefined();
      state = settle(delivery?.id ?? '', false);
      expect(row()?.failing).toBe(3);
      const [next] = store.read(queries.nextDelivery({ subscription_id: id }));
      clock.nowMs += (next?.next_at ?? clock.now()) - clock.now();
    }
    expect(attempts).toBeGreaterThan(20);
    const [missed, failed] = log();
    expect(failed).toMatchObject({ id: delivery?.id, state: 'failed', next_at: null });
    expect(clock.now() - (failed?.failing_since ?? 0)).toBe(4 * HOUR_MS);
    expect(missed).toMatchObject({ kind: 'lifecycle', state: 'retrying' });
    expect(missed && noticesOf(missed)).toMatchObject([{ lifecycleEvent: 'missed' }]);
    expect(row()).toMatchObject({ cursor: 1, delivery_id: null });
    expect(begin(2)).toBeDefined();
  });

  it('is leased to one process at a time, while that lives and for no longer than a minute', () => {
    expect(take('other')).toBeDefined();
    expect(take()).toBeUndefined();
    expect(take(OWNER, lease()), 'the other is gone').toBeDefined();
    expect(settle('x', true)).toBeUndefined();
    take('other', lease());
    expect(begin(1), 'the lease is lost').toBeUndefined();
    clock.nowMs += 60_000;
    expect(take()).toBeDefined();
  });

  it('is left to a process that came back and leased it anew, and to a third one that did', () => {
    take('other');
    const left = lease();
    clock.nowMs += 5_000;
    take('other');
    expect(take(OWNER, left)).toBeUndefined();
    store.run(restSubscription, { id, owner: 'other' });
    take('third');
    expect(take(OWNER, left)).toBeUndefined();
    expect(lease().owner).toBe('third');
  });

  it('is found by the next process when this one dies in the middle', () => {
    take();
    const delivery = begin(1);
    expect(isAwake(1)).toBe(true);
    expect(take('next', lease())?.due.map((due) => due.id)).toEqual([delivery?.id]);
  });

  it('says once in a term that it must be renewed, and that no more', () => {
    clock.nowMs += 29 * DAY_MS;
    expect(take()?.due.map(noticesOf)).toMatchObject([[{ lifecycleEvent: 'reauthorizationRequired' }]]);
    expect(take()?.due).toHaveLength(1);
    store.run(renewSubscription, {
      id,
      appId: 'app',
      expiresAt: clock.now() + 10 * DAY_MS,
      notificationUrl: undefined,
    });
    clock.nowMs += 9 * DAY_MS;
    expect(take()?.due).toHaveLength(2);
  });

  it('sends again what is over, and what waits at once', () => {
    take();
    const delivery = begin(1);
    settle(delivery?.id ?? '', false);
    rest();
    expect(isAwake(1)).toBe(false);
    const again = { id, appId: 'app', deliveryId: delivery?.id ?? '' };
    expect(store.run(resendDelivery, { ...again, appId: 'another' })).toBe('noSubscription');
    expect(store.run(resendDelivery, { ...again, deliveryId: anId() })).toBe('noDelivery');
    expect(store.run(resendDelivery, again)).toBe('sent');
    expect(isAwake(1)).toBe(true);
    expect(take()?.due).toHaveLength(1);
    settle(delivery?.id ?? '', true);
    rest();
    expect(row()?.cursor).toBe(1);
    store.run(resendDelivery, again);
    expect(take()?.due.map((due) => [due.id, due.state])).toEqual([[delivery?.id, 'retrying']]);
    settle(delivery?.id ?? '', false);
    expect(row(), 'what is sent again holds nothing up').toMatchObject({ cursor: 1, delivery_id: null });
    expect(log(), 'it begins anew').toMatchObject([{ attempt_count: 1, next_at: clock.now() + 10_000 }]);
    for (let state: unknown = 'retrying'; state === 'retrying'; state = settle(delivery?.id ?? '', false)) {
      clock.nowMs += 600_000;
    }
    expect(log(), 'nothing is told as missed that its application knows of').toMatchObject([{ state: 'failed' }]);
  });

  it('is sent before those that are sent again, however many hang', () => {
    take();
    for (let sequence = 1; sequence <= 60; sequence += 1) {
      const deliveryId = begin(sequence)?.id ?? '';
      settle(deliveryId, true);
      store.run(resendDelivery, { id, appId: 'app', deliveryId });
    }
    const inTurn = begin(61);
    settle(inTurn?.id ?? '', false);
    clock.nowMs += 10_000;
    expect(take()?.due.map((due) => due.id)[0]).toBe(inTurn?.id);
    expect(take()?.due).toHaveLength(3);
  });

  it('goes to another receiver at once, whatever the old one asked for', () => {
    take();
    const delivery = begin(1);
    settle(delivery?.id ?? '', false, false, HOUR_MS);
    rest();
    const isDue = (): boolean => take()?.due.some((due) => due.id === delivery?.id) === true;
    expect(isDue()).toBe(false);
    const renew = (text: string): unknown =>
      store.run(renewSubscription, {
        id,
        appId: 'app',
        expiresAt: undefined,
        notificationUrl: { text, host: 'hooks.example' },
      });
    renew(CONTENT.notificationUrl);
    expect(isDue(), 'it is the same').toBe(false);
    renew('https://hooks.example/other');
    expect(isDue()).toBe(true);
    expect(log()).toMatchObject([{ attempt_count: 0, failing_since: null, next_at: clock.now() }]);
    settle(delivery?.id ?? '', false, false, HOUR_MS);
    expect(isDue(), 'the old one was being asked meanwhile').toBe(true);
  });

  it('keeps the newest thousand in its log, and none over a week', () => {
    take();
    for (let sequence = 1; sequence <= 1_050; sequence += 1) settle(begin(sequence)?.id ?? '', true);
    expect(log().map(({ last_sequence }) => last_sequence)).toEqual(
      Array.from({ length: 1_000 }, (_, index) => 1_050 - index),
    );
    clock.nowMs += 8 * DAY_MS;
    take();
    for (let sequence = 1_051; sequence <= 1_061; sequence += 1) settle(begin(sequence)?.id ?? '', true);
    expect(log()).toHaveLength(11);
  });

  it('is cleared away with its log, and its place is free', () => {
    take();
    for (let sequence = 1; sequence <= 250; sequence += 1) settle(begin(sequence)?.id ?? '', true);
    rest();
    expect(store.run(removeSubscription, { id, appId: 'another' })).toBe(false);
    expect(store.run(removeSubscription, { id, appId: 'app' })).toBe(true);
    expect(store.run(removeSubscription, { id, appId: 'app' })).toBe(false);
    expect([isAwake(250), take()?.isOver]).toEqual([true, true]);
    expect(store.run(clearSubscription, { id, owner: OWNER })).toBe(false);
    expect(store.run(clearSubscription, { id, owner: OWNER })).toBe(true);
    expect([row(), log()]).toEqual([undefined, []]);
  });

  it('is cleared away at once when it was deleted during a delivery', () => {
    take();
    settle(begin(1)?.id ?? '', false);
    store.run(removeSubscription, { id, appId: 'app' });
    rest();
    expect(isAwake(1)).toBe(true);
    expect(take()?.isOver).toBe(true);
  });

  it('are of at most a hundred subscriptions; one that has run out makes room', () => {
    for (let made = 1; made < 99; made += 1) expect(create(anId(), DAY_MS)).toBeDefined();
    expect(create(anId(), HOUR_MS)?.slot).toBe(99);
    expect(create(anId(), DAY_MS)).toBeUndefined();
    clock.nowMs += HOUR_MS;
    expect(create(anId(), DAY_MS)?.slot).toBe(99);
  });
});
