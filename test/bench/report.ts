import type { Machine } from './machine.ts';
import { median, quantile } from './quantile.ts';
import type { MeasuredSystem } from './shot-system.ts';

/** What a figure should reach. `most`: not more than that; else not less. A floor is the least that is let pass. */
export interface Goal {
  readonly goal: number;
  readonly floor?: number;
  readonly most: boolean;
}

/** One line of the table. */
export interface Line {
  readonly what: string;
  readonly figures: string;
  /** Against what it is compared with, or the figure that the goal is about. */
  readonly ratio: string;
  readonly goal: string;
  readonly verdict: string;
}

const plain = (value: number): string =>
  value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);

export const line = (what: string, figures: string, ratio = '', goal = '', verdict = ''): Line => ({
  what,
  figures,
  ratio,
  goal,
  verdict,
});

function judge(value: number, { goal, floor, most }: Goal): string {
  const meets = (bound: number): boolean => (most ? value <= bound : value >= bound);
  if (Number.isNaN(value)) return '';
  if (meets(goal)) return 'met';
  if (floor === undefined) return 'missed';
  return meets(floor) ? 'missed, above the floor' : 'missed, below the floor';
}

/** A line that a goal stands behind. */
export function goalLine(what: string, value: number, goal: Goal, figures = '', unit = '', shown = plain(value)): Line {
  const sign = goal.most ? '≤' : '≥';
  const floor = goal.floor === undefined ? '' : `, floor ${goal.floor}`;
  return line(what, figures, `${shown}${unit}`, `${sign} ${goal.goal}${unit}${floor}`, judge(value, goal));
}

type Figure = 'perSecond' | 'p50Ms' | 'p99Ms' | 'cpuUs' | 'databaseCpuUs' | 'bytesIn' | 'bytesOut';

const medianOf = ({ results }: MeasuredSystem, figure: Figure): number =>
  median(results.map((result) => result[figure]));

export function figuresOf(system: MeasuredSystem): string {
  const [perSecond, p50, p99, cpu] = (['perSecond', 'p50Ms', 'p99Ms', 'cpuUs'] as const).map((each) =>
    medianOf(system, each),
  );
  const database = medianOf(system, 'databaseCpuUs');
  const behind = database > 0 ? ` and ${plain(database)} of the database` : '';
  return [
    `${perSecond?.toFixed(0)} req/s`,
    `p50 ${plain(p50 ?? 0)} ms, p99 ${plain(p99 ?? 0)} ms`,
    `${plain(cpu ?? 0)} µs CPU${behind}`,
    ...system.notes,
  ].join('; ');
}

export const bytesOf = (system: MeasuredSystem): string =>
  `${medianOf(system, 'bytesIn').toFixed(0)} bytes in, ${medianOf(system, 'bytesOut').toFixed(0)} out with the head`;

interface Ratio {
  readonly value: number;
  /** The middle half of all rounds. */
  readonly shown: string;
}

function ratioOf(system: MeasuredSystem, bare: MeasuredSystem, figure: Figure): Ratio {
  const ratios = system.results.map((result, index) => result[figure] / (bare.results[index]?.[figure] ?? Number.NaN));
  const [low, value, high] = [quantile(ratios, 0.25), median(ratios), quantile(ratios, 0.75)];
  return { value, shown: `${plain(value)} (${plain(low)}–${plain(high)})` };
}

export interface SystemGoals {
  readonly perSecond?: Goal;
  readonly cpuUs?: Goal;
  readonly p99Ms?: Goal;
}

const RATIOS = [
  ['perSecond', 'req/s ÷ bare'],
  ['cpuUs', 'CPU ÷ bare'],
  ['p99Ms', 'p99 ÷ bare'],
] as const;

/** A system against the bare server: its figures, and one line for each ratio. */
export function systemLines(system: MeasuredSystem, bare: MeasuredSystem, goals: SystemGoals): readonly Line[] {
  const ratios = RATIOS.map(([figure, label]) => {
    const { value, shown } = ratioOf(system, bare, figure);
    const goal = goals[figure];
    return goal ? goalLine(`· ${label}`, value, goal, '', '', shown) : line(`· ${label}`, '', shown);
  });
  return [line(`**${system.name}**`, figuresOf(system)), ...ratios];
}

const COLUMNS = ['what', 'figures', 'ratio', 'goal', 'verdict'] as const;

function toTable(lines: readonly Line[]): string {
  const rows = [COLUMNS.map(String), ...lines.map((each) => COLUMNS.map((column) => each[column]))];
  const widths = COLUMNS.map((_, index) => Math.max(3, ...rows.map((row) => (row[index] ?? '').length)));
  const drawn = rows.map((row) => `| ${row.map((cell, index) => cell.padEnd(widths[index] ?? 0)).join(' | ')} |`);
  drawn.splice(1, 0, `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`);
  return drawn.join('\n');
}

/** Cores that the machine spent on neither the server, its database nor the load, over all turns. */
const othersOf = (systems: readonly MeasuredSystem[]): number =>
  median(systems.flatMap(({ results }) => results.map(({ othersCores }) => othersCores)));

const QUIET_CORES = 0.1;

/** The whole report, as Markdown. */
export function toReport(
  machine: Machine,
  postgres: string,
  systems: readonly MeasuredSystem[],
  lines: readonly Line[],
): string {
  const others = othersOf(systems);
  const load = machine.load.map((value) => value.toFixed(2)).join(', ');
  const quiet =
    others > QUIET_CORES
      ? 'The machine was busy: ratios are no better than ±20 %, times are worth little.'
      : 'The machine was quiet.';
  return [
    `${machine.cpu}, ${machine.cores} cores shared with the load generator, ${machine.memoryGb.toFixed(0)} GB; Linux ${machine.kernel}; ` +
      `Node ${machine.node}, SQLite ${machine.sqlite}, PostgreSQL ${postgres}, nft ${machine.nft}.`,
    `Load average at the start ${load}. ${systems.length === 0 ? '' : `Other programs had ${others.toFixed(2)} cores (median of all turns). ${quiet}`}`,
    '',
    toTable(lines),
  ].join('\n');
}
