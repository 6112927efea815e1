import type { ActionRow, EnforcementRow } from '../../packages/server/src/store/rows.ts';
import type { JournalEntry, UnitContext, UnitOfWork } from '../../packages/server/src/store/work.ts';
import type { Rows } from './state.ts';

export const TENANT = '11111111-1111-4111-8111-111111111111';
export const START = Date.parse('2026-01-01T00:00:00Z');

/** What a unit did, and what it wrote into the journal. */
export interface Ran<Result> {
  readonly rows: Rows;
  readonly value: Result;
  readonly journal: readonly JournalEntry[];
}

type Changing = { -readonly [Name in keyof Rows]: Rows[Name] };
// biome-ignore lint/suspicious/noExplicitAny: each query has arguments of its own.
type Answer = (rows: Changing, args: any) => readonly unknown[];

const found = <Row>(row: Row | undefined): readonly Row[] => (row === undefined ? [] : [row]);

function replace(rows: Changing, id: string, version: number, change: Partial<ActionRow>): readonly unknown[] {
  const index = rows.actions.findIndex((row) => row.id === id && row.version === version);
  const before = rows.actions[index];
  if (!before) return [];
  rows.actions = rows.actions.with(index, { ...before, ...change });
  return [{ id }];
}

function save(rows: Changing, row: ActionRow): readonly unknown[] {
  return replace(rows, row.id, row.version, { ...row, version: row.version + 1 });
}

const isLedger = ({ ledger }: Changing, { id, version }: EnforcementRow): boolean =>
  ledger?.id === id && ledger.version === version;

function saveLedger(rows: Changing, row: EnforcementRow): readonly unknown[] {
  if (!isLedger(rows, row)) return [];
  rows.ledger = { ...row, version: row.version + 1 };
  return [{ id: row.id }];
}

const isDue = (ledger: EnforcementRow | undefined, now: number): ledger is EnforcementRow =>
  ledger !== undefined && ledger.due_at !== null && ledger.due_at <= now;

const earliest = <Name extends string>(name: Name, times: readonly (number | null | undefined)[]) => {
  const known = times.filter((time) => time !== null && time !== undefined);
  return known.length === 0 ? [] : [{ [name]: Math.min(...known) }];
};

/** Every query that the life of an effect asks, for the few rows that there are. */
const ANSWERS: Readonly<Record<string, Answer>> = {
  insertAction: (rows, a: ActionRow) => {
    rows.actions = [...rows.actions, a];
    return [];
  },
  saveAction: save,
  saveStanding: save,
  moveEnd: (rows, a: { id: string; version: number; end_at: number }) =>
    replace(rows, a.id, a.version, { end_at: a.end_at }),
  actionById: ({ actions }, { id }) => actions.filter((row) => row.id === id),
  actionsOn: ({ actions }, { enforcement_id }) => actions.filter((row) => row.enforcement_id === enforcement_id),
  newestActionOn: ({ actions }, { enforcement_id }) =>
    actions.filter((row) => row.enforcement_id === enforcement_id).slice(-1),
  holdsOn: ({ actions }, { enforcement_id }) => {
    const holders = actions.filter((row) => row.enforcement_id === enforcement_id && row.hold === 'active');
    const until = holders.flatMap(({ hold_until }) => (hold_until === null ? [] : [hold_until]));
    return [{ holds: holders.length, until: until.length === 0 ? null : Math.max(...until) }];
  },
  dueActions: ({ actions, ledger }, { now, limit }) =>
    actions
      .filter(({ start_at }) => start_at !== null && start_at <= now)
      .toSorted((one, other) => (one.start_at ?? 0) - (other.start_at ?? 0) || (one.id < other.id ? -1 : 1))
      .slice(0, limit)
      .map(({ id, target }) => ({ id, target, joins: ledger ? 1 : 0 })),
  nextStart: ({ actions }) =>
    earliest(
      'start_at',
      actions.map(({ start_at }) => start_at),
    ),
  nextEnd: ({ actions }) =>
    earliest(
      'end_at',
      actions.map(({ end_at }) => end_at),
    ),

  insertEnforcement: (rows, a: EnforcementRow) => {
    if (rows.ledger) throw new Error('The effect is in the ledger already.');
    rows.ledger = a;
    return [{ id: a.id }];
  },
  saveEnforcement: saveLedger,
  deleteEnforcement: (rows, a: EnforcementRow) => {
    if (!isLedger(rows, a)) return [];
    rows.ledger = undefined;
    return [{ id: a.id }];
  },
  enforcementById: ({ ledger }, { id }) => found(ledger?.id === id ? ledger : undefined),
  enforcementOf: ({ ledger }) => found(ledger),
  dueEnforcements: ({ ledger }, { lane, now }) =>
    isDue(ledger, now) && ledger.lane === lane && ledger.abandoned <= 1 ? [ledger] : [],
  dueSuspects: ({ ledger }, { lane, now }) =>
    isDue(ledger, now) && ledger.lane === lane && ledger.abandoned > 1 ? [ledger] : [],
  nextCall: ({ ledger }, { lane }) => earliest('due_at', [ledger?.lane === lane ? ledger?.due_at : null]),
  nextLateRelease: ({ ledger }, { since }) => {
    const wished = ledger?.release_failed === 0 ? ledger.release_wished_at : null;
    return earliest('release_wished_at', [wished !== null && wished > since ? wished : null]);
  },

  lastingPauses: () => [],
  pausesSince: () => [],

  savePastEffect: (rows, a) => {
    rows.past = a;
    return [];
  },
  deletePastEffect: (rows) => {
    rows.past = undefined;
    return [];
  },
  pastEffectOf: ({ past }) => found(past),
  strayOf: ({ stray }) => found(stray),
  insertStray: (rows, a) => {
    rows.stray = a;
    return [];
  },
  deleteStray: (rows) => {
    rows.stray = undefined;
    return [];
  },
};

function contextOf(rows: Changing, now: number, journal: JournalEntry[]): UnitContext {
  return {
    tenantId: TENANT,
    now,
    sequence: 0,
    newId: () => {
      rows.ids += 1;
      return `i${rows.ids}`;
    },
    journal: (entry) => {
      journal.push(entry);
      return 1;
    },
    due: (at) => {
      rows.dueAt = rows.dueAt === null ? at : Math.min(rows.dueAt, at);
    },
    nothingBefore: (at) => {
      rows.dueAt = at;
    },
    alarms: [],
    count: () => undefined,
    repeatMadeAt: null,
    repeatMade: () => undefined,
  };
}

/** Runs a real unit of work on the rows: in one piece, as in its transaction. */
export function runUnit<Args, Result>(
  { work }: UnitOfWork<Args, Result>,
  { actions, ledger, past, stray, dueAt, ids }: Rows,
  now: number,
  args: Args,
): Ran<Result> {
  const rows: Changing = { actions, ledger, past, stray, dueAt, ids };
  const journal: JournalEntry[] = [];
  const running = work(contextOf(rows, now, journal), args);
  let step = running.next();
  while (!step.done) {
    step = running.next(
      step.value.map(({ name, args: wanted }) => {
        const answer = ANSWERS[name];
        if (!answer) throw new Error(`The model does not know the query "${name}".`);
        return answer(rows, wanted);
      }),
    );
  }
  return { rows, value: step.value, journal };
}

/** A moment of the model, for people. */
export const momentOf = (now: number): string => `${((now - START) / 1_000).toFixed(0)} s`.padStart(6);
