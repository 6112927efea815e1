import { jsonAnswer, type OperationExamples } from './example.ts';
import { CONTEXT } from './values.ts';

const ID = '0192f3c5-8d2e-7c3a-9b41-5f6e7a8b9c0d.3.1793286000000';

const WORK = {
  id: ID,
  kind: 'apply',
  leaseSeconds: 35,
  timeoutSeconds: 10,
  inDoubt: false,
  call: {
    tenantId: '11111111-1111-1111-1111-111111111111',
    action: 'BlockIp',
    target: { kind: 'ip', value: '203.0.113.9' },
    operationId: '0192f3c5-8d2e-7c3a-9b41-5f6e7a8b9c0e',
    attempt: 1,
    expirationDateTime: '2026-10-29T15:00:00.0000000Z',
    request: {
      actionId: '0192f3c5-8d2e-7c3a-9b41-5f6e7a8b9c0f',
      parameters: [{ name: 'IP', value: '203.0.113.9' }],
      reason: 'Scans from it',
    },
  },
};

const PROVIDER = 'branch-office';

export const OF_AGENT_WORK: Readonly<Record<string, OperationExamples>> = {
  leaseWork: {
    requests: { wait: { value: { provider: PROVIDER, max: 10, waitSeconds: 20 } } },
    ...jsonAnswer({ '@odata.context': `${CONTEXT}#Collection(interdict.work)`, value: [WORK] }),
  },
  renewWork: {
    requests: { one: { value: { provider: PROVIDER, id: ID } } },
    ...jsonAnswer({ '@odata.context': `${CONTEXT}#interdict.renewedWork`, leaseSeconds: 35, isWanted: true }),
  },
  completeWork: {
    requests: {
      done: {
        summary: 'It is in force, and was read back',
        value: {
          provider: PROVIDER,
          id: ID,
          answer: { kind: 'done', level: 'accepted' },
          presence: { kind: 'present' },
        },
      },
      refused: {
        summary: 'The product will not do it',
        value: { provider: PROVIDER, id: ID, answer: { kind: 'refused', message: 'The table is full.' } },
      },
    },
    ...jsonAnswer({ '@odata.context': `${CONTEXT}#interdict.reportedWork`, next: null }),
  },
};
