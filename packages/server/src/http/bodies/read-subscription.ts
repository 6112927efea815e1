import { type TSchema, Type } from 'typebox';
import { Refusal } from '../../errors.ts';
import { didYouMean } from '../../lib/nearest-name.ts';
import type { SubscriptionInput } from '../../notify/create-subscription.ts';
import type { RenewalInput } from '../../notify/own-subscriptions.ts';
import { isControlName } from '../../odata/control-name.ts';
import { typeCheck } from './body-schema.ts';

const text = (description: string): TSchema => Type.Optional(Type.Unsafe({ type: ['string', 'null'], description }));

/** Members of Graph's type that are asked for. */
const TAKEN = {
  resource: text('security/securityActions, with ?$filter=… if need be, or security/securityActions/{id}.'),
  changeType: text('Some of created, updated, deleted, with commas between them.'),
  notificationUrl: text('Where notifications are POSTed to: https. It must pass the validation.'),
  lifecycleNotificationUrl: text('Where notices about the subscription itself go: https.'),
  expirationDateTime: text('When it ends: at most 43,200 minutes ahead.'),
  clientState: text('Stands in every notification. At most 255 characters.'),
  latestSupportedTlsVersion: text('v1_2 or v1_3.'),
};

/** Those that this server knows and cannot do. */
const NOT_SERVED = {
  encryptionCertificate: text('Not served: notifications carry no resource data.'),
  encryptionCertificateId: text('Not served.'),
  notificationQueryOptions: text('Not served.'),
  notificationUrlAppId: text('Not served.'),
};

/** Those that the server fills in: ignored, as of any entity. */
const COMPUTED = {
  '@odata.type': text('Ignored.'),
  id: text('Ignored: ids are ours.'),
  applicationId: text('Ignored: the token says it.'),
  creatorId: text('Ignored: the token says it.'),
};

export const SUBSCRIPTION = Type.Object(
  {
    ...TAKEN,
    ...NOT_SERVED,
    ...COMPUTED,
    includeResourceData: Type.Optional(Type.Unsafe({ type: ['boolean', 'null'], description: 'false.' })),
    notificationContentType: text('application/json.'),
  },
  { description: 'A subscription as it is sent.' },
);

export const SUBSCRIPTION_RENEWAL = Type.Object(
  { expirationDateTime: TAKEN.expirationDateTime, notificationUrl: TAKEN.notificationUrl },
  { description: 'What can be changed of a subscription. All else may be given back as it is.' },
);

type Sent = Readonly<Record<string, string | null | undefined>> & { readonly includeResourceData?: never };

const checkTypes = typeCheck<Sent>(SUBSCRIPTION);

const LONGEST_CLIENT_STATE = 255;
const NAMES = Object.keys(SUBSCRIPTION.properties);

const refuse = (
  inner: 'missingProperty' | 'invalidProperty' | 'unknownProperty' | 'limitExceeded',
  target: string,
  message: string,
): Refusal => new Refusal('badRequest', message, { inner, target });

function checkNames(body: Sent, names: readonly string[]): void {
  const unknown = Object.keys(body).find((name) => !names.includes(name) && !isControlName(name));
  if (unknown === undefined) return;
  const shown = unknown.slice(0, 100);
  const known = NAMES.filter((name) => name in TAKEN);
  const hint = didYouMean(unknown, NAMES) || ` It has: ${known.join(', ')}.`;
  throw refuse('unknownProperty', shown, `A subscription has no member "${shown}".${hint}`);
}

const notSupported = (target: string, message: string): Refusal =>
  new Refusal('notImplemented', message, { inner: 'notSupported', target });

function checkServed(body: Sent): void {
  if ((body.includeResourceData as unknown) === true) {
    const words = 'Notifications carry no resource data: leave "includeResourceData" out, and GET the securityAction.';
    throw notSupported('includeResourceData', words);
  }
  for (const name of Object.keys(NOT_SERVED)) {
    const value = body[name];
    if (value === undefined || value === null) continue;
    throw notSupported(name, `"${name}" is not served here. Leave it out.`);
  }
  const type = body.notificationContentType ?? 'application/json';
  if (/^application\/json$/i.test(type)) return;
  throw refuse('invalidProperty', 'notificationContentType', '"notificationContentType" is application/json here.');
}

function needed(body: Sent, name: keyof typeof TAKEN): string {
  const value = body[name];
  if (value !== undefined && value !== null && value.trim() !== '') return value;
  throw refuse('missingProperty', name, `A subscription needs "${name}".`);
}

const optional = (body: Sent, name: keyof typeof TAKEN): string | null => body[name] ?? null;

function readBody(body: unknown, names: readonly string[] = NAMES): Sent {
  if (body === undefined) {
    throw new Refusal('badRequest', 'The body is empty. Send a subscription.', { inner: 'malformedJson' });
  }
  const sent = checkTypes(body);
  checkNames(sent, names);
  return sent;
}

function readClientState(body: Sent): string | null {
  const clientState = optional(body, 'clientState');
  if (clientState === null || clientState.length <= LONGEST_CLIENT_STATE) return clientState;
  const words = `"clientState" has ${clientState.length} characters; at most ${LONGEST_CLIENT_STATE} are kept.`;
  throw refuse('limitExceeded', 'clientState', words);
}

/**
 * The body of a new subscription: its shape only.
 * @throws {Refusal} malformedJson, missingProperty, invalidProperty, unknownProperty, limitExceeded; notSupported
 */
export function readSubscription(body: unknown): SubscriptionInput {
  const sent = readBody(body);
  checkServed(sent);
  return {
    changeType: needed(sent, 'changeType'),
    notificationUrl: needed(sent, 'notificationUrl'),
    resource: needed(sent, 'resource'),
    expirationDateTime: needed(sent, 'expirationDateTime'),
    lifecycleNotificationUrl: optional(sent, 'lifecycleNotificationUrl'),
    clientState: readClientState(sent),
    latestSupportedTlsVersion: optional(sent, 'latestSupportedTlsVersion'),
  };
}

const CHANGEABLE: readonly string[] = Object.keys(SUBSCRIPTION_RENEWAL.properties);
/** The answer to the create has it, and whoever keeps that sends it back. */
const ANSWERED: readonly string[] = [...NAMES, 'signingSecret'];

/**
 * What a PATCH changes, and what it gives back.
 * @throws {Refusal} malformedJson, missingProperty, unknownProperty
 */
export function readRenewal(body: unknown): RenewalInput {
  const sent = readBody(body, ANSWERED);
  const { expirationDateTime, notificationUrl } = sent;
  const others = Object.entries(sent).filter(([name]) => !CHANGEABLE.includes(name) && !isControlName(name));
  if (expirationDateTime === undefined && notificationUrl === undefined && others.length === 0) {
    throw refuse('missingProperty', 'expirationDateTime', `A change of a subscription has ${CHANGEABLE.join(' or ')}.`);
  }
  return {
    expirationDateTime: expirationDateTime === undefined ? undefined : needed(sent, 'expirationDateTime'),
    notificationUrl: notificationUrl === undefined ? undefined : needed(sent, 'notificationUrl'),
    givenBack: Object.fromEntries(others),
  };
}
