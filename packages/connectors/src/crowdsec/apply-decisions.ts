import type { Answer } from '../connector.ts';
import type { Ticket } from '../lane.ts';
import { ABORTED, DONE, type Failed, notAsked } from './answers.ts';
import type { Decision } from './decision.ts';
import { type Entry, entryKey } from './entry.ts';
import type { Lapi } from './lapi.ts';
import { groupOurs, isFailed, readAbout } from './read-decisions.ts';
import { toAlerts, type Wanted } from './translate.ts';
import { whileWanted } from './while-wanted.ts';

export interface Application {
  readonly entry: Entry;
  readonly endsAt: number;
}

type ApplyTicket = Ticket<Application, Answer>;

/** Both clocks are taken for one: an end that differs by less is the same. */
const SAME_END_MS = 2_000;

interface Planned extends Wanted {
  /** The scenarios that go when the new decision is there. */
  readonly surplus: readonly string[];
  readonly isNew: boolean;
}

/** One decision stays: the longest that is there, or a new one. Bouncers have had it since the first of them. */
function plan({ entry, endsAt }: Application, ours: readonly Decision[], now: number): Planned {
  const longest = ours.toSorted((one, other) => other.remainingMs - one.remainingMs)[0];
  const others = ours.filter(({ scenario }) => scenario !== longest?.scenario);
  const isAlone = ours.length - others.length === 1;
  const isLongEnough = longest !== undefined && now + longest.remainingMs >= endsAt - SAME_END_MS;
  const since = Math.min(now, ...ours.map((decision) => decision.ours?.since ?? now));
  if (isAlone && isLongEnough)
    return { entry, endsAt, since, isNew: false, surplus: others.map(({ scenario }) => scenario) };
  // Decisions go by their scenarios: that of the new one must be none of theirs.
  return {
    entry,
    endsAt,
    since: ours.length > 0 ? since - 1 : since,
    isNew: true,
    surplus: ours.map(({ scenario }) => scenario),
  };
}

/** What is refused for good may be so because of one: the halves are tried by themselves. */
async function postAll(
  lapi: Lapi,
  wanted: readonly Planned[],
  signal: AbortSignal,
  settle: (wanted: readonly Planned[], failed: Failed | undefined) => void,
): Promise<void> {
  if (wanted.length === 0) return;
  const failed = await lapi.post(toAlerts(wanted, new Date()), signal);
  if (failed?.kind !== 'refused' || wanted.length === 1) return settle(wanted, failed);
  const middle = Math.ceil(wanted.length / 2);
  await postAll(lapi, wanted.slice(0, middle), signal, settle);
  await postAll(lapi, wanted.slice(middle), signal, settle);
}

/** Each entry once, with the last of its ends. */
function distinct(tickets: readonly ApplyTicket[]): readonly Application[] {
  const wanted = new Map<string, Application>();
  for (const { item } of tickets) {
    const there = wanted.get(entryKey(item.entry));
    if (!there || there.endsAt < item.endsAt) wanted.set(entryKey(item.entry), item);
  }
  return [...wanted.values()];
}

/** What stays in spite of it is found by the next apply, and goes with the release. */
async function removeSurplus(lapi: Lapi, plans: readonly Planned[], signal: AbortSignal): Promise<void> {
  for (const scenario of new Set(plans.flatMap(({ surplus }) => surplus))) await lapi.remove(scenario, signal);
}

async function applyPart(lapi: Lapi, tickets: readonly ApplyTicket[], signal: AbortSignal): Promise<void> {
  const wanted = distinct(tickets);
  const entries = wanted.map(({ entry }) => entry);
  const read = await readAbout(lapi, entries, 'ours', signal);
  if (isFailed(read)) {
    for (const ticket of tickets) ticket.settle(notAsked(read));
    return;
  }
  const there = groupOurs(read);
  const now = Date.now();
  const plans = wanted.map((each) => plan(each, there.get(entryKey(each.entry)) ?? [], now));
  const failures = new Map<Entry, Failed>();
  const fresh = plans.filter(({ isNew }) => isNew);
  await postAll(lapi, fresh, signal, (posted, failed) => {
    if (failed) for (const { entry } of posted) failures.set(entry, failed);
  });
  const done = plans.filter(({ entry }) => !failures.has(entry));
  await removeSurplus(lapi, done, signal);
  const answers = new Map(plans.map(({ entry }) => [entryKey(entry), failures.get(entry) ?? DONE]));
  for (const ticket of tickets) ticket.settle(answers.get(entryKey(ticket.item.entry)) ?? ABORTED);
}

/** Looks what of ours is there, and tells what is missing, in one request each. */
export async function applyDecisions(lapi: Lapi, tickets: readonly ApplyTicket[]): Promise<void> {
  const taken = tickets.filter((ticket) => ticket.take());
  if (taken.length === 0) return;
  const waiting = taken.map(({ signal, settle }) => ({ signal, leave: () => settle(ABORTED) }));
  await whileWanted(waiting, lapi.closing, (signal) => applyPart(lapi, taken, signal));
}
