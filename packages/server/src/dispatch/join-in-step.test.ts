import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startPostgres, type TestPostgres } from '../../../../test/postgres.ts';
import { requirement } from '../../../../test/requirement.ts';
import { cancelAction } from '../actions/cancel-action.ts';
import { createAction } from '../actions/create-action.ts';
import { newEntityText } from '../actions/entity.ts';
import { fromDateTime, toDateTime } from '../lib/date-time.ts';
import { queries } from '../store/queries.ts';
import { type OpenPostgres, openPostgresStore } from '../store/sql/postgres-store.ts';
import { anActionRow, anId } from '../store/testing/an-action-row.ts';
import { UNITS } from '../units.ts';
import type { CallResult, LeasedCall } from './call-result.ts';
import { settleCall } from './settle-call.ts';
import { type Taken, takeDue } from './take-due.ts';
import type { Terms } from './terms.ts';

const TERMS: Terms = {
  provider: 'edge',
  probes: true,
  seesForeign: true,
  keepsTime: false,
  repeats: true,
  verification: 'readBack',
  latenessMs: 0,
  timeoutMs: 10_000,
  deadlineMs: 86_400_000,
  verifyEveryMs: 30_000,
  lists: false,
  irreversible: [],
};
const ORIGIN = { appId: 'app', user: null, oid: null, requestId: 'r', sourceIp: null };
const VENDOR = { provider: 'edge', action: 'BlockIp', target: 'ip:203.0.113.1' };

// Units of one group go step by step beside each other on PostgreSQL alone.
describe.skipIf(!requirement('postgres18').ok)('in one group with its start', () => {
  let server: TestPostgres;
  let store: OpenPostgres;
  const tenant = randomUUID();

  beforeAll(async () => {
    server = await startPostgres('18');
    store = await openPostgresStore({ url: server.url, units: UNITS, facts: {} });
  });
  afterAll(async () => {
    await store?.close();
    await server?.stop();
  });

  async function request(target = VENDOR.target): Promise<string> {
    const [id, now] = [anId(), store.clock.now()];
    const caller = { appId: 'app', tenantId: tenant, user: null };
    const asked = { actionReason: null, clientContext: null, name: 'BlockIp', vendorInformation: null, extensions: {} };
    const sent = { ...asked, parameters: [{ name: 'IP', value: target.slice(3) }] };
    const told = { verification: TERMS.verification, simulated: false, expiresAt: null };
    const entity = newEntityText({ id, createdAt: now, caller, sent, ...VENDOR, target, ...told });
    const times = { ttl_ms: 3_600_000, deadline_at: now + 86_400_000, start_at: now, end_at: now + 86_400_000 };
    const row = anActionRow({ id, created_at: toDateTime(now), ...VENDOR, target, entity, ...times });
    await store.run(tenant, createAction, { row, origin: ORIGIN });
    return id;
  }

  const start = (id: string): Promise<Taken> =>
    store.run(tenant, takeDue, {
      ...{ owner: store.leaseOwner, random: 0, ends: [], arrived: [], skip: [], maySuspect: true },
      providers: [
        {
          terms: TERMS,
          free: { release: 4, apply: 4, verify: 4 },
          starts: [{ id }],
          notBefore: {},
          window: 50,
          freshFirst: false,
        },
      ],
    });

  const end = ({ enforcementId, fence, call }: LeasedCall, result: CallResult) =>
    store.run(tenant, settleCall, {
      ...{ owner: store.leaseOwner, terms: TERMS, enforcementId, fence, result, random: 0 },
      toldUntil: fromDateTime(call.expirationDateTime),
    });

  const read = async (id: string) => (await store.read(tenant, queries.actionById({ id })))[0];

  it('the first look ends: the action holds the effect as whoever came before it', async () => {
    const first = await request();
    const [look] = (await start(first)).calls;
    expect(look?.kind).toBe('look');
    const second = await request();
    const settled = end(look as LeasedCall, { presence: { kind: 'absent' } });
    await Promise.all([settled, start(second)]);
    expect([await read(first), await read(second)]).toMatchObject([
      { status: 'Running', hold: 'active' },
      { status: 'Running', hold: 'active' },
    ]);
    expect((await store.read(tenant, queries.enforcementOf(VENDOR)))[0]?.holds).toBe(2);
  });

  it('it is cancelled: no call is begun for it', async () => {
    const target = 'ip:203.0.113.2';
    const id = await request(target);
    const cancel = { id, reason: null, origin: ORIGIN, providers: { edge: { irreversible: [] } } };
    const [taken] = await Promise.all([start(id), store.run(tenant, cancelAction, cancel)]);
    expect(await read(id)).toMatchObject({ status: 'Failed', hold: 'none', enforcement_id: null });
    for (const look of taken.calls) await end(look, { presence: { kind: 'absent' } });
    expect(await store.read(tenant, queries.enforcementOf({ ...VENDOR, target }))).toEqual([]);
  });
});
