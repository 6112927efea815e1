import { jsonAnswer, type OperationExamples } from './example.ts';
import { CONTEXT, DELIVERY_ID, SUBSCRIPTION_ID } from './values.ts';

const REQUEST = {
  changeType: 'created,updated',
  notificationUrl: 'https://hooks.example/interdict',
  resource: "security/securityActions?$filter=status eq 'Failed'",
  expirationDateTime: '2026-12-20T11:00:00Z',
  clientState: 'a secret of yours',
};

/** As it is read: what only its owner should know is left out. */
const SUBSCRIPTION = {
  id: SUBSCRIPTION_ID,
  resource: REQUEST.resource,
  applicationId: '10ca1000-0000-4000-8000-000000000002',
  changeType: REQUEST.changeType,
  clientState: null as string | null,
  notificationUrl: REQUEST.notificationUrl,
  notificationQueryOptions: null,
  lifecycleNotificationUrl: null,
  expirationDateTime: '2026-12-20T11:00:00.0000000Z',
  creatorId: '6ac96ad1-6a6f-85b5-8099-c199cd73f816',
  includeResourceData: false,
  latestSupportedTlsVersion: 'v1_2',
  encryptionCertificate: null,
  encryptionCertificateId: null,
  notificationUrlAppId: null,
  notificationContentType: 'application/json',
};

const one = { '@odata.context': `${CONTEXT}#subscriptions/$entity`, ...SUBSCRIPTION };

export const OF_SUBSCRIPTIONS: Readonly<Record<string, OperationExamples>> = {
  postSubscription: {
    requests: { failures: { summary: 'Be told of what failed', value: REQUEST } },
    ...jsonAnswer({
      ...one,
      clientState: REQUEST.clientState,
      signingSecret: 'whsec_kQVmZbDaEvlLoy8E0QYfZ5NUmnllxxxuOgFsZvSjg/A=',
    }),
  },
  listSubscriptions: jsonAnswer({ '@odata.context': `${CONTEXT}#subscriptions`, value: [SUBSCRIPTION] }),
  getSubscription: jsonAnswer(one),
  patchSubscription: {
    requests: { renewal: { summary: 'Until another day', value: { expirationDateTime: '2026-12-24T11:00:00Z' } } },
    ...jsonAnswer({ ...one, expirationDateTime: '2026-12-24T11:00:00.0000000Z' }),
  },
  listSubscriptionDeliveries: jsonAnswer({
    '@odata.context': `${CONTEXT}#subscriptions/${SUBSCRIPTION_ID}/deliveries`,
    value: [
      {
        id: DELIVERY_ID,
        kind: 'change',
        state: 'delivered',
        createdDateTime: '2026-11-26T14:04:53.8550000Z',
        firstSequence: 12,
        lastSequence: 13,
        notificationIds: ['77R9O0Isihm7cQiGaRbs5x', 'BDdCZvC-tUCaWch0wRkf9l'],
        attemptCount: 1,
        attempts: [{ dateTime: '2026-11-26T14:04:53.8690000Z', httpStatus: 202, error: null }],
        nextAttemptDateTime: null,
      },
    ],
  }),
};
