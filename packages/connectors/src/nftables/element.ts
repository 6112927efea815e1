import type { JsonSchema } from '@interdict/contract';
import type { Entry } from './entry.ts';
import { ownComment } from './ownership.ts';

/** An entry with the time after which the kernel drops it, should nobody release it. */
export interface TimedEntry extends Entry {
  readonly timeoutSeconds: number;
  readonly operationId: string;
}

/** Three years: older kernels count the milliseconds of a timeout in fewer bits. */
const MAX_TIMEOUT_S = 3 * 365 * 86_400;

/** The grace counts from now where the end has passed: what was asked for can always be read back. */
export function timeoutSeconds(expirationDateTime: string, graceMs: number, nowMs: number): number {
  const leftMs = Math.max(Date.parse(expirationDateTime) - nowMs, 0);
  return Math.min(Math.ceil((leftMs + graceMs) / 1000), MAX_TIMEOUT_S);
}

function bySet<Kind extends Entry>(entries: readonly Kind[]): Map<string, Kind[]> {
  const sets = new Map<string, Kind[]>();
  for (const entry of entries) {
    const there = sets.get(entry.set);
    if (there) there.push(entry);
    else sets.set(entry.set, [entry]);
  }
  return sets;
}

function elementCommands<Kind extends Entry>(
  verb: 'add' | 'create' | 'delete',
  table: string,
  entries: readonly Kind[],
  toElement: (entry: Kind) => unknown,
): JsonSchema[] {
  return [...bySet(entries)].map(([name, members]) => ({
    [verb]: { element: { family: 'inet', table, name, elem: members.map(toElement) } },
  }));
}

const withTime = ({ network, timeoutSeconds, operationId }: TimedEntry): unknown => ({
  elem: { val: network.address, timeout: timeoutSeconds, comment: ownComment(operationId) },
});

const addressOf = ({ network }: Entry): unknown => network.address;

/** Fails where one is there already. */
export const createCommands = (table: string, entries: readonly TimedEntry[]): JsonSchema[] =>
  elementCommands('create', table, entries, withTime);

export const deleteCommands = (table: string, entries: readonly Entry[]): JsonSchema[] =>
  elementCommands('delete', table, entries, addressOf);

/** Older kernels keep the time of an element that is added again: it is taken out and put in, in one transaction. */
export const renewCommands = (table: string, entries: readonly TimedEntry[]): JsonSchema[] => [
  ...elementCommands('add', table, entries, withTime),
  ...deleteCommands(table, entries),
  ...elementCommands('add', table, entries, withTime),
];
