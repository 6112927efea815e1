import type { Answer } from '../connector.ts';
import type { Ticket } from '../lane.ts';
import { ABORTED, DONE, notAsked } from './answers.ts';
import { type Entry, entryKey } from './entry.ts';
import type { Lapi } from './lapi.ts';
import { groupOurs, isFailed, readAbout } from './read-decisions.ts';
import { whileWanted } from './while-wanted.ts';

export interface Release {
  readonly entry: Entry;
  /** What was kept with the effect: when its decision was taken out, by whichever process. */
  readonly note: string | undefined;
}

type ReleaseTicket = Ticket<Release, Answer>;

export interface Releases {
  readonly lapi: Lapi;
  readonly bouncerMs: number;
}

const NOTE = /^let go at (\d{13})$/;

/** Nothing of ours is there: done, as soon as no bouncer has it any more. */
function gone({ bouncerMs }: Releases, takenOutAt: number | undefined): Answer {
  const now = Date.now();
  // Taken out just now, by a process that died or got no answer, or long ago by somebody else: nobody knows.
  const at = Math.min(takenOutAt ?? now, now);
  const leftMs = at + bouncerMs - now;
  if (leftMs <= 0) return DONE;
  const message = 'The decision is gone; bouncers may not have asked again yet.';
  return { kind: 'pending', message, againMs: leftMs, note: `let go at ${at}` };
}

function notedMoment(note: string | undefined): number | undefined {
  const moment = NOTE.exec(note ?? '')?.[1];
  return moment === undefined ? undefined : Number(moment);
}

async function releaseOne(
  releases: Releases,
  { note }: Release,
  scenarios: readonly string[],
  signal: AbortSignal,
): Promise<Answer> {
  for (const scenario of new Set(scenarios)) {
    const failed = await releases.lapi.remove(scenario, signal);
    if (failed) return failed;
  }
  return gone(releases, scenarios.length > 0 ? undefined : notedMoment(note));
}

async function releasePart(releases: Releases, tickets: readonly ReleaseTicket[], signal: AbortSignal): Promise<void> {
  const read = await readAbout(
    releases.lapi,
    tickets.map(({ item }) => item.entry),
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
    const decisions = ours.get(entryKey(ticket.item.entry)) ?? [];
    const scenarios = decisions.map(({ scenario }) => scenario);
    ticket.settle(await releaseOne(releases, ticket.item, scenarios, signal));
  }
}

/** Looks what of ours is there, and takes exactly that out. */
export async function releaseDecisions(releases: Releases, tickets: readonly ReleaseTicket[]): Promise<void> {
  const taken = tickets.filter((ticket) => ticket.take());
  if (taken.length === 0) return;
  const waiting = taken.map(({ signal, settle }) => ({ signal, leave: () => settle(ABORTED) }));
  await whileWanted(waiting, releases.lapi.closing, (signal) => releasePart(releases, taken, signal));
}
