import type { Answer, Presence } from '@interdict/connectors';
import { targetText } from '@interdict/contract';
import { cancelAction } from '../../actions/cancel-action.ts';
import { createAction } from '../../actions/create-action.ts';
import { type Entity, entityText, newEntity } from '../../actions/entity.ts';
import { isFinal } from '../../actions/lifecycle.ts';
import { toDateTime } from '../../lib/date-time.ts';
import { queries } from '../../store/queries.ts';
import type { ActionRow } from '../../store/rows.ts';
import { anId } from '../../store/testing/an-action-row.ts';
import type { LeasedCall } from '../call-result.ts';
import { freeLeases } from '../free-leases.ts';
import { settleCall } from '../settle-call.ts';
import { takeDue } from '../take-due.ts';
import type { Terms } from '../terms.ts';
import { type MemoryStore, openMemoryStore, TENANT } from './memory-store.ts';
import { seededRandom } from './seeded-random.ts';

const DEADLINE_MS = 86_400_000;
const LATENESS_MS = 30_000;
const ORIGIN = { appId: 'app', user: null, oid: null, requestId: 'r', sourceIp: null };

/** A call between its intent and its outcome. `lands`: when it takes effect at the product, if it does. */
interface InFlight {
  readonly leased: LeasedCall;
  readonly sentAt: number;
}

/** An effect of a call whose answer was lost, on its way. */
interface Late {
  readonly kind: 'apply' | 'release';
  readonly target: string;
  readonly at: number;
}

/** One tenant, one product, one dispatcher, and everything that can go wrong between them. */
export interface World {
  readonly seed: number;
  readonly random: () => number;
  readonly clock: { time: number; now(): number };
  readonly store: MemoryStore;
  readonly terms: Terms;
  /** What the product enforces: ours, or somebody else's. */
  readonly product: Map<string, 'ours' | 'foreign'>;
  readonly inFlight: InFlight[];
  readonly late: Late[];
  readonly ids: string[];
  /** Ids whose target a stranger put in force before anybody asked. */
  readonly history: Map<string, { version: number; entity: Entity }>;
  readonly log: string[];
  /** No faults any more: everything must come to rest. */
  isCalm: boolean;
}

export function createWorld(seed: number, terms: Partial<Terms>): World {
  const clock = { time: 1_767_225_600_000, now: () => clock.time };
  return {
    seed,
    random: seededRandom(seed),
    clock,
    store: openMemoryStore(clock),
    terms: {
      provider: 'edge',
      probes: true,
      seesForeign: true,
      keepsTime: true,
      repeats: true,
      verification: 'readBack',
      latenessMs: LATENESS_MS,
      timeoutMs: 10_000,
      deadlineMs: DEADLINE_MS,
      verifyEveryMs: 30_000,
      irreversible: [],
      ...terms,
    },
    product: new Map(),
    inFlight: [],
    late: [],
    ids: [],
    history: new Map(),
    log: [],
    isCalm: false,
  };
}

const TARGETS = ['ip:203.0.113.1', 'ip:203.0.113.2', 'ip:203.0.113.3'];

const pick = <Item>(world: World, items: readonly Item[]): Item | undefined =>
  items[Math.floor(world.random() * items.length)];

function say(world: World, text: string): void {
  world.log.push(`${((world.clock.time - 1_767_225_600_000) / 1_000).toFixed(1)} s: ${text}`);
}

export function request(world: World, target = pick(world, TARGETS) ?? '', ttlMs?: number): string {
  const id = anId();
  const now = world.clock.time;
  const ttl = ttlMs ?? Math.floor(world.random() * 4) * 3_600_000 + 20_000;
  const { text } = entityText(
    newEntity({
      id,
      createdAt: now,
      caller: { appId: 'app', tenantId: TENANT, user: null },
      actionReason: null,
      clientContext: null,
      name: 'BlockIp',
      parameters: [{ name: 'IP', value: target.slice(3) }],
      vendorInformation: null,
      extensions: {},
      provider: 'edge',
      action: 'BlockIp',
      target,
      verification: world.terms.verification,
      simulated: false,
      expiresAt: null,
    }),
  );
  const row: ActionRow = {
    id,
    version: 1,
    created_at: toDateTime(now),
    status: 'NotStarted',
    state: 'pending',
    app_id: 'app',
    user_name: null,
    provider: 'edge',
    action: 'BlockIp',
    target,
    entity: text,
    seed_entity: null,
    live_offset: null,
    enforcement_id: null,
    hold: 'none',
    ttl_ms: ttl,
    hold_until: null,
    deadline_at: now + DEADLINE_MS,
    start_at: now,
    end_at: now + DEADLINE_MS,
    ending: null,
    key_hash: null,
    key_fingerprint: null,
    key_until: null,
  };
  world.store.run(createAction, { row, origin: ORIGIN, details: {} });
  world.ids.push(id);
  say(world, `request ${id.slice(4, 12)} ${target} for ${ttl / 1_000} s`);
  return id;
}

