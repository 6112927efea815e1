import { targetText } from '@interdict/contract';
import { cancelAction } from '../../actions/cancel-action.ts';
import { createAction } from '../../actions/create-action.ts';
import { type Entity, newEntityText } from '../../actions/entity.ts';
import { heldBackUpTo } from '../../actions/pauses.ts';
import { fromDateTime, toDateTime } from '../../lib/date-time.ts';
import { queries } from '../../store/queries.ts';
import { anActionRow, anId } from '../../store/testing/an-action-row.ts';
import { addPause, endsAt } from '../../store/testing/test-units.ts';
import { UNITS } from '../../units.ts';
import type { CallResult, LeasedCall } from '../call-result.ts';
import { freeLeases } from '../free-leases.ts';
import { giveUpLate } from '../give-up-late.ts';
import { settleCall } from '../settle-call.ts';
import { takeDue } from '../take-due.ts';
import type { Terms } from '../terms.ts';
import { checkPauses } from './ledger-pauses.ts';
import {
  arrive,
  createProduct,
  giveUp,
  LATENESS_MS,
  land,
  look,
  loseLate,
  mayLand,
  type Product,
  write,
} from './ledger-product.ts';
import { type MemoryStore, openMemoryStore, TENANT } from './memory-store.ts';
import { seededRandom } from './seeded-random.ts';

const DEADLINE_MS = 86_400_000;
const START = 1_767_225_600_000;
const ORIGIN = { appId: 'app', user: null, oid: null, requestId: 'r', sourceIp: null };

export const TARGETS = ['ip:203.0.113.1', 'ip:203.0.113.2', 'ip:203.0.113.3'];
/** Some end while a look is still under way. */
const TTLS_MS = [5_000, 5_000, 20_000, 3_600_000, 7_200_000, 10_800_000];

/** A call between its intent and its outcome. */
interface InFlight {
  readonly leased: LeasedCall;
  readonly sentAt: number;
  /** The product never answers it. */
  readonly hangs: boolean;
}

/** One tenant, one product, one dispatcher, and everything that can go wrong between them. */
export interface World {
  readonly seed: number;
  readonly random: () => number;
  readonly clock: { time: number; now(): number };
  readonly store: MemoryStore;
  readonly terms: Terms;
  readonly product: Product;
  readonly inFlight: InFlight[];
  readonly ids: string[];
  /** Each action as it was seen last. */
  readonly history: Map<string, { version: number; entity: Entity }>;
  readonly log: string[];
  readonly say: (text: string) => void;
}

export function createWorld(seed: number, terms: Partial<Terms>): World {
  const clock = { time: START, now: () => clock.time };
  const random = seededRandom(seed);
  const log: string[] = [];
  const say = (text: string): void => void log.push(`${((clock.time - START) / 1_000).toFixed(1)} s: ${text}`);
  const product = createProduct({ random, now: clock.now, say });
  for (const target of TARGETS) {
    // Only a look sees through either.
    const chance = terms.probes === false ? 1 : random();
    if (chance < 0.3) product.enforced.set(target, 'foreign');
    else if (chance < 0.4) product.lies.add(target);
  }
  return {
    seed,
    random,
    clock,
    store: openMemoryStore(clock, [...UNITS, addPause, endsAt]),
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
      lists: true,
      irreversible: [],
      ...terms,
    },
    product,
    inFlight: [],
    ids: [],
    history: new Map(),
    log,
    say,
  };
}

export const pick = <Item>(world: World, items: readonly Item[]): Item | undefined =>
  items[Math.floor(world.random() * items.length)];

/** Several want one effect, more often than not. */
function aTarget(world: World): string {
  const [row] = world.store.read(queries.actionById({ id: world.ids.at(-1) ?? '' }));
  return world.random() < 0.5 && row?.target ? row.target : (pick(world, TARGETS) ?? '');
}

