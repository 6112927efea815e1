import type { Entity } from '../../actions/entity.ts';
import { isFinal } from '../../actions/lifecycle.ts';
import { queries } from '../../store/queries.ts';
import type { ActionRow } from '../../store/rows.ts';
import { resumeAll } from './ledger-pauses.ts';
import { mayLand } from './ledger-product.ts';
import { pass, settleOne, TARGETS, turn, type World } from './ledger-world.ts';

const entityOf = (world: World, id: string): { row: ActionRow; entity: Entity } => {
  const [row] = world.store.read(queries.actionById({ id }));
  if (!row) throw new Error(`Action ${id} is lost.`);
  return { row, entity: JSON.parse(row.entity) as Entity };
};

/** What must hold at every moment of every history. */
export function checkHistories(world: World): void {
  for (const id of world.ids) {
    const { row, entity } = entityOf(world, id);
    checkStep(world, row, entity);
    if (entity.status !== row.status || entity.enforcement.state !== row.state) throw new Error(`${id} is two things.`);
    const times = entity.states.map(({ updatedDateTime }) => updatedDateTime);
    if (times.some((time, index) => index > 0 && time <= (times[index - 1] ?? ''))) {
      throw new Error(`${id} has a history that runs backwards.`);
    }
    if (entity.states.at(-1)?.status !== entity.status) throw new Error(`${id} has a history that ends elsewhere.`);
    world.history.set(id, { version: row.version, entity });
  }
}

function checkStep(world: World, row: ActionRow, entity: Entity): void {
  const before = world.history.get(row.id)?.entity;
  if (!before) return;
  if (isFinal(before.status) && entity.status !== before.status) {
    throw new Error(`${row.id} was final and changed from ${before.status} to ${entity.status}.`);
  }
  if (before.status === 'Running' && row.state === 'none') checkNone(world, row, entity);
}

/** `none` is said only where nothing of it can be in force, or others keep it. */
function checkNone({ store, product }: World, row: ActionRow, { errorInfo }: Entity): void {
  const target = row.target ?? '';
  const [ledger] = store.read(queries.enforcementOf({ provider: 'edge', action: 'BlockIp', target }));
  if (ledger && ledger.holds > 0) return;
  const isReleasing = ledger !== undefined && ledger.release_wished_at !== null;
  if (isReleasing) throw new Error(`${row.id} failed with ${errorInfo?.code} before its release.`);
  const isThere = product.enforced.get(target) === 'ours' || mayLand(product, 'apply', target);
  if (isThere && !mayLand(product, 'release', target)) throw new Error(`${row.id} reads none and may be in force.`);
}

/** Once nothing goes wrong any more: everything that was begun must end. */
export function comeToRest(world: World): void {
  world.product.isCalm = true;
  world.product.lies.clear();
  resumeAll(world);
  const calmSince = world.clock.time;
  for (let round = 0; round < 3_000; round += 1) {
    while (world.inFlight.length > 0) settleOne(world, world.inFlight[0]);
    if (turn(world) > 0) continue;
    checkHistories(world);
    const onTheWay = world.product.late.length + world.product.jobs.length;
    // What a stranger did last shows at the next look.
    if (world.clock.time > calmSince + 120_000 && onTheWay === 0 && isAtRest(world)) return;
    pass(world, 60_000);
  }
  throw new Error('The world does not come to rest.');
}

function isAtRest(world: World): boolean {
  const rows = world.store.read(queries.firstEnforcements({ limit: 100 }));
  const isHeld = rows.every(({ known, holds }) => known === 'inForce' && holds > 0);
  return isHeld && world.ids.every((id) => isFinal(entityOf(world, id).entity.status));
}

function checkActionAtRest(world: World, id: string): void {
  const { row, entity } = entityOf(world, id);
  if (!isFinal(entity.status)) throw new Error(`${id} is ${entity.status} for ever.`);
  const holding = row.hold === 'active';
  if (holding !== (row.state === 'inForce')) throw new Error(`${id} is ${row.state} and its hold is ${row.hold}.`);
  if (!holding && !['none', 'released'].includes(row.state)) throw new Error(`${id} stays ${row.state}.`);
}

/** What is in force is what is wanted, and nothing else; every action is over or holds what is in force. */
export function checkRest(world: World): void {
  const rows = world.store.read(queries.firstEnforcements({ limit: 100 }));
  const wanted = new Set(rows.filter(({ holds }) => holds > 0).map(({ target }) => target));
  for (const target of TARGETS) {
    const present = world.product.enforced.get(target);
    if (wanted.has(target) && present === undefined) throw new Error(`${target} is wanted and not in force.`);
    if (!wanted.has(target) && present === 'ours') throw new Error(`${target} is in force and nobody wants it.`);
  }
  for (const id of world.ids) checkActionAtRest(world, id);
}
