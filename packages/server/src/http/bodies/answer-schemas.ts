import { ENFORCEMENT_STATES, OPERATION_STATUSES, VERIFICATION_LEVELS } from '@interdict/contract';
import { type TSchema, Type } from 'typebox';
import { BATCH_RESPONSE } from './batch-schemas.ts';
import { WORK_ANSWERS } from './work-schemas.ts';

const oneOf = (values: readonly string[]): TSchema => Type.Unsafe({ type: 'string', enum: [...values] });
const orNull = (type: string, rest: object = {}): TSchema => Type.Unsafe({ type: [type, 'null'], ...rest });
const text = orNull('string');
const dateTime = Type.String({ format: 'date-time' });
const dateTimeOrNull = orNull('string', { format: 'date-time' });

const enforcement = Type.Object(
  {
    state: oneOf(ENFORCEMENT_STATES),
    provider: Type.Optional(Type.String()),
    action: Type.Optional(Type.String()),
    target: Type.Optional(Type.String({ description: 'Kind and canonical value, as in ip:203.0.113.9.' })),
    scheduledDateTime: Type.Optional(dateTime),
    verification: Type.Optional(oneOf(VERIFICATION_LEVELS)),
    verifiedDateTime: Type.Optional(dateTimeOrNull),
    expirationDateTime: Type.Optional(dateTimeOrNull),
    heldByOthers: Type.Optional(Type.Integer()),
    preexisting: Type.Optional(Type.Boolean()),
    simulated: Type.Optional(Type.Boolean()),
    approval: Type.Optional(Type.Null()),
    recordedBy: Type.Optional(Type.Object({ appId: Type.String(), user: text, dateTime })),
  },
  { description: 'Whether it is in force, where, until when, and how that is known.' },
);

const securityAction = Type.Object(
  {
    '@odata.context': Type.Optional(Type.String()),
    id: Type.String(),
    actionReason: text,
    appId: text,
    azureTenantId: text,
    clientContext: text,
    completedDateTime: dateTimeOrNull,
    createdDateTime: dateTime,
    errorInfo: Type.Optional(orNull('object')),
    lastActionDateTime: dateTimeOrNull,
    name: text,
    parameters: Type.Array(Type.Object({ name: text, value: text })),
    states: Type.Array(Type.Object({ appId: text, status: text, updatedDateTime: dateTimeOrNull, user: text })),
    status: Type.Unsafe({ type: ['string', 'null'], enum: [...OPERATION_STATUSES, null] }),
    user: text,
    vendorInformation: orNull('object'),
    enforcement: Type.Optional(enforcement),
  },
  { description: 'A securityAction. Other properties are kept as sent: the type is open.' },
);

const error = Type.Object(
  {
    error: Type.Object({
      code: Type.String(),
      message: Type.String(),
      target: Type.Optional(Type.String()),
      innerError: Type.Object({
        code: Type.Optional(Type.String()),
        date: Type.String(),
        'request-id': Type.String(),
        'client-request-id': Type.String(),
      }),
    }),
  },
  { description: "Graph's error body. docs/errors.md has every code." },
);

const collection = (items: TSchema): TSchema =>
  Type.Object({
    '@odata.context': Type.String(),
    '@odata.count': Type.Optional(Type.Integer()),
    '@odata.nextLink': Type.Optional(Type.String({ format: 'uri' })),
    value: Type.Array(items),
  });

const provider = Type.Object({
  id: Type.String(),
  vendorInformation: Type.Object({ provider: Type.String(), providerVersion: text, subProvider: text, vendor: text }),
  aliases: Type.Array(Type.String()),
  connector: Type.String(),
  health: oneOf(['up', 'degraded', 'down']),
  healthMessage: text,
  actions: Type.Array(
    Type.Object({
      name: Type.String(),
      targetKind: Type.Array(Type.String()),
      parameterSchema: Type.Object({}, { description: 'JSON Schema 2020-12 of the parameters, name to text.' }),
      reversible: Type.Boolean(),
      verification: oneOf(VERIFICATION_LEVELS),
      lateness: Type.String(),
      defaultTtl: Type.String(),
      maxTtl: Type.String(),
      approval: Type.Integer(),
      openC2: orNull('object'),
      d3fend: text,
      example: Type.Object({}, { description: 'A body that works.' }),
    }),
  ),
});

