import { createHash } from 'node:crypto';
import { targetText } from '../../packages/contract/src/index.ts';
import { seededRandom } from '../../packages/server/src/dispatch/testing/seeded-random.ts';
import { Refusal } from '../../packages/server/src/errors.ts';
import { CommitUnknown } from '../../packages/server/src/store/store.ts';
import { checkCommit } from './checks/commit-checks.ts';
import { createHistory } from './checks/history.ts';
import { checkLanding } from './checks/landing-checks.ts';
import type { SimDatabase } from './database.ts';
import type { Product } from './product.ts';
import { PRODUCT_KINDS, type ProductKind, traitsOf } from './product-kinds.ts';
import { createSimClock } from './store-clock.ts';
import { createTime } from './virtual-time.ts';
import { FAULTS, type Fault, note, pick, TARGETS, TENANTS, type World } from './world.ts';

/** An id that sorts by time, and that the seed decides. */
function idsOf(): (nowMs: number) => string {
  let count = 0;
  return (nowMs) => {
    count += 1;
    const time = nowMs.toString(16).padStart(12, '0');
    return `${time.slice(0, 8)}-${time.slice(8)}-7000-8000-${count.toString(16).padStart(12, '0')}`;
  };
}

/** What is there before us, and what the product lies about: only a look sees through either. */
function prepare(world: World, kind: ProductKind, { entries, lies }: Product): void {
  if (kind.promised.probe === 'none') return;
  for (const tenant of TENANTS) {
    for (const target of TARGETS) {
      const effect = `${tenant} BlockIp ip:${target}`;
      const isForeign = kind.promised.seesForeign && world.faults.has('strangers') && world.random() < 0.2;
      if (isForeign) entries.set(effect, { owner: 'foreign', until: undefined });
      else if (world.faults.has('lies') && world.random() < 0.3) lies.add(effect);
    }
  }
}

function addProduct(world: World, name: string): void {
  const kind = pick(world, PRODUCT_KINDS);
  if (!kind) throw new Error('There are no kinds of products.');
  const timeoutMs = pick(world, [2_000, 10_000]) ?? 2_000;
  const latenessMs = pick(world, [0, 5_000, 30_000]) ?? 0;
  const product: Product = {
    ...{ name, latenessMs, timeoutMs, lists: kind.lists, takesTime: kind.takesTime, isDown: false },
    traits: traitsOf(kind, timeoutMs, latenessMs),
    ...{ entries: new Map(), landings: new Set(), jobs: new Set(), lies: new Set() },
    ...{ doubled: new Set(), shownAt: new Map(), doneAt: new Map() },
    onLanding: (landing) => checkLanding(world, product, landing),
  };
  prepare(world, kind, product);
  world.products.push(product);
  world.say(`${name}: ${kind.name}, time-out ${timeoutMs}, lateness ${latenessMs}`);
}

/** Faults of the store and of products are theirs; everything else that a process logs is a bug. */
function isOfOthers(error: unknown): boolean {
  if (error instanceof Refusal || error instanceof CommitUnknown) return true;
  if (error instanceof AggregateError) return error.errors.every(isOfOthers);
  return error instanceof Error && (error.message === 'No list.' || isOfOthers(error.cause));
}

function onFault(world: World, who: string, error: unknown): void {
  world.say(`${who} logs: ${String(error)}`);
  if (isOfOthers(error)) return;
  const { stack, cause } = error as Error;
  note(world, `${who} met a fault of ours: ${stack} ${cause instanceof Error ? cause.stack : ''}`);
}

/** Some runs have no faults, most have some, and few have all. */
const drawFaults = (random: () => number): ReadonlySet<Fault> => {
  const share = random();
  return new Set(FAULTS.filter(() => random() < share));
};

type OnLine = (line: string) => void;

/** @param onLine hears every event as it happens, and what each commit changes */
export function createWorld(seed: number, database: SimDatabase, onLine: OnLine | undefined): World {
  const random = seededRandom(seed);
  const time = createTime();
  const begunAt = time.now;
  const faults = drawFaults(random);
  const clock = createSimClock(time);
  const world: World = {
    ...{ seed, random, time, database, faults, products: [], workers: [], flying: new Set() },
    deadlineMs: pick({ random }, [60_000, 600_000, 86_400_000]) ?? 60_000,
    verifyEveryMs: pick({ random }, [30_000, 120_000]) ?? 30_000,
    client: { told: [], tenantOf: new Map(), removals: new Set(), keys: new Map() },
    ...{ history: createHistory(), guarded: new Set() },
    refusalFor: (_, target) =>
      world.guarded.has(targetText(target)) ? { message: 'It must not be touched.' } : undefined,
    newId: idsOf(),
    clock,
    storeNow: clock.now,
    onCommit: (tenantIds) => checkCommit(world, tenantIds),
    onFault: (who, error) => onFault(world, who, error),
    say: (text) => {
      const line = `${((time.now - begunAt) / 1_000).toFixed(3)} ${text}`;
      world.hash.update(line);
      world.lines.push(line);
      onLine?.(line);
    },
    ...{ begunAt, onTrace: onLine, traced: new Map() },
    ...{ hash: createHash('sha1'), lines: [], broken: [] },
    dueBy: { commits: -1, at: 0 },
    ...{ isCalm: false, started: 0, killedAt: 0, troubledAt: time.now },
  };
  database.clear();
  database.source.now = world.storeNow;
  database.source.newId = world.newId;
  world.say(`seed ${seed}: ${[...faults].join(', ')}; deadline ${world.deadlineMs}`);
  for (const name of random() < 0.5 ? ['p1'] : ['p1', 'p2']) addProduct(world, name);
  return world;
}
