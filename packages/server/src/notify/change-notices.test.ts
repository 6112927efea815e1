import { expect, it } from 'vitest';
import { newEntityText } from '../actions/entity.ts';
import { parseFilter } from '../odata/filter/parse-filter.ts';
import { asCreated } from './as-created.ts';
import { judge, toNotices } from './change-notices.ts';
import type { ChangeType, SubscriptionContent } from './subscription.ts';

const ID = '01a21543-a2c2-705c-815c-a7478ead0599';
const created = JSON.parse(
  newEntityText({
    id: ID,
    createdAt: 1_800_000_000_000,
    caller: { appId: 'app', tenantId: 'tenant', user: null },
    sent: {
      actionReason: null,
      clientContext: 'mine',
      name: 'BlockIp',
      parameters: [{ name: 'IP', value: '203.0.113.7' }],
      vendorInformation: { provider: 'edge', providerVersion: null, subProvider: null, vendor: null },
      extensions: {},
    },
    provider: 'edge',
    action: 'BlockIp',
    target: '203.0.113.7',
    verification: 'readBack',
    simulated: false,
    expiresAt: null,
  }),
) as Record<string, unknown>;

/** It failed, after it was in force. */
const since = {
  ...created,
  completedDateTime: '2027-01-15T09:00:00.0000000Z',
  lastActionDateTime: '2027-01-15T09:00:00.0000000Z',
  errorInfo: { code: 500, message: 'It broke.', subcode: 0 },
  states: [...(created.states as object[]), { appId: 'app', status: 'Failed' }],
  status: 'Failed',
  enforcement: {
    ...(created.enforcement as object),
    state: 'released',
    verifiedDateTime: '2027-01-15T09:00:00.0000000Z',
    heldByOthers: 2,
    expirationDateTime: '2027-01-16T08:00:00.0000000Z',
  },
};

it('an action as it was created follows from the action as it is', () => {
  expect(asCreated(since, true)).toEqual(created);
  const withEnd = asCreated(since, false).enforcement;
  expect(withEnd, 'an end that was said').toEqual({
    ...(created.enforcement as object),
    expirationDateTime: since.enforcement.expirationDateTime,
  });
  const record = { ...since, enforcement: { state: 'none', recordedBy: { appId: 'app', user: null } } };
  expect(asCreated(record, true), 'a record is what it was').toEqual(record);
});

it.each([
  ['created', "status eq 'NotStarted'", true],
  ['created', "enforcement/state eq 'pending'", true],
  ['created', "status eq 'Failed'", true],
  ['created', 'enforcement/expirationDateTime eq null', true],
  ['updated', 'enforcement/expirationDateTime eq null', false],
  ['created', "status eq 'Running'", false],
  ['created', "status eq 'NotStarted' and clientContext eq 'theirs'", false],
  ['updated', "status eq 'NotStarted'", false],
  ['updated', "status eq 'Failed'", true],
  ['deleted', "status eq 'NotStarted'", true],
] as const)('%s of an action that has failed since is told where %s: %s', (event, filter, isTold) => {
  const content = { filter, changeTypes: [event] as readonly ChangeType[], actionId: null } as SubscriptionContent;
  const row = { sequence: 1, event, action_id: ID } as Parameters<typeof toNotices>[2][number];
  const action = {
    id: ID,
    created_at: '2027-01-15T08:00:00.0000000Z',
    tag: '3',
    entity: JSON.stringify(since),
    seedEntity: null,
  };
  const created = event === 'created' ? { isEndOpen: true } : undefined;
  const judged = judge(parseFilter(filter), action, created, 1_800_000_100_000);
  expect(toNotices('s', content, [row], new Map([[ID, judged]])).length > 0).toBe(isTold);
});
