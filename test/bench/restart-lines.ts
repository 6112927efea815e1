import type { BenchPostgres } from './bench-postgres.ts';
import { configOf, startProduct } from './dispatch-run.ts';
import { median } from './quantile.ts';
import { type Goal, goalLine, type Line, line } from './report.ts';
import { makeTemplates } from './restart-rows.ts';
import type { Started } from './restart-run.ts';
import { LEASE_MS } from './restart-store.ts';
import { ENV, type Round, restartOnPostgres, restartOnSqlite, TERMS } from './restart-systems.ts';
import type { BenchSettings, Restarts } from './settings.ts';

const atMost = (goal: number): Goal => ({ goal, most: true });
const READY_GOAL = atMost(3);
const CALL_GOAL = atMost(1);
const TAKE_OVER_GOAL = atMost(LEASE_MS / 1_000 + 2);

const announce = (what: string): void => console.error(`— kills and restarts ${what}`);

/** The goal is for the worst of them. */
function worstLine(what: string, ms: readonly number[], goal: Goal): Line {
  const figures = `median ${(median(ms) / 1_000).toFixed(2)} s, worst of ${ms.length}`;
  return goalLine(what, Math.max(...ms) / 1_000, goal, figures, ' s');
}

function startLines(name: string, started: readonly Started[], { actions, due }: Restarts): readonly Line[] {
  const most = (figure: keyof Started): string => Math.max(...started.map((each) => each[figure])).toFixed(0);
  const wal = started.some(({ walMb }) => walMb > 0) ? `, a WAL of ${most('walMb')} MB` : '';
  const over = `${actions.toLocaleString('en')} actions, ${due.toLocaleString('en')} due`;
  const least = Math.min(...started.map((each) => each.due)).toLocaleString('en');
  return [
    line(
      `**Restart on ${name}, ${over}**`,
      `behind kill -9, ${least} due at the least${wal}; then a POST in ${most('postMs')} ms, resident when ready ${most('residentMb')} MB at the most`,
    ),
    worstLine(
      '· from the start of the process until ready',
      started.map(({ readyMs }) => readyMs),
      READY_GOAL,
    ),
    worstLine(
      '· from ready until the first call',
      started.map(({ firstCallMs }) => firstCallMs),
      CALL_GOAL,
    ),
  ];
}

function takeOverLines(rounds: readonly Round[]): readonly Line[] {
  const takenOver = rounds.map((each) => each.takenOver);
  const leases = takenOver.map((each) => each.leases).join(', ');
  return [
    line(
      '**One of two processes on PostgreSQL is killed**',
      `it was at ${leases} calls; leases of ${LEASE_MS / 1_000} s`,
    ),
    worstLine(
      '· until the other makes the first of them again',
      takenOver.map(({ firstMs }) => firstMs),
      TAKE_OVER_GOAL,
    ),
    worstLine(
      '· until it has made the last of them again',
      takenOver.map(({ allMs }) => allMs),
      TAKE_OVER_GOAL,
    ),
  ];
}

/** From kill -9 over a full store until all goes on. */
export async function restartLines(
  { restarts }: BenchSettings,
  postgres: BenchPostgres | string,
): Promise<readonly Line[]> {
  announce('on SQLite');
  const product = await startProduct(0);
  const templates = await makeTemplates(configOf(product, TERMS), ENV);
  await product.end();
  const embedded = startLines('SQLite', await restartOnSqlite(templates, restarts), restarts);
  if (typeof postgres === 'string')
    return [...embedded, line('**Restart on PostgreSQL**', `not measured: ${postgres}`)];
  announce('on PostgreSQL');
  const rounds = await restartOnPostgres(postgres, templates, restarts);
  const started = rounds.map((each) => each.started);
  return [...embedded, ...startLines('PostgreSQL', started, restarts), ...takeOverLines(rounds)];
}