export function cancel(world: World, id = pick(world, world.ids)): void {
  if (id === undefined) return;
  const wish = { id, reason: null, origin: ORIGIN, providers: { edge: { irreversible: [] } } };
  const { kind } = world.store.run(cancelAction, wish);
  say(world, `cancel ${id.slice(4, 12)}: ${kind}`);
}

/** A turn of the dispatcher: intents are committed, calls are on their way. */
export function turn(world: World): number {
  const { store, clock, terms } = world;
  const now = clock.time;
  const starts = store.read(queries.dueActions({ provider: 'edge', now, limit: 50 })).map(({ id }) => ({ id }));
  const ends = store.read(queries.endedActions({ now, limit: 50 })).map(({ id }) => id);
  const free = { release: 4, apply: 4, verify: 4 };
  const taken = store.run(takeDue, { owner: 'me', random: world.random(), ends, providers: [{ terms, free, starts }] });
  for (const leased of taken.calls) launch(world, leased);
  return taken.calls.length;
}

/** What must hold at the moment of every sending. */
function launch(world: World, leased: LeasedCall): void {
  const target = targetText(leased.call.target);
  const same = world.inFlight.find((other) => targetText(other.leased.call.target) === target);
  if (same) throw new Error(`Two calls of ${target} at once.`);
  const releasing = world.late.find(({ kind, target: other }) => kind === 'release' && other === target);
  if (leased.kind === 'apply' && releasing) throw new Error(`An apply of ${target} while a release is unanswered.`);
  const [row] = world.store.read(queries.enforcementById({ id: leased.enforcementId }));
  if (row?.fence !== leased.fence || row.lease_call !== leased.kind) throw new Error('A call without its intent.');
  if (leased.kind === 'apply' && row.holds === 0) throw new Error('An apply that nobody wants.');
  if (leased.kind === 'release' && row.holds > 0)
    throw new Error(`A release of what somebody wants: ${JSON.stringify(row)}`);
  say(world, `send ${leased.kind} ${target} attempt ${leased.call.attempt}`);
  world.inFlight.push({ leased, sentAt: world.clock.time });
}

function land(world: World, kind: 'apply' | 'release', target: string): void {
  const present = world.product.get(target);
  if (kind === 'apply' && present === undefined) world.product.set(target, 'ours');
  if (kind === 'release' && present === 'ours') world.product.delete(target);
}

function look(world: World, target: string): Presence {
  if (!world.isCalm && world.random() < 0.1) return { kind: 'unknown', message: 'The look failed.' };
  const present = world.product.get(target);
  return present === undefined ? { kind: 'absent' } : { kind: 'present', foreign: present === 'foreign' };
}

/** What the product makes of a write: done, refused, not reached, or lost on the way there or back. */
function write(world: World, kind: 'apply' | 'release', target: string): Answer {
  const chance = world.isCalm ? 0 : world.random();
  if (chance < 0.55) {
    land(world, kind, target);
    return { kind: 'done', level: 'reported' };
  }
  if (chance < 0.65) return { kind: 'unavailable', message: 'Down.' };
  if (chance < 0.7 && kind === 'apply') return { kind: 'refused', message: 'No.' };
  if (chance < 0.8) {
    land(world, kind, target);
    return { kind: 'unknown', message: 'The answer was lost.' };
  }
  if (chance < 0.9) {
    world.late.push({ kind, target, at: world.clock.time + Math.floor(world.random() * LATENESS_MS) });
    return { kind: 'unknown', message: 'Late.' };
  }
  return { kind: 'unknown', message: 'Lost on the way there.' };
}

/** One call comes back. */
export function settleOne(world: World, flying = pick(world, world.inFlight)): void {
  if (!flying) return;
  world.inFlight.splice(world.inFlight.indexOf(flying), 1);
  const { leased } = flying;
  const { kind } = leased;
  const target = targetText(leased.call.target);
  const answer = kind === 'apply' || kind === 'release' ? write(world, kind, target) : undefined;
  const wantsLook = answer === undefined || answer.kind === 'done' || (answer.kind === 'refused' && leased.inDoubt);
  const presence = world.terms.probes && wantsLook ? look(world, target) : undefined;
  const result = { ...(answer && { answer }), ...(presence && { presence }) };
  say(world, `${kind} ${target}: ${answer?.kind ?? ''} ${presence?.kind ?? ''}`);
  const settlement = { owner: 'me', terms: world.terms, result, random: world.random() };
  const settled = world.store.run(settleCall, {
    ...settlement,
    enforcementId: leased.enforcementId,
    fence: leased.fence,
  });
  if (settled.next) launch(world, settled.next);
}