const enforcementInForce = Type.Object({
  id: Type.String(),
  provider: Type.String(),
  action: Type.String(),
  target: Type.String(),
  state: oneOf(ENFORCEMENT_STATES),
  verification: oneOf(VERIFICATION_LEVELS),
  verifiedDateTime: dateTimeOrNull,
  expirationDateTime: dateTimeOrNull,
  preexisting: Type.Boolean(),
  drift: Type.Object({ count: Type.Integer(), lastDateTime: dateTimeOrNull }),
  'holds@odata.count': Type.Optional(Type.Integer({ description: 'Only where holds does not list them all.' })),
  holds: Type.Array(Type.Object({ securityActionId: Type.String(), expirationDateTime: dateTime })),
});

const dispatchPause = Type.Object({
  provider: orNull('string', { description: 'Null: all of them.' }),
  state: oneOf(['stopped', 'quarantined']),
  reason: Type.String(),
  since: dateTime,
  by: Type.Object({ appId: Type.String(), user: text }),
});

const subscription = Type.Object({
  '@odata.context': Type.Optional(Type.String()),
  id: Type.String(),
  resource: Type.String(),
  applicationId: Type.String(),
  changeType: Type.String(),
  clientState: text,
  notificationUrl: Type.String({ format: 'uri' }),
  notificationQueryOptions: text,
  lifecycleNotificationUrl: text,
  expirationDateTime: dateTime,
  creatorId: Type.String(),
  includeResourceData: Type.Boolean(),
  latestSupportedTlsVersion: Type.String(),
  encryptionCertificate: text,
  encryptionCertificateId: text,
  notificationUrlAppId: text,
  notificationContentType: Type.String(),
  signingSecret: Type.Optional(Type.String({ description: 'Only in the answer to the create: keep it.' })),
});

const delivery = Type.Object({
  id: Type.String({ description: 'The webhook-id of its POSTs.' }),
  kind: oneOf(['change', 'lifecycle']),
  state: oneOf(['retrying', 'delivered', 'failed']),
  createdDateTime: dateTime,
  firstSequence: orNull('integer'),
  lastSequence: orNull('integer'),
  notificationIds: Type.Array(Type.String()),
  attemptCount: Type.Integer(),
  attempts: Type.Array(Type.Object({ dateTime, httpStatus: orNull('integer'), error: text })),
  nextAttemptDateTime: dateTimeOrNull,
});

/** @see https://docs.crowdsec.net/docs/next/local_api/bouncers */
const decision = Type.Object({
  duration: Type.String({ description: 'As Go writes it.' }),
  id: Type.Integer(),
  origin: Type.String(),
  scenario: Type.String(),
  scope: oneOf(['Ip', 'Range']),
  type: oneOf(['ban']),
  value: Type.String(),
});
const decisionsOrNull = Type.Union([Type.Array(decision), Type.Null()]);

/** Everything that answers consist of, by the name that the API description gives it. */
export const ANSWER_SCHEMAS: Readonly<Record<string, TSchema>> = {
  securityAction,
  securityActionCollection: collection(Type.Unsafe({ $ref: '#/components/schemas/securityAction' })),
  securityActionDelta: Type.Object({
    '@odata.context': Type.String(),
    '@odata.nextLink': Type.Optional(Type.String({ format: 'uri' })),
    '@odata.deltaLink': Type.Optional(Type.String({ format: 'uri' })),
    value: Type.Array(
      Type.Object(
        { id: Type.String(), '@removed': Type.Optional(Type.Object({ reason: oneOf(['deleted', 'changed']) })) },
        { description: 'A securityAction as it is now, or which one is deleted or no longer asked for.' },
      ),
    ),
  }),
  provider,
  providerCollection: collection(Type.Unsafe({ $ref: '#/components/schemas/provider' })),
  enforcementCollection: collection(enforcementInForce),
  dispatchState: Type.Object({ '@odata.context': Type.String(), value: Type.Array(dispatchPause) }),
  ...WORK_ANSWERS,
  subscription,
  subscriptionCollection: collection(Type.Unsafe({ $ref: '#/components/schemas/subscription' })),
  deliveryCollection: collection(delivery),
  serviceDocument: Type.Object({
    '@odata.context': Type.String(),
    value: Type.Array(Type.Object({ name: Type.String(), kind: Type.String(), url: Type.String() })),
  }),
  feedList: Type.Object({
    provider: Type.String(),
    list: oneOf(['ip', 'domain', 'url', 'hash']),
    value: Type.Array(
      Type.Object({
        entry: Type.String(),
        actionIds: Type.Array(Type.String()),
        expirationDateTime: dateTimeOrNull,
      }),
    ),
  }),
  decisions: decisionsOrNull,
  decisionDelta: Type.Object({ deleted: decisionsOrNull, new: decisionsOrNull }),
  batchResponse: BATCH_RESPONSE,
  health: Type.Object({ status: Type.String() }),
  error,
};
