import { median, quantile } from './quantile.ts';
import { figuresOf, type Goal, goalLine, type Line, line } from './report.ts';
import type { MeasuredSystem } from './shot-system.ts';

/** Requests in each batch that is sent. */
export const BATCH_SIZE = 20;

/** Creates in batches against creates one by one, item by item: the middle half of all rounds. */
export function batchLines(batch: MeasuredSystem, single: MeasuredSystem, goal: Goal): readonly Line[] {
  const ratios = batch.results.map(
    ({ perSecond }, index) => (perSecond * BATCH_SIZE) / (single.results[index]?.perSecond ?? Number.NaN),
  );
  const shown = [median(ratios), quantile(ratios, 0.25), quantile(ratios, 0.75)].map((value) => value.toFixed(2));
  const items = median(batch.results.map(({ perSecond }) => perSecond * BATCH_SIZE)).toFixed(0);
  return [
    line(`**${batch.name}**`, `${items} creates/s; ${figuresOf(batch)}`),
    goalLine('· creates/s ÷ single creates', median(ratios), goal, '', '', `${shown[0]} (${shown[1]}–${shown[2]})`),
  ];
}
