import type { ListedEffect, Presence } from '../connector.ts';
import type { Ticket } from '../lane.ts';
import { ABORTED, LapiError } from './answers.ts';
import type { Decision } from './decision.ts';
import type { Entry } from './entry.ts';
import type { Lapi } from './lapi.ts';
import { isFailed, readAbout } from './read-decisions.ts';
import { whileWanted } from './while-wanted.ts';

/** An entry, or undefined for all that there are; and the decisions that may be about it. */
export type LookTicket = Ticket<Entry | undefined, ReadonlyMap<string, readonly Decision[]>>;

function byValue(decisions: readonly Decision[]): ReadonlyMap<string, readonly Decision[]> {
  const groups = new Map<string, Decision[]>();
  for (const decision of decisions) {
    const group = groups.get(decision.value);
    if (group) group.push(decision);
    else groups.set(decision.value, [decision]);
  }
  return groups;
}

/** Few are asked for one by one; many, and all, are answered by one list. */
export async function look(lapi: Lapi, tickets: readonly LookTicket[]): Promise<void> {
  const taken = tickets.filter((ticket) => ticket.take());
  if (taken.length === 0) return;
  const waiting = taken.map(({ signal, fail }) => ({ signal, leave: () => fail(new LapiError(ABORTED)) }));
  await whileWanted(waiting, lapi.closing, async (signal) => {
    const entries = taken.map(({ item }) => item);
    const read = await readAbout(lapi, entries, 'all', signal);
    if (isFailed(read)) {
      for (const { fail } of taken) fail(new LapiError(read));
      return;
    }
    const groups = byValue(read);
    for (const { settle } of taken) settle(groups);
  });
}

/** In force is what bouncers have had the time to pull. Another tenant's decision is neither ours nor a stranger's. */
export function toPresence(entry: Entry, decisions: readonly Decision[], bouncerMs: number, now: number): Presence {
  const ours = decisions.filter((decision) => decision.ours?.tenant === entry.tenant);
  if (ours.length === 0) {
    const isForeign = decisions.some((decision) => !decision.ours);
    return isForeign ? { kind: 'present', foreign: true } : { kind: 'absent' };
  }
  const since = Math.min(...ours.map((decision) => decision.ours?.since ?? now));
  const leftMs = bouncerMs === 0 ? 0 : Math.min(since + bouncerMs - now, bouncerMs);
  if (leftMs <= 0) return { kind: 'present' };
  const message = 'The decision is there; bouncers may not have asked for it yet.';
  return { kind: 'pending', message, againMs: leftMs };
}

/** A tenant's own, and what strangers put there. */
export function toListed(tenant: string, groups: ReadonlyMap<string, readonly Decision[]>): readonly ListedEffect[] {
  return [...groups].flatMap(([value, decisions]) => {
    const isOurs = decisions.some(({ ours }) => ours?.tenant === tenant);
    const isForeign = decisions.some(({ ours }) => !ours);
    const kind = decisions[0]?.scope === 'Range' ? 'cidr' : 'ip';
    if (!isOurs && !isForeign) return [];
    return [{ action: 'BlockIp', target: { kind, value }, foreign: !isOurs } as const];
  });
}
