import { jsonAnswer, type OperationExamples } from './example.ts';
import { ACTION_ID, ACTION_IN_FORCE, BASE, BLOCK_REQUEST, ENTITY_CONTEXT, LIST_CONTEXT, NEW_ACTION } from './values.ts';

const created = { '@odata.context': ENTITY_CONTEXT, ...NEW_ACTION };
const { enforcement, ...beforeEnforcement } = ACTION_IN_FORCE;

/** One change as a stream tells it. */
const EVENTS = `retry: 2000
id: 5

id: 6
event: updated
data: ${JSON.stringify(ACTION_IN_FORCE)}

`;

export const OF_SECURITY_ACTIONS: Readonly<Record<string, OperationExamples>> = {
  postSecurityAction: {
    requests: {
      block: { summary: 'Block an address, as Microsoft Graph documents it', value: BLOCK_REQUEST },
      forAnHour: {
        summary: 'For an hour, at the firewalls that poll a list, with a property of your own',
        value: {
          name: 'BlockDomain',
          parameters: [{ name: 'Domain', value: 'c2.example' }],
          vendorInformation: { provider: 'blocklist' },
          ttl: 'PT1H',
          ticket: 'INC-7',
        },
      },
    },
    ...jsonAnswer(created),
  },
  postReference: {
    requests: {
      block: { summary: "The seed document's form: a securityAction", value: BLOCK_REQUEST },
      reference: {
        summary: 'A reference to an action that is here',
        value: { '@odata.id': `${BASE}/security/securityActions/${ACTION_ID}` },
      },
    },
    ...jsonAnswer(created),
  },
  listSecurityActions: jsonAnswer({ '@odata.context': LIST_CONTEXT, '@odata.count': 1, value: [ACTION_IN_FORCE] }),
  countSecurityActions: { answers: { 'text/plain': { value: '1' } } },
  getSecurityActionDelta: jsonAnswer({
    '@odata.context': LIST_CONTEXT,
    '@odata.deltaLink': `${BASE}/security/securityActions/delta?$deltatoken=tW3t9LDUsbnVsbCwxNzk1NzAxODkzNjg5XQ.Ccxe207b8Nu5-bXXsOlNKg`,
    value: [ACTION_IN_FORCE, { id: '01a2182c-6a42-7269-b7ee-3f2790e0a81b', '@removed': { reason: 'deleted' } }],
  }),
  streamSecurityActions: { answers: { 'text/event-stream': { value: EVENTS } } },
  getSecurityAction: jsonAnswer({ '@odata.context': ENTITY_CONTEXT, ...ACTION_IN_FORCE }),
  updateSecurityAction: {
    requests: {
      reason: {
        summary: 'Another reason, and a property of your own',
        value: { actionReason: 'Confirmed by the SOC', ticket: 'INC-7' },
      },
    },
    ...jsonAnswer({
      '@odata.context': ENTITY_CONTEXT,
      ...beforeEnforcement,
      actionReason: 'Confirmed by the SOC',
      ticket: 'INC-7',
      enforcement,
    }),
  },
  cancelSecurityAction: { requests: { reason: { summary: 'With a reason', value: { reason: 'False positive' } } } },
};
