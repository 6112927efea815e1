import { quarantineTenant } from '../../packages/server/src/actions/quarantine.ts';
import { resumeRestored } from './client.ts';
import { carry } from './database.ts';
import { drain } from './drain.ts';
import { goOn } from './life.ts';
import { plan } from './virtual-time.ts';
import { kill, startWorker } from './worker.ts';
import { type Fault, pick, short, TARGETS, TENANTS, type Worker, type World } from './world.ts';

const aProduct = (world: World) => pick(world, world.products);
const anEffect = (world: World): string => `${pick(world, TENANTS)} BlockIp ip:${pick(world, TARGETS)}`;
const running = (world: World): readonly Worker[] => world.workers.filter(({ life }) => life.state === 'runs');

function killOne(world: World): void {
  const worker = pick(world, world.workers);
  if (worker) kill(world, worker);
  if (world.workers.length === 0) world.say('no process runs');
}

/** SIGSTOP, for up to three leases. */
function pauseOne(world: World): void {
  const worker = pick(world, running(world));
  if (!worker) return;
  const ms = Math.floor(world.random() * 110_000);
  worker.life.state = 'paused';
  world.troubledAt = Math.max(world.troubledAt, world.time.now + ms);
  world.say(`${worker.name} stands still for ${ms} ms`);
  plan(world.time, ms, () => {
    world.say(`${worker.name} goes on`);
    goOn(worker.life);
  });
}

function turnDown(world: World): void {
  const product = aProduct(world);
  if (!product || product.isDown) return;
  const ms = pick(world, [5_000, 60_000, 600_000]) ?? 5_000;
  product.isDown = true;
  world.say(`${product.name} is down for ${ms} ms`);
  plan(world.time, ms, () => {
    product.isDown = false;
    world.say(`${product.name} is up again`);
  });
}

/** The product loses one entry, or all that it had. What nobody looks at again is never found out. */
function lose(world: World): void {
  const product = aProduct(world);
  if (product?.traits.verification !== 'readBack') return;
  const effect = pick(world, [...product.entries.keys()]);
  if (effect === undefined) return;
  world.say(`${product.name} loses ${world.random() < 0.3 ? 'everything' : short(effect)}`);
  if (world.lines.at(-1)?.endsWith('everything')) product.entries.clear();
  else product.entries.delete(effect);
}

/** Somebody else puts an entry there, or takes one away. */
function meddle(world: World): void {
  const product = aProduct(world);
  if (!product?.traits.seesForeign) return;
  const effect = anEffect(world);
  if (product.entries.has(effect)) product.entries.delete(effect);
  else product.entries.set(effect, { owner: 'foreign', until: undefined });
  world.say(`a stranger: ${short(effect)} at ${product.name} is now ${product.entries.get(effect)?.owner ?? 'absent'}`);
}

function setClock(world: World, byMs: number): void {
  world.clock.set(byMs);
  world.say(`the clock of the system is ${byMs} ms off`);
}

const MINUTE_MS = 60_000;
/** Some are believed, and followed slowly; the others are not. */
const JUMPS_MS = [0, -MINUTE_MS, 10 * MINUTE_MS, 20 * MINUTE_MS, -120 * MINUTE_MS, 525_600 * MINUTE_MS];

function guard(world: World): void {
  const target = `ip:${pick(world, TARGETS)}`;
  if (!world.guarded.delete(target)) world.guarded.add(target);
  world.say(`${target} is ${world.guarded.has(target) ? 'guarded' : 'free'}`);
}

/** SIGTERM: the others go on, and take what it leaves. */
function drainOne(world: World): void {
  const worker = pick(
    world,
    running(world).filter(({ life }) => !life.isStopping),
  );
  if (worker) drain(world, worker);
}

/** What a tenant's part of the database says may not be so any more: `interdict quarantine`, servers beside it. */
function quarantineOne(world: World): void {
  const tenantId = pick(world, TENANTS) ?? '';
  world.say(`${tenantId.slice(0, 1)} is in quarantine`);
  carry(world.database, [{ tenantId, unit: quarantineTenant.name, args: { reason: 'why' } }], 'none', world.onCommit);
  plan(world.time, pick(world, [10_000, 120_000, 1_200_000]) ?? 0, () => resumeRestored(world, tenantId));
}

const DEEDS: Readonly<Partial<Record<Fault, (world: World) => void>>> = {
  kills: killOne,
  pauses: pauseOne,
  outages: turnDown,
  losses: lose,
  strangers: meddle,
  clock: (world) => setClock(world, Math.floor((world.random() - 0.5) * 8_000)),
  clockJumps: (world) => setClock(world, pick(world, JUMPS_MS) ?? 0),
  guards: guard,
  drains: drainOne,
  restores: quarantineOne,
};

/** Something goes wrong that this run has drawn. A process that is missing starts anew. */
export function disturb(world: World): void {
  if (world.workers.length === 0 || (world.workers.length < 2 && world.random() < 0.3)) {
    startWorker(world);
    return;
  }
  const deed = pick(
    world,
    Object.entries(DEEDS).filter(([fault]) => world.faults.has(fault as Fault)),
  );
  deed?.[1](world);
}

/** From here on nothing goes wrong. */
export function heal(world: World): void {
  world.isCalm = true;
  world.guarded.clear();
  for (const product of world.products) {
    product.isDown = false;
    product.lies.clear();
  }
  for (const { life } of world.workers) goOn(life);
  if (world.workers.every(({ life }) => life.isStopping)) startWorker(world);
  world.say('nothing goes wrong any more');
}
