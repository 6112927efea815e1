import { createGroupQueue, enqueue, type GroupQueue } from '../../packages/server/src/store/sql/group.ts';
import { ask, readTenant } from '../../packages/server/src/store/sql/sqlite-engine.ts';
import type { LongRead, Store } from '../../packages/server/src/store/store.ts';
import { carry } from './database.ts';
import { type Life, reaching } from './life.ts';
import { plan } from './virtual-time.ts';
import type { World } from './world.ts';

const LARGEST_GROUP = 256;

const within = (world: World, ms: number): Promise<void> | undefined =>
  ms === 0 ? undefined : new Promise((resolve) => void plan(world.time, ms, resolve));

/** How long the store takes: mostly no time, sometimes long. */
function delayMs(world: World, share = 0.3): number {
  const { faults, random, isCalm } = world;
  if (isCalm || !faults.has('slowStore') || random() > share) return 0;
  const ms = Math.floor(random() * (random() < 0.1 ? 20_000 : 100));
  if (ms > 1_000) world.troubledAt = world.time.now + ms;
  return ms;
}

const STORE_FAULTS = ['unavailable', 'full', 'lostBefore', 'lostBehind', 'poison'] as const;

function faultOf({ faults, random, isCalm }: World): (typeof STORE_FAULTS)[number] | 'none' {
  if (isCalm || !faults.has('badStore') || random() > 0.08) return 'none';
  return STORE_FAULTS[Math.floor(random() * STORE_FAULTS.length)] ?? 'none';
}

/** A group's way to the database and back. One whose process died meanwhile took place, or did not. */
function groupsOf(world: World, life: Life): GroupQueue {
  return createGroupQueue(async (calls) => {
    await within(world, delayMs(world));
    if (life.state === 'dead' && world.random() < 0.5) return await new Promise(() => undefined);
    const fault = faultOf(world);
    if (fault !== 'none') {
      world.troubledAt = Math.max(world.troubledAt, world.time.now);
      world.say(`store: ${fault} for ${calls.map(({ unit }) => unit).join(', ')}`);
    }
    const outcomes = carry(world.database, calls, fault, world.onCommit);
    await within(world, delayMs(world));
    return outcomes;
  }, LARGEST_GROUP);
}

function allRows(world: World, tenantId: string, long: LongRead<unknown>): readonly unknown[] {
  const rows: unknown[] = [];
  for (;;) {
    const slice = ask(world.database.engine, tenantId, long(rows.at(-1), 2_000));
    rows.push(...slice);
    if (slice.length < 2_000) return rows;
  }
}

const tenants = ({ database }: World, where: string, ...values: (string | number)[]): readonly string[] =>
  database
    .prepare(`select tenant_id from tenant where ${where} limit ? + 0`)
    .all(...values)
    .map((row) => String(row.tenant_id));

/** What one process sees of the store that all share. */
export function openWorkerStore(
  world: World,
  life: Life,
  leaseOwner: string,
): { readonly store: Store; readonly groups: GroupQueue } {
  const groups = groupsOf(world, life);
  const answer = <Value>(take: () => Value): Promise<Value> =>
    reaching(life, Promise.resolve(within(world, delayMs(world, 0.03))).then(take));
  const { engine } = world.database;
  const store: Store = {
    leaseOwner,
    isShort: () => false,
    clock: { now: world.clock.now, isInDoubt: world.clock.isInDoubt },
    run: (tenantId, { name }, args, options) =>
      reaching(
        life,
        enqueue(groups, { tenantId, unit: name, args }, { urgent: options?.urgent ?? false }),
      ) as Promise<never>,
    read: (tenantId, query) => answer(() => ask(engine, tenantId, query)) as Promise<never>,
    step: () => Promise.reject(new Error('The simulation walks through no lists.')),
    scan: (tenantId, reads) =>
      answer(() => ({
        sequence: readTenant(engine, tenantId)?.last_sequence ?? 0,
        rows: (reads as readonly LongRead<unknown>[]).map((long) => allRows(world, tenantId, long)),
      })) as Promise<never>,
    tenant: (tenantId) =>
      answer(() => {
        const row = readTenant(engine, tenantId);
        return { sequence: row?.last_sequence ?? 0, actionCount: row?.action_count ?? 0 };
      }),
    dueTenants: (now, limit) => answer(() => tenants(world, 'due_at <= ? order by due_at', now, limit)),
    dueTenantsAfter: (now, after, limit) =>
      answer(() => tenants(world, 'due_at <= ? and tenant_id > ? order by tenant_id', now, after, limit)),
    tenantsAfter: (after, limit) => answer(() => tenants(world, 'tenant_id > ? order by tenant_id', after, limit)),
    subscribedTenants: () => Promise.resolve([]),
    liveLeaseOwners: () =>
      answer(() => new Set(world.workers.filter(({ life: { state } }) => state !== 'dead').map(({ name }) => name))),
    ping: () => answer(() => undefined),
    close: () => Promise.resolve(),
  };
  return { store, groups };
}
