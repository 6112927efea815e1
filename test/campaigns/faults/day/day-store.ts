import { createGroupQueue, enqueue, type GroupQueue } from '../../../../packages/server/src/store/sql/group.ts';
import { ask, readTenant, runGroup } from '../../../../packages/server/src/store/sql/sqlite-engine.ts';
import type { Store } from '../../../../packages/server/src/store/store.ts';
import type { SimDatabase } from '../../../sim/database.ts';

const LARGEST_GROUP = 256;
const OWNER = 'day';

/** The real engine on SQLite in memory, for one process, without faults of its own. */
export function openDayStore(database: SimDatabase, now: () => number): { store: Store; groups: GroupQueue } {
  const { engine, prepare } = database;
  const groups = createGroupQueue(async (calls) => runGroup(engine, calls), LARGEST_GROUP);
  const soon = <Value>(take: () => Value): Promise<Value> => Promise.resolve().then(take);
  const tenants = (where: string, ...values: (string | number)[]): Promise<string[]> =>
    soon(() =>
      prepare(`select tenant_id from tenant where ${where} limit ?`)
        .all(...values)
        .map((row) => String(row.tenant_id)),
    );
  const never = (): Promise<never> => Promise.reject(new Error('The day walks through no lists.'));
  const store: Store = {
    leaseOwner: OWNER,
    isShort: () => false,
    clock: { now },
    run: (tenantId, { name }, args, options) =>
      enqueue(groups, { tenantId, unit: name, args }, { urgent: options?.urgent ?? false }) as Promise<never>,
    read: (tenantId, query) => soon(() => ask(engine, tenantId, query)) as Promise<never>,
    step: never,
    scan: never,
    tenant: (tenantId) =>
      soon(() => {
        const row = readTenant(engine, tenantId);
        return { sequence: row?.last_sequence ?? 0, actionCount: row?.action_count ?? 0 };
      }),
    dueTenants: (at, limit) => tenants('due_at <= ? order by due_at', at, limit),
    dueTenantsAfter: (at, after, limit) =>
      tenants('due_at <= ? and tenant_id > ? order by tenant_id', at, after, limit),
    tenantsAfter: (after, limit) => tenants('tenant_id > ? order by tenant_id', after, limit),
    subscribedTenants: () => Promise.resolve([]),
    liveLeaseOwners: () => Promise.resolve(new Set([OWNER])),
    ping: () => Promise.resolve(),
    close: () => Promise.resolve(),
  };
  return { store, groups };
}
