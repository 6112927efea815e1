import { setTimeout as delay } from 'node:timers/promises';
import type { Subject } from './subject.ts';

/** What one connector was seen to do. Times in milliseconds. */
export interface Truth {
  readonly name: string;
  readonly count: number;
  readonly toEffect: readonly number[];
  readonly toNoEffect: readonly number[];
  readonly completedWhileAbsent: number;
  readonly releasedWhilePresent: number;
  /** Absent where the connector cannot look. */
  readonly drift?: Drift;
  readonly foreignRemoved?: number;
}

interface Drift {
  readonly toRepair: readonly number[];
  readonly notRepaired: number;
}

const LONGEST_MS = 60_000;
/** The machine measures itself: probes without a pause would take the time that they measure. */
const BETWEEN_MS = 1;

/** From `since` to the beginning of the first probe that saw it so; undefined where none did within a minute. */
async function seenAfter(
  subject: Subject,
  index: number,
  isBlocked: boolean,
  since: number,
): Promise<number | undefined> {
  for (;;) {
    const asked = performance.now();
    if ((await subject.product.isBlocked(index)) === isBlocked) return asked - since;
    if (asked - since > LONGEST_MS) return undefined;
    await delay(BETWEEN_MS);
  }
}

async function comesTo(subject: Subject, id: string, wanted: readonly string[]): Promise<string> {
  for (const end = performance.now() + 2 * LONGEST_MS; ; await delay(2)) {
    const standing = await subject.standing(id);
    if (wanted.includes(standing) || performance.now() > end) return standing;
  }
}

async function inLanes(
  indexes: readonly number[],
  lanes: number,
  run: (index: number) => Promise<void>,
): Promise<void> {
  const waiting = [...indexes];
  const lane = async (): Promise<void> => {
    for (let index = waiting.shift(); index !== undefined; index = waiting.shift()) await run(index);
  };
  await Promise.all(Array.from({ length: lanes }, lane));
}

const range = (from: number, count: number): readonly number[] => Array.from({ length: count }, (_, at) => from + at);

interface Lives {
  readonly toEffect: number[];
  readonly toNoEffect: number[];
  completedWhileAbsent: number;
  releasedWhilePresent: number;
}

/** Posted, seen, Completed, cancelled, not seen any more, released. */
async function live(subject: Subject, index: number, into: Lives): Promise<void> {
  const since = performance.now();
  const [id, effect] = await Promise.all([subject.post(index), seenAfter(subject, index, true, since)]);
  into.toEffect.push(effect ?? Number.POSITIVE_INFINITY);
  const standing = await comesTo(subject, id, ['Completed inForce']);
  if (standing !== 'Completed inForce' || !(await subject.product.isBlocked(index))) into.completedWhileAbsent += 1;
  const cancelled = performance.now();
  const [, gone] = await Promise.all([subject.cancel(id), seenAfter(subject, index, false, cancelled)]);
  into.toNoEffect.push(gone ?? Number.POSITIVE_INFINITY);
  await comesTo(subject, id, ['Completed released']);
  if ((await seenAfter(subject, index, false, performance.now())) === undefined) into.releasedWhilePresent += 1;
}

async function putInForce(subject: Subject, indexes: readonly number[]): Promise<Map<number, string>> {
  const ids = new Map<number, string>();
  await inLanes(indexes, 16, async (index) => void ids.set(index, await subject.post(index)));
  await inLanes(
    indexes,
    16,
    async (index) => void (await comesTo(subject, ids.get(index) ?? '', ['Completed inForce'])),
  );
  return ids;
}

/** All are taken away behind the server's back; each is to be back within a minute. */
async function drift(subject: Subject, indexes: readonly number[]): Promise<Drift> {
  const ids = await putInForce(subject, indexes);
  const lostAt = new Map<number, number>();
  for (const index of indexes) {
    await subject.product.lose(index);
    lostAt.set(index, performance.now());
  }
  const toRepair: number[] = [];
  await inLanes(indexes, indexes.length, async (index) => {
    const since = lostAt.get(index) ?? 0;
    for (; performance.now() - since < LONGEST_MS; await delay(250)) {
      if (!(await subject.product.isBlocked(index))) continue;
      toRepair.push(performance.now() - since);
      return;
    }
  });
  await inLanes(indexes, 16, async (index) => await subject.cancel(ids.get(index) ?? ''));
  await inLanes(
    indexes,
    16,
    async (index) => void (await comesTo(subject, ids.get(index) ?? '', ['Completed released'])),
  );
  return { toRepair, notRepaired: indexes.length - toRepair.length };
}

/** An administrator's own blocks, which are asked for, cancelled, and must stay. */
async function foreign(subject: Subject, indexes: readonly number[]): Promise<number> {
  for (const index of indexes) await subject.product.putForeign(index);
  for (const index of indexes) await seenAfter(subject, index, true, performance.now());
  const ids = await putInForce(subject, indexes);
  await inLanes(indexes, 16, async (index) => await subject.cancel(ids.get(index) ?? ''));
  await inLanes(
    indexes,
    16,
    async (index) => void (await comesTo(subject, ids.get(index) ?? '', ['Completed released'])),
  );
  // A product that takes its time would take theirs away now.
  await delay(3_000);
  let removed = 0;
  for (const index of indexes) if (!(await subject.product.isBlocked(index))) removed += 1;
  return removed;
}

export interface MeasureOptions {
  readonly count: number;
  /** How many live beside each other: more than one where the product itself takes its time. */
  readonly lanes: number;
  readonly isReadBack: boolean;
  readonly say: (words: string) => void;
}

/**
 * Targets of one measurement are never those of another.
 */
export async function measure(subject: Subject, { count, lanes, isReadBack, say }: MeasureOptions): Promise<Truth> {
  const lives: Lives = { toEffect: [], toNoEffect: [], completedWhileAbsent: 0, releasedWhilePresent: 0 };
  await inLanes(range(0, count), lanes, (index) => live(subject, index, lives));
  say(`${count} lives`);
  const seen = { name: subject.name, count, ...lives };
  if (!isReadBack) return seen;
  const drifted = await drift(subject, range(count, count));
  say(`${count} drifts`);
  const foreignRemoved = await foreign(subject, range(2 * count, count));
  say(`${count} foreign entries`);
  return { ...seen, drift: drifted, foreignRemoved };
}
