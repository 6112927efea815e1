import { execFileSync } from 'node:child_process';
import path from 'node:path';
import type { BenchPostgres } from './bench-postgres.ts';
import { kindsOf, type Other, openSilence, postgresPost, sqlitePost } from './post-systems.ts';
import { median } from './quantile.ts';
import { figuresOf, type Goal, goalLine, type Line, line } from './report.ts';
import { type MeasuredSystem, type ShotSystem, systemOf } from './shot-system.ts';

/** G-R12: of what the first issue could do a tenth may be lost, and no more. */
const AT_LEAST: Goal = { goal: 0.9, most: false };

function checkoutAt(folder: string): Other {
  const commit = execFileSync('git', ['-C', folder, 'rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
  return { commit, main: path.join(path.resolve(folder), 'packages', 'server', 'src', 'main.ts') };
}

/** This commit and another one, row by row, in turns with each other. */
export interface Against {
  readonly systems: readonly ShotSystem[];
  lines(measured: readonly MeasuredSystem[]): readonly Line[];
}

/** Of each round by itself: what slowed one of the two down slowed the other. */
const ratioOf = (now: MeasuredSystem, then: MeasuredSystem): number =>
  median(now.results.map(({ perSecond }, round) => perSecond / (then.results[round]?.perSecond ?? Number.NaN)));

/** @param folder a checkout of the other commit, with its packages installed */
export async function against(folder: string, postgres: BenchPostgres | string): Promise<Against> {
  const other = checkoutAt(folder);
  const { idle, dispatching, record } = kindsOf(await openSilence());
  const pairs: (readonly [ShotSystem, ShotSystem])[] = [idle, dispatching, record].map((kind) => [
    sqlitePost(kind),
    sqlitePost(kind, other),
  ]);
  if (typeof postgres !== 'string')
    for (const kind of [idle, dispatching])
      pairs.push([postgresPost(kind, postgres), postgresPost(kind, postgres, other)]);
  return {
    systems: pairs.flat(),
    lines: (measured) =>
      pairs.flatMap(([now, then]) => {
        const [left, right] = [systemOf(measured, now.name), systemOf(measured, then.name)];
        return [
          line(`**${now.name}**`, figuresOf(left)),
          line(`· at ${other.commit}`, figuresOf(right)),
          goalLine('· req/s ÷ those', ratioOf(left, right), AT_LEAST),
        ];
      }),
  };
}
