import type { Answer } from '../connector.ts';
import type { Ticket } from '../lane.ts';
import { createPatience, inHalves, type Patience } from '../nftables/in-halves.ts';
import { whenAllLeft } from '../when-all-left.ts';
import { type Failure, failureOf, LEFT, TAKEN, toAnswer } from './answers.ts';
import { POLICIES, type RpzConfig } from './config.ts';
import { askPrimary } from './exchange.ts';
import type { Entry } from './names.ts';
import { nothingFor, readView, type State, type View } from './state.ts';
import { isChange, type Step, toUpdate, withoutTenant, withTenant } from './update.ts';
import { HEADER_BYTES, rcodeOf } from './wire.ts';

export interface Change {
  readonly kind: 'apply' | 'release';
  readonly entry: Entry;
  readonly tenant: string;
}

export type ChangeTicket = Ticket<Change, Answer>;

/** One zone, and what this process remembers of it. */
export interface Zone {
  readonly config: RpzConfig;
  readonly closing: AbortController;
  /** As last seen: who is wrong is told so by the server, and reads again. */
  versions: readonly string[];
}

/** 1,000 records; the messages of longer names are halved. */
const MOST_IN_MESSAGE = 200;
const MOST_MESSAGE_BYTES = 65_000;
const MOST_READS = 5;
/** YXDOMAIN, YXRRSET, NXRRSET, and NXDOMAIN: the zone is not as it was seen. */
const CHANGED: ReadonlySet<number> = new Set([3, 6, 7, 8]);

const SENT_BACK: Answer = { kind: 'unavailable', message: 'Its turn did not come: too many others failed before it.' };

const inTheWay = ({ target }: Entry): Answer => ({
  kind: 'refused',
  message: `An administrator's own record, which is no block, stands in the zone for ${target.kind}:${target.value}; it is left alone.`,
});

/** What is there most often. Where it is not so the server says it, having done nothing. */
const guess = ({ config }: Zone, { kind, entry, tenant }: Change): State =>
  kind === 'apply'
    ? nothingFor(entry)
    : { names: entry.owners.map(() => POLICIES[config.policy]), own: entry.owners.map(() => true), tenants: [tenant] };

/** What each entry becomes; whoever is refused is told so at once. Two tenants of one entry come one after the other. */
function plan(zone: Zone, tickets: readonly ChangeTicket[], view: View | undefined): readonly Step[] {
  const steps = new Map<string, Step>();
  for (const [index, { item, settle }] of tickets.entries()) {
    const { entry, tenant, kind } = item;
    const before: State = view?.states[index] ?? guess(zone, item);
    const step = steps.get(entry.mark) ?? { entry, before, after: before };
    const after = kind === 'apply' ? withTenant(zone.config, step.after, tenant) : withoutTenant(step.after, tenant);
    if (after) steps.set(entry.mark, { ...step, after });
    else settle(inTheWay(entry));
  }
  return [...steps.values()].filter(isChange);
}

const settleAll = (tickets: readonly ChangeTicket[], answer: Answer): void => {
  for (const ticket of tickets) ticket.settle(answer);
};

/** A zone without a version of ours is another than resolvers may go by yet: one is written, to be asked of them. */
const mustVersion = ({ versions }: Zone, tickets: readonly ChangeTicket[]): boolean =>
  versions.length === 0 && tickets.some(({ item }) => item.kind === 'release');

/** Undefined: done. 'smaller': of fewer it may be taken. */
async function tryAll(
  zone: Zone,
  tickets: readonly ChangeTicket[],
  end: AbortSignal,
): Promise<Failure | 'smaller' | undefined> {
  const entries = tickets.map(({ item }) => item.entry);
  let view: View | undefined;
  for (let reads = 0; reads < MOST_READS; reads += 1) {
    if (view) zone.versions = view.versions;
    const steps = plan(zone, tickets, view);
    if (steps.length === 0 && !mustVersion(zone, tickets)) return undefined;
    const { message, versions } = toUpdate(zone.config, zone.versions, steps);
    if (sizeOf(message) > MOST_MESSAGE_BYTES) return 'smaller';
    const [answer = Buffer.alloc(HEADER_BYTES)] = await askPrimary(zone.config, [message], end);
    const rcode = rcodeOf(answer);
    if (rcode === 0) {
      zone.versions = versions;
      return undefined;
    }
    if (!CHANGED.has(rcode))
      return { kind: 'lost', message: `The name server answered to the update with code ${rcode}.`, rcode };
    view = await readView(zone.config, entries, end);
  }
  return { kind: 'unsent', message: 'The zone changed under every attempt; nothing was done.' };
}

const RECORD_BYTES = 10;
/** An upper bound: names are compressed. */
const sizeOf = ({ prerequisites = [], updates = [] }: ReturnType<typeof toUpdate>['message']): number =>
  [...prerequisites, ...updates].reduce((sum, { name, data }) => sum + name.length + 2 + RECORD_BYTES + data.length, 0);

async function changeTogether(zone: Zone, tickets: readonly ChangeTicket[], patience: Patience): Promise<void> {
  if (tickets.length === 0) return;
  const outcome = await tryAll(zone, tickets, whenAllLeft(tickets, zone.closing.signal)).catch(failureOf);
  if (outcome === undefined) return settleAll(tickets, TAKEN);
  const answer = outcome === 'smaller' ? SENT_BACK : toAnswer(outcome);
  if (outcome !== 'smaller' && (outcome.kind !== 'refused' || tickets.length === 1)) {
    patience.left -= 1;
    return settleAll(tickets, answer);
  }
  await inHalves(
    tickets,
    patience,
    (half) => changeTogether(zone, half, patience),
    (half) => settleAll(half, answer),
  );
}

/** Nobody who gives up waits for the others. */
export async function change(zone: Zone, tickets: readonly ChangeTicket[]): Promise<void> {
  const taken = tickets.filter((ticket) => ticket.take());
  for (const { signal, settle } of taken) {
    signal.addEventListener('abort', () => settle(toAnswer(LEFT)), { once: true });
  }
  for (const kind of ['apply', 'release']) {
    const all = taken.filter(({ item }) => item.kind === kind);
    for (let at = 0; at < all.length; at += MOST_IN_MESSAGE) {
      await changeTogether(zone, all.slice(at, at + MOST_IN_MESSAGE), createPatience());
    }
  }
}
