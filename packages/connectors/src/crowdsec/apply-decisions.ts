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

async function applyPart(lapi: Lapi, tickets: readonly ApplyTicket[], signal: AbortSignal): Promise<void> {
  const wanted = new Map<string, Application>();
  for (const { item } of tickets) {
    const there = wanted.get(entryKey(item.entry));
    if (!there || there.endsAt < item.endsAt) wanted.set(entryKey(item.entry), item);
  }
  const answers = new Map<string, Answer>();
  const read = await readAbout(
    lapi,
    [...wanted.values()].map(({ entry }) => entry),
    'ours',
    signal,
  );
  if (isFailed(read)) {
    for (const ticket of tickets) ticket.settle(notAsked(read));
    return;
  }
  const there = groupOurs(read);
  const now = Date.now();
  const plans = [...wanted.values()].map((each) => plan(each, there.get(entryKey(each.entry)) ?? [], now));
  const settle = (some: readonly Planned[], failed: Failed | undefined): void => {
    for (const { entry } of some) answers.set(entryKey(entry), failed ?? DONE);
  };
  settle(
    plans.filter(({ isNew }) => !isNew),
    undefined,
  );
  await postAll(
    lapi,
    plans.filter(({ isNew }) => isNew),
    signal,
    settle,
  );
  for (const { entry, surplus } of plans) {
    if (answers.get(entryKey(entry)) !== DONE) continue;
    // What stays too long after that is found by the next apply, and goes with the release.
    for (const scenario of new Set(surplus)) await lapi.remove(scenario, signal);
  }
  for (const ticket of tickets) ticket.settle(answers.get(entryKey(ticket.item.entry)) ?? ABORTED);
}

/** Looks what of ours is there, and tells what is missing, in one request each. */
export async function applyDecisions(lapi: Lapi, tickets: readonly ApplyTicket[]): Promise<void> {
  const taken = tickets.filter((ticket) => ticket.take());
  if (taken.length === 0) return;
  const waiting = taken.map(({ signal, settle }) => ({ signal, leave: () => settle(ABORTED) }));
  await whileWanted(waiting, lapi.closing, (signal) => applyPart(lapi, taken, signal));
}
