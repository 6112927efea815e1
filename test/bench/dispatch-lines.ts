import type { BenchPostgres } from './bench-postgres.ts';
import type { Dispatched } from './dispatch-run.ts';
import { type DispatchKind, dispatchOnPostgres, dispatchOnSqlite } from './dispatch-systems.ts';
import { type Goal, goalLine, type Line, line } from './report.ts';
import type { BenchSettings } from './settings.ts';

const atLeast = (goal: number): Goal => ({ goal, most: false });
const DISPATCH_GOAL = atLeast(5_000);
const PROCESSES = 3;
const PRODUCT_BOUND_GOAL = atLeast(2);
const CPU_BOUND_GOAL = atLeast(0.9);

function figuresOf({ count, perSecond, cpuUs, databaseCpuUs, callsEach, othersCores }: Dispatched): string {
  const database = databaseCpuUs > 0 ? ` and ${databaseCpuUs.toFixed(0)} of the database` : '';
  const others = othersCores > 0.1 ? `; others had ${othersCores.toFixed(2)} cores` : '';
  return `${count} actions, ${perSecond.toFixed(0)}/s; ${cpuUs.toFixed(0)} µs CPU${database}; ${callsEach.toFixed(2)} calls each${others}`;
}

/** What a core would do that had nothing else to do: it does not depend on what else the machine does. */
const perCore = ({ cpuUs }: Dispatched): number => 1_000_000 / cpuUs;

const announce = (what: string): void => console.error(`— dispatches ${what}`);

const dispatchedLines = (name: string, dispatched: Dispatched, goal?: Goal): readonly Line[] => [
  line(`**Dispatch ${name}**`, figuresOf(dispatched)),
  ...(goal
    ? [
        goalLine('· actions/s', dispatched.perSecond, goal),
        goalLine('· actions for each second of CPU', perCore(dispatched), goal),
      ]
    : []),
];

async function postgresLines(postgres: BenchPostgres, name: string, kind: DispatchKind, goal: Goal): Promise<Line[]> {
  announce(`on PostgreSQL, ${name}`);
  const one = await dispatchOnPostgres(postgres, 1, kind);
  const many = await dispatchOnPostgres(postgres, PROCESSES, kind);
  return [
    ...dispatchedLines(`on PostgreSQL, ${name}, one process`, one),
    ...dispatchedLines(`on PostgreSQL, ${name}, ${PROCESSES} processes`, many),
    goalLine('· actions/s ÷ one', many.perSecond / one.perSecond, goal),
  ];
}

const SLOW = { answersAfterMs: 50 };
const READ_BACK = 'verify: true';
/** What a product of this kind takes at once; 16 is what one of which nothing is known is asked. */
const MANY_AT_ONCE = 'limits: { concurrency: 256 }';

/** From the order to begin until the product has every action in force, and the store says Completed of each. */
export async function dispatchLines(
  { dispatched: count, slowlyDispatched }: BenchSettings,
  postgres: BenchPostgres | string,
): Promise<readonly Line[]> {
  announce('on SQLite');
  const quick = { answersAfterMs: 0, count };
  const embedded = [
    ...dispatchedLines('on SQLite, 16 at once', await dispatchOnSqlite(quick)),
    ...dispatchedLines(
      'on SQLite, 256 at once',
      await dispatchOnSqlite({ ...quick, more: MANY_AT_ONCE }),
      DISPATCH_GOAL,
    ),
    ...dispatchedLines('on SQLite, looked at before and after', await dispatchOnSqlite({ ...quick, more: READ_BACK })),
  ];
  if (typeof postgres === 'string')
    return [...embedded, line('**Dispatch on PostgreSQL**', `not measured: ${postgres}`)];
  const slow = { ...SLOW, count: slowlyDispatched };
  return [
    ...embedded,
    ...(await postgresLines(postgres, 'answered at once', quick, CPU_BOUND_GOAL)),
    ...(await postgresLines(postgres, `answered after ${SLOW.answersAfterMs} ms`, slow, PRODUCT_BOUND_GOAL)),
  ];
}