export function request(world: World, target = aTarget(world), ttlMs?: number): string {
  const id = anId();
  const now = world.clock.time;
  const ttl = ttlMs ?? pick(world, TTLS_MS) ?? 0;
  const entity = newEntityText({
    id,
    createdAt: now,
    caller: { appId: 'app', tenantId: TENANT, user: null },
    sent: {
      actionReason: null,
      clientContext: null,
      name: 'BlockIp',
      parameters: [{ name: 'IP', value: target.slice(3) }],
      vendorInformation: null,
      extensions: {},
    },
    provider: 'edge',
    action: 'BlockIp',
    target,
    verification: world.terms.verification,
    simulated: false,
    expiresAt: null,
  });
  const row = anActionRow({
    id,
    created_at: toDateTime(now),
    target,
    entity,
    ttl_ms: ttl,
    deadline_at: now + DEADLINE_MS,
    start_at: now,
    end_at: now + DEADLINE_MS,
  });
  world.store.run(createAction, { row, origin: ORIGIN });
  world.ids.push(id);
  world.say(`request ${id.slice(4, 12)} ${target} for ${ttl / 1_000} s`);
  return id;
}

/** Who changes their mind does so soon, more often than not. */
const aCancelled = (world: World): string | undefined =>
  pick(world, world.random() < 0.6 ? world.ids.slice(-3) : world.ids);

export function cancel(world: World, id = aCancelled(world)): void {
  if (id === undefined) return;
  const wish = { id, reason: null, origin: ORIGIN, providers: { edge: { irreversible: [] } } };
  const outcome = world.store.run(cancelAction, wish);
  world.say(`cancel ${id.slice(4, 12)}: ${outcome.kind}`);
  if (outcome.kind === 'changed' && outcome.enforcementId !== undefined) breakOff(world, outcome.enforcementId);
}

function breakOff(world: World, enforcementId: string): void {
  const [row] = world.store.read(queries.enforcementById({ id: enforcementId }));
  if (row && row.holds > 0) throw new Error('A cancel breaks off what others want.');
  const flying = world.inFlight.find(({ leased }) => leased.enforcementId === enforcementId);
  if (!flying || flying.leased.kind === 'release') return;
  lose(world, flying);
}

/** A call that is given up: it may land all the same. */
function lose(world: World, flying: InFlight): void {
  const { kind, call } = flying.leased;
  world.say(`${kind} ${targetText(call.target)}: given up`);
  const unknown = { kind: 'unknown', message: 'Given up.' } as const;
  const isWrite = kind === 'apply' || kind === 'release';
  if (isWrite && world.random() < 0.5) loseLate(world.product, kind, targetText(call.target));
  settle(world, flying, isWrite ? { answer: unknown } : { presence: unknown });
}

/** A turn of the dispatcher: intents are committed, calls are on their way. */
export function turn(world: World): number {
  const { store, clock, terms } = world;
  const now = clock.time;
  const starts = store.read(queries.dueActions({ provider: 'edge', now, limit: 50 })).map(({ id }) => ({ id }));
  const ends = store.read(queries.endedActions({ now, limit: 50 })).map(({ id }) => id);
  const free = { release: 4, apply: 4, verify: 4 };
  const taken = store.run(takeDue, {
    owner: 'me',
    random: world.random(),
    ends,
    arrived: [],
    skip: [],
    maySuspect: true,
    providers: [{ terms, free, starts, notBefore: {}, window: 50, freshFirst: false }],
  });
  const until = now - terms.deadlineMs;
  const pauses = store.read(queries.pausesSince({ provider: 'edge', since: until }));
  const times = { since: heldBackUpTo(pauses, 'edge', until), until };
  for (const { id } of store.read(queries.lateReleases({ provider: 'edge', ...times, limit: 50 }))) {
    store.run(giveUpLate, { id, ...times });
  }
  for (const leased of taken.calls) launch(world, leased);
  giveUpJobs(world);
  return taken.calls.length;
}

