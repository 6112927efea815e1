import { quantile } from '../../bench/quantile.ts';
import type { Sent, StreamResult } from './load-plan.ts';

export const took = ({ doneMs, dueMs }: Sent): number => doneMs - dueMs;

export const ofFate = ({ sent }: StreamResult, fate: Sent['fate']): readonly Sent[] =>
  sent.filter((each) => each.fate === fate);

/** Carried out in a second, once the stream has run for a while. */
export function goodput(result: StreamResult, seconds: number, runUpSeconds: number): number {
  const [from, to] = [runUpSeconds * 1_000, seconds * 1_000];
  return ofFate(result, 'ok').filter(({ doneMs }) => doneMs >= from && doneMs < to).length / (seconds - runUpSeconds);
}

export const p99 = (all: readonly Sent[]): number => quantile(all.map(took), 0.99);

/** The 99th percentile of each second of a stream, by when its requests were due. */
export function p99BySecond({ sent }: StreamResult): readonly number[] {
  const seconds = Map.groupBy(sent, ({ dueMs }) => Math.floor(dueMs / 1_000));
  const last = Math.max(0, ...seconds.keys());
  return Array.from({ length: last + 1 }, (_, second) => p99(seconds.get(second) ?? []));
}
