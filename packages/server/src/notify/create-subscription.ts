import { randomBytes } from 'node:crypto';
import { Refusal } from '../errors.ts';
import { newId } from '../lib/new-id.ts';
import { queries } from '../store/queries.ts';
import type { SubscriptionRow } from '../store/subscription-rows.ts';
import { readChangeTypes, readExpiration, readReceiverUrl, readTlsVersion } from './check-subscription.ts';
import { shakeHands } from './handshake.ts';
import { withHandshake } from './handshake-limits.ts';
import type { NotifyDeps, Subscriber } from './notify-deps.ts';
import { readResource } from './read-resource.ts';
import { invalid, isOwnId } from './refuse.ts';
import { seal } from './seal.ts';
import { isLive, type SubscriptionContent, type SubscriptionSecrets } from './subscription.ts';
import { createSubscription, MOST_SUBSCRIPTIONS } from './subscription-units.ts';

/** A body of right types. */
export interface SubscriptionInput {
  readonly resource: string;
  readonly changeType: string;
  readonly notificationUrl: string;
  readonly lifecycleNotificationUrl: string | null;
  readonly expirationDateTime: string;
  readonly clientState: string | null;
  readonly latestSupportedTlsVersion: string | null;
}

const tooMany = (): Refusal =>
  new Refusal(
    'Authorization_RequestDenied',
    `This application has ${MOST_SUBSCRIPTIONS} subscriptions in this tenant, and may not have more. Delete one, or renew one with PATCH.`,
    { inner: 'policyForbids' },
  );

async function checkRoom({ store }: NotifyDeps, { tenantId, appId }: Subscriber, now: number): Promise<void> {
  const rows = await store.read(tenantId, queries.subscriptionsOf({ app_id: appId }));
  if (rows.filter((row) => isLive(row, now)).length >= MOST_SUBSCRIPTIONS) throw tooMany();
}

async function checkAction({ store }: NotifyDeps, tenantId: string, actionId: string | null): Promise<void> {
  if (actionId === null) return;
  const [found] = isOwnId(actionId) ? await store.read(tenantId, queries.entityById({ id: actionId })) : [];
  if (!found) throw invalid('resource', `There is no securityAction "${actionId.slice(0, 100)}" to subscribe to.`);
}

interface Checked {
  readonly content: SubscriptionContent;
  readonly expiresAt: number;
  readonly url: URL;
  readonly lifecycleUrl: URL | undefined;
}

function check(deps: NotifyDeps, { oid, appId }: Subscriber, input: SubscriptionInput, now: number): Checked {
  const { guard } = deps;
  const changeTypes = readChangeTypes(input.changeType);
  const watched = readResource(input.resource);
  const expiresAt = readExpiration(input.expirationDateTime, now);
  const url = readReceiverUrl(input.notificationUrl, 'notificationUrl', guard);
  const { lifecycleNotificationUrl } = input;
  const lifecycleUrl =
    lifecycleNotificationUrl === null
      ? undefined
      : readReceiverUrl(lifecycleNotificationUrl, 'lifecycleNotificationUrl', guard);
  const content: SubscriptionContent = {
    resource: input.resource,
    ...watched,
    changeType: input.changeType,
    changeTypes,
    notificationUrl: input.notificationUrl,
    lifecycleNotificationUrl,
    latestSupportedTlsVersion: readTlsVersion(input.latestSupportedTlsVersion),
    creatorId: oid ?? appId,
  };
  return { content, expiresAt, url, lifecycleUrl };
}

export interface CreatedSubscription {
  readonly row: SubscriptionRow;
  /** Shown this once. */
  readonly secrets: SubscriptionSecrets;
}

/**
 * Subscribes an application to what changes from now on, once its receivers have passed the validation.
 * @throws {Refusal} invalidProperty, invalidFilter and what else is wrong with the resource; policyForbids for one too
 *   many; limitExceeded while many receivers of the tenant are being validated, or many did not pass; serviceUnavailable
 */
export async function subscribe(
  deps: NotifyDeps,
  subscriber: Subscriber,
  input: SubscriptionInput,
): Promise<CreatedSubscription> {
  const { store, secretsKey } = deps;
  const { tenantId, appId } = subscriber;
  const now = store.clock.now();
  const { content, expiresAt, url, lifecycleUrl } = check(deps, subscriber, input, now);
  await checkAction(deps, tenantId, content.actionId);
  await checkRoom(deps, subscriber, now);
  await withHandshake(deps, subscriber, async () => {
    await shakeHands(deps, url, 'notificationUrl');
    if (lifecycleUrl) await shakeHands(deps, lifecycleUrl, 'lifecycleNotificationUrl');
  });
  const id = newId(now);
  const signingSecret = `whsec_${randomBytes(32).toString('base64')}`;
  const secrets = { clientState: input.clientState, signingSecret };
  const sealed = seal(secretsKey, { tenantId, id }, secrets);
  const wanted = { id, appId, content, secrets: sealed, host: url.hostname, expiresAt };
  const row = await store.run(tenantId, createSubscription, wanted, { isNew: true });
  if (!row) throw tooMany();
  deps.onSubscribed(tenantId);
  return { row, secrets };
}
