import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Connector } from '@interdict/connectors';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { newEntityText } from '../actions/entity.ts';
import { systemTimers } from '../lib/timers.ts';
import { createMetrics } from '../observe/metrics.ts';
import { createHealthBoard } from '../observe/provider-health.ts';
import { queries } from '../store/queries.ts';
import { openSqliteStore } from '../store/sql/sqlite-store.ts';
import type { Store } from '../store/store.ts';
import { anActionRow, anId } from '../store/testing/an-action-row.ts';
import { addAction } from '../store/testing/test-units.ts';
import type { LeasedCall } from './call-result.ts';
import { carryCall } from './carry-call.ts';
import { createDispatcher, type DispatchedProvider, gateOf } from './dispatcher.ts';
import { takeDue } from './take-due.ts';
import { ANSWERS, aCase } from './testing/a-case.ts';

const { terms } = aCase({}, ANSWERS);
const LATE_MS = 11_000;

describe('a call that may not be made any more', () => {
  const tenantId = randomUUID();
  let folder: string;
  let store: Store;
  let applied = 0;

  beforeEach(async () => {
    applied = 0;
    folder = mkdtempSync(path.join(os.tmpdir(), 'interdict-test-carry-'));
    store = await openSqliteStore({ folder, entry: new URL('./testing/dispatch-thread.ts', import.meta.url) });
  });
  afterEach(async () => {
    await store.close();
    rmSync(folder, { recursive: true });
  });

  const connector = (): Connector => ({
    traits: {
      ...{ actions: [], verification: 'reported', idempotence: 'setlike', probe: 'none', seesForeign: false },
      ...{ keepsTime: false, maxLatenessMs: 0, timeoutMs: 1_000, limits: { concurrency: 1 }, simulated: true },
    },
    apply: async () => {
      applied += 1;
      return { kind: 'done', level: 'reported' };
    },
    release: async () => ({ kind: 'done', level: 'reported' }),
    close: async () => undefined,
  });

  async function leaseApply(): Promise<LeasedCall> {
    const now = Date.now();
    const id = anId();
    const entity = newEntityText({
      ...{ id, createdAt: now, caller: { appId: 'app', tenantId, user: null } },
      sent: {
        ...{ actionReason: null, clientContext: null, name: 'BlockIp', parameters: [], vendorInformation: null },
        extensions: {},
      },
      ...{ provider: 'edge', action: 'BlockIp', target: 'ip:203.0.113.9' },
      ...{ verification: 'reported', simulated: false, expiresAt: null },
    });
    const times = { start_at: now - 1, end_at: now + 60_000, deadline_at: now + 60_000, ttl_ms: 60_000 };
    await store.run(tenantId, addAction, anActionRow({ id, entity, target: 'ip:203.0.113.9', ...times }));
    const provider = {
      terms,
      free: { release: 1, apply: 1, verify: 1 },
      starts: [{ id }],
      notBefore: {},
      window: 50,
      freshFirst: false,
    };
    const turn = {
      owner: store.leaseOwner,
      random: 0,
      ends: [],
      arrived: [],
      skip: [],
      maySuspect: true,
      providers: [provider],
    };
    const [call] = (await store.run(tenantId, takeDue, turn)).calls;
    if (!call) throw new Error('Nothing was leased.');
    return call;
  }

  it.each([
    ['whose lease came late: another process may have taken over by now', LATE_MS, false],
    ['that followed when the time for calls was over at the stop', 0, true],
  ])('%s is not sent, and the row is free and says that nothing was done', async (_, lateMs, isStopping) => {
    const leased = await leaseApply();
    const provider: DispatchedProvider = {
      ...{ key: 'edge', terms, connector: connector(), tenants: undefined, reconcileEveryMs: undefined },
    };
    const dispatcher = createDispatcher({
      ...{ store, providers: [provider], refusalFor: () => undefined, health: createHealthBoard() },
      ...{ metrics: createMetrics(), timers: systemTimers, random: () => 0 },
      ...{ onFault: () => undefined, onAlarms: () => undefined },
    });
    const way = { tenantId, provider, gate: gateOf(dispatcher, tenantId, provider, Date.now()) };
    dispatcher.sendsNothing = isStopping;
    await carryCall(dispatcher, way, { ...leased, askedAt: systemTimers.monotonicMs() - lateMs }, () => undefined);
    expect(applied).toBe(0);
    const [row] = await store.read(tenantId, queries.enforcementById({ id: leased.enforcementId }));
    expect(row).toMatchObject({ known: 'absent', lease_owner: null, settles_at: null });
  });
});
