import type { Answer } from '../connector.ts';
import type { Ticket } from '../lane.ts';
import { whenAllLeft } from '../when-all-left.ts';
import type { MapKind, Settings } from './config.ts';
import { changeFile } from './map-file.ts';
import { addAll, deleteAll, type Listed, RuntimeError, showMap } from './runtime.ts';
import type { Entry } from './translate.ts';

export interface Change extends Entry {
  readonly verb: 'apply' | 'release';
}

export type ChangeTicket = Ticket<Change, Answer>;

const DONE: Answer = { kind: 'done', level: 'reported' };
const LEFT: Answer = { kind: 'unknown', message: 'The call was given up before HAProxy had answered.' };

export function toAnswer(error: unknown, verb: Change['verb']): Answer {
  if (!(error instanceof RuntimeError)) throw error;
  const { kind, message } = error;
  if (kind === 'lost') return { kind: 'unknown', message };
  if (kind === 'refused' && verb === 'apply') return { kind: 'refused', message };
  return { kind: 'unavailable', message, ...(kind === 'ours' && { fault: 'ours' as const }) };
}

const isSame = (entry: Entry, { key, value }: Listed): boolean => key === entry.key && value === entry.value;

/** What is there of an entry, of many entries and a long map at once. */
function finder(listed: readonly Listed[]): (entry: Entry) => readonly Listed[] {
  const byKey = Map.groupBy(listed, ({ key }) => key);
  return (entry) => (byKey.get(entry.key) ?? []).filter((each) => isSame(entry, each));
}

/** An answer that was lost before leaves a second one: of several the first stays. */
function toDelete(changes: readonly Change[], find: (entry: Entry) => readonly Listed[]): readonly string[] {
  return changes.flatMap((change) => {
    const there = find(change).map(({ ref }) => ref);
    return change.verb === 'release' ? there : there.slice(1);
  });
}

interface Place {
  readonly socket: string;
  readonly file: string;
}

/** The file first: what a reload brings back is never less than what is in force. */
async function changeMap({ socket, file }: Place, changes: readonly Change[], signal: AbortSignal): Promise<void> {
  const find = finder(await showMap(socket, file, signal));
  const [applies, releases] = [
    changes.filter(({ verb }) => verb === 'apply'),
    changes.filter(({ verb }) => verb === 'release'),
  ];
  await changeFile(file, applies, releases);
  const missing = applies.filter((entry) => find(entry).length === 0);
  const refs = toDelete(changes, find);
  let isChanged = false;
  try {
    if (refs.length > 0) await deleteAll(socket, file, refs, signal);
    isChanged = refs.length > 0;
    await addAll(socket, file, missing, signal, () => {
      isChanged = true;
    });
  } catch (error) {
    if (!(error instanceof RuntimeError) || error.kind === 'lost') throw error;
    // Some of it was done, and of each it is not known which.
    if (isChanged) throw new RuntimeError('lost', error.message);
    await changeFile(file, [], missing);
    throw error;
  }
}

/** After a batch that failed, each by itself: one that HAProxy refuses costs the others nothing. */
async function settleOneByOne(place: Place, tickets: readonly ChangeTicket[], signal: AbortSignal): Promise<void> {
  for (const { item, settle } of tickets) {
    const answer = await changeMap(place, [item], signal).then(
      () => DONE,
      (error: unknown) => toAnswer(error, item.verb),
    );
    settle(answer);
  }
}

async function settleMap(place: Place, tickets: readonly ChangeTicket[], closing: AbortSignal): Promise<void> {
  const signal = whenAllLeft(tickets, closing);
  for (const { signal: own, settle } of tickets) own.addEventListener('abort', () => settle(LEFT), { once: true });
  try {
    const changes = tickets.filter((ticket) => !ticket.signal.aborted).map(({ item }) => item);
    await changeMap(place, changes, signal);
    for (const { settle } of tickets) settle(DONE);
  } catch (error) {
    const isSure = error instanceof RuntimeError && error.kind === 'refused';
    if (isSure && tickets.length > 1) return settleOneByOne(place, tickets, signal);
    for (const { item, settle } of tickets) settle(toAnswer(error, item.verb));
  }
}

const MAX_CHANGES = 5_000;

/** Carries out what has gathered, map by map. */
export async function change(
  { socket, maps }: Settings,
  tickets: readonly ChangeTicket[],
  closing: AbortSignal,
): Promise<void> {
  const byMap = Map.groupBy(tickets, ({ item }) => item.map);
  const works = [...byMap].map(async ([map, all]: [MapKind, readonly ChangeTicket[]]) => {
    for (let start = 0; start < all.length; start += MAX_CHANGES) {
      const part = all.slice(start, start + MAX_CHANGES).filter((ticket) => ticket.take());
      if (part.length > 0) await settleMap({ socket, file: maps.get(map) ?? '' }, part, closing);
    }
  });
  await Promise.all(works);
}
