import type { Answer } from '../connector.ts';
import type { Ticket } from '../lane.ts';
import { ABORTED, DONE, notAsked } from './answers.ts';
import { type Entry, entryKey } from './entry.ts';
import type { Lapi } from './lapi.ts';
import { groupOurs, isFailed, readAbout } from './read-decisions.ts';
import { whileWanted } from './while-wanted.ts';

type ReleaseTicket = Ticket<Entry, Answer>;

export interface Releases {
  readonly lapi: Lapi;
  readonly bouncerMs: number;
  /** When decisions were taken out that bouncers may have still: milliseconds of the epoch by entry. */
  readonly letGo: Map<string, number>;
}

function forgetOld({ letGo, bouncerMs }: Releases, now: number): void {
  for (const [key, at] of letGo) {
    // A map is in the order of coming.
    if (at + bouncerMs > now) return;
    letGo.delete(key);
  }
}

/** Nothing of ours is there: done, as soon as no bouncer has it any more. */
function gone({ letGo, bouncerMs }: Releases, key: string): Answer {
  const at = letGo.get(key);
  const leftMs = at === undefined ? 0 : at + bouncerMs - Date.now();
  if (leftMs <= 0) return DONE;
  return { kind: 'pending', message: 'The decision is gone; bouncers may not have asked again yet.', againMs: leftMs };
}

async function releaseOne(
  releases: Releases,
  entry: Entry,
  scenarios: readonly string[],
  signal: AbortSignal,
): Promise<Answer> {
  const key = entryKey(entry);
  for (const scenario of new Set(scenarios)) {
    if (releases.bouncerMs > 0) {
      releases.letGo.delete(key);
      releases.letGo.set(key, Date.now());
    }
    const failed = await releases.lapi.remove(scenario, signal);
    if (failed) return failed;
  }
  return gone(releases, key);
}

async function releasePart(releases: Releases, tickets: readonly ReleaseTicket[], signal: AbortSignal): Promise<void> {
  const read = await readAbout(
    releases.lapi,
    tickets.map(({ item }) => item),
    'ours',
    signal,
  );
  if (isFailed(read)) {
    for (const { settle } of tickets) settle(notAsked(read));
    return;
  }
  const ours = groupOurs(read);
  // One after another: at once they wait for each other's locks in SQLite, and take four times as long.
  for (const ticket of tickets) {
    if (ticket.signal.aborted) continue;
    const decisions = ours.get(entryKey(ticket.item)) ?? [];
    ticket.settle(
      await releaseOne(
        releases,
        ticket.item,
        decisions.map(({ scenario }) => scenario),
        signal,
      ),
    );
  }
}

/** Looks what of ours is there, and takes exactly that out. */
export async function releaseDecisions(releases: Releases, tickets: readonly ReleaseTicket[]): Promise<void> {
  const taken = tickets.filter((ticket) => ticket.take());
  if (taken.length === 0) return;
  forgetOld(releases, Date.now());
  const waiting = taken.map(({ signal, settle }) => ({ signal, leave: () => settle(ABORTED) }));
  await whileWanted(waiting, releases.lapi.closing, (signal) => releasePart(releases, taken, signal));
}