/** What must hold at the moment of every sending. */
function launch(world: World, leased: LeasedCall): void {
  const target = targetText(leased.call.target);
  const same = world.inFlight.find((other) => targetText(other.leased.call.target) === target);
  if (same) throw new Error(`Two calls of ${target} at once.`);
  if (leased.kind === 'apply' && mayLand(world.product, 'release', target))
    throw new Error(`An apply of ${target} while a release is unanswered.`);
  const [row] = world.store.read(queries.enforcementById({ id: leased.enforcementId }));
  if (row?.fence !== leased.fence || row.lease_call !== leased.kind) throw new Error('A call without its intent.');
  checkPauses(world, leased, row);
  if (leased.kind === 'apply' && row.holds === 0) throw new Error('An apply that nobody wants.');
  if (leased.kind === 'release' && row.holds > 0)
    throw new Error(`A release of what somebody wants: ${JSON.stringify(row)}`);
  world.say(`send ${leased.kind} ${target} attempt ${leased.call.attempt}`);
  const hangs = !world.product.isCalm && world.random() < (leased.kind === 'verify' ? 0.4 : 0.1);
  world.inFlight.push({ leased, sentAt: world.clock.time, hangs });
}

/** What the product is at and nobody asks for any more. */
function giveUpJobs({ product, store }: World): void {
  for (const job of product.jobs) {
    const [row] = store.read(queries.enforcementOf({ provider: 'edge', action: 'BlockIp', target: job.target }));
    if (row?.operation_id !== job.operationId) giveUp(product, job);
  }
}

export function settle(world: World, flying: InFlight, result: CallResult): void {
  world.inFlight.splice(world.inFlight.indexOf(flying), 1);
  const { enforcementId, fence } = flying.leased;
  const toldUntil = fromDateTime(flying.leased.call.expirationDateTime);
  const settlement = {
    owner: 'me',
    terms: world.terms,
    result,
    toldUntil,
    random: world.random(),
    enforcementId,
    fence,
  };
  const settled = world.store.run(settleCall, settlement);
  giveUpJobs(world);
  if (settled.next) launch(world, settled.next);
}

/** One call comes back. */
export function settleOne(
  world: World,
  flying = pick(
    world,
    world.inFlight.filter(({ hangs }) => !hangs),
  ),
): void {
  if (!flying) return;
  const { product, terms } = world;
  const { kind, call, inDoubt } = flying.leased;
  const target = targetText(call.target);
  const answer = kind === 'apply' || kind === 'release' ? write(product, kind, call) : undefined;
  const wantsLook = answer === undefined || answer.kind === 'done' || (answer.kind === 'refused' && inDoubt);
  const presence = terms.probes && wantsLook ? look(product, target) : undefined;
  world.say(`${kind} ${target}: ${answer?.kind ?? ''} ${presence?.kind ?? ''}`);
  settle(world, flying, { ...(answer && { answer }), ...(presence && { presence }) });
}

/** The process dies, or is taken for dead: calls under way land, or not; the next process takes their leases. */
export function crash(world: World, mayLive = false): void {
  for (const { leased } of world.inFlight.splice(0)) {
    const target = targetText(leased.call.target);
    if (leased.kind !== 'apply' && leased.kind !== 'release') continue;
    const fate = world.random();
    if (fate < 0.4) land(world.product, leased.kind, target);
    else if (fate < 0.6) loseLate(world.product, leased.kind, target);
  }
  const leases = world.store.read(queries.leasesAfter({ id: '', limit: 100 }));
  const gone = leases.map(({ lease_owner }) => lease_owner ?? '');
  const ids = leases.map(({ id }) => id);
  world.store.run(freeLeases, { ids, gone, mayLive, owner: 'me', providers: [world.terms] });
  world.say('crash');
}

/** Longer than a call and the look behind it may take: by then the dispatcher has given up on both. */
const LONGEST_CALL_MS = 20_000;

const overdue = (world: World, until: number): InFlight | undefined =>
  world.inFlight.find(({ sentAt }) => sentAt + LONGEST_CALL_MS < until);

/** The clock moves on, and what was on its way arrives. */
function moveTo(world: World, time: number): void {
  world.clock.time = Math.max(world.clock.time, time);
  arrive(world.product);
}

export function pass(world: World, ms: number): void {
  const until = world.clock.time + ms;
  for (let slow = overdue(world, until); slow; slow = overdue(world, until)) {
    moveTo(world, slow.sentAt + LONGEST_CALL_MS);
    if (slow.hangs) lose(world, slow);
    else settleOne(world, slow);
  }
  moveTo(world, until);
}