/** The process dies: calls under way land, or not; the next process takes their leases. */
export function crash(world: World): void {
  for (const { leased } of world.inFlight.splice(0)) {
    const target = targetText(leased.call.target);
    if (leased.kind !== 'apply' && leased.kind !== 'release') continue;
    const fate = world.random();
    if (fate < 0.4) land(world, leased.kind, target);
    else if (fate < 0.6) world.late.push({ kind: leased.kind, target, at: world.clock.time + 20_000 });
  }
  const ids = world.store.read(queries.leasesAfter({ id: '', limit: 100 })).map(({ id }) => id);
  world.store.run(freeLeases, { ids, live: [], owner: 'me', providers: [world.terms] });
  say(world, 'crash');
}

/** Longer than a call and the look behind it may take: by then the dispatcher has given up on both. */
const LONGEST_CALL_MS = 20_000;

const overdue = (world: World, until: number): InFlight | undefined =>
  world.inFlight.find(({ sentAt }) => sentAt + LONGEST_CALL_MS < until);

/** The clock moves on, and what was on its way arrives. */
function moveTo(world: World, time: number): void {
  world.clock.time = Math.max(world.clock.time, time);
  for (const late of world.late.filter(({ at }) => at <= world.clock.time)) {
    world.late.splice(world.late.indexOf(late), 1);
    land(world, late.kind, late.target);
    say(world, `late ${late.kind} ${late.target} lands`);
  }
}

export function pass(world: World, ms: number): void {
  const until = world.clock.time + ms;
  for (let slow = overdue(world, until); slow; slow = overdue(world, until)) {
    moveTo(world, slow.sentAt + LONGEST_CALL_MS);
    settleOne(world, slow);
  }
  moveTo(world, until);
}

/** Somebody else changes the product. */
export function meddle(world: World): void {
  const target = pick(world, TARGETS) ?? '';
  if (world.product.get(target) === undefined) world.product.set(target, 'foreign');
  else world.product.delete(target);
  say(world, `a stranger: ${target} is now ${world.product.get(target) ?? 'absent'}`);
}

const entityOf = (world: World, id: string): { row: ActionRow; entity: Entity } => {
  const [row] = world.store.read(queries.actionById({ id }));
  if (!row) throw new Error(`Action ${id} is lost.`);
  return { row, entity: JSON.parse(row.entity) as Entity };
};

/** What must hold at every moment of every history. */
export function checkHistories(world: World): void {
  for (const id of world.ids) {
    const { row, entity } = entityOf(world, id);
    const before = world.history.get(id);
    if (before && isFinal(before.entity.status) && entity.status !== before.entity.status) {
      throw new Error(`${id} was final and changed from ${before.entity.status} to ${entity.status}.`);
    }
    if (entity.status !== row.status || entity.enforcement.state !== row.state) throw new Error(`${id} is two things.`);
    const times = entity.states.map(({ updatedDateTime }) => updatedDateTime);
    if (times.some((time, index) => index > 0 && time <= (times[index - 1] ?? ''))) {
      throw new Error(`${id} has a history that runs backwards.`);
    }
    if (entity.states.at(-1)?.status !== entity.status) throw new Error(`${id} has a history that ends elsewhere.`);
    world.history.set(id, { version: row.version, entity });
  }
}

/** Once nothing goes wrong any more: everything that was begun must end. */
export function comeToRest(world: World): void {
  world.isCalm = true;
  const calmSince = world.clock.time;
  for (let round = 0; round < 3_000; round += 1) {
    while (world.inFlight.length > 0) settleOne(world);
    if (turn(world) > 0) continue;
    checkHistories(world);
    // What a stranger did last shows at the next look.
    if (world.clock.time > calmSince + 120_000 && world.late.length === 0 && isAtRest(world)) return;
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
    const present = world.product.get(target);
    if (wanted.has(target) && present === undefined) throw new Error(`${target} is wanted and not in force.`);
    if (!wanted.has(target) && present === 'ours') throw new Error(`${target} is in force and nobody wants it.`);
  }
  for (const id of world.ids) checkActionAtRest(world, id);
}
