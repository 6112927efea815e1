import { checkReleases } from './check-releases.ts';
import type { Columns, Evidence, FinalAction, JournalLine } from './evidence.ts';
import type { Ended, HistoryLine, Invoked } from './records.ts';

interface Op {
  readonly invoked: Invoked;
  attempts: number;
  readonly ends: Ended[];
}

function toOps(history: readonly HistoryLine[]): readonly Op[] {
  const ops = new Map<number, Op>();
  for (const line of history) {
    if (line.kind !== 'invoke') ops.get(line.op)?.ends.push(line);
    else if (ops.has(line.op)) (ops.get(line.op) as Op).attempts += 1;
    else ops.set(line.op, { invoked: line, attempts: 1, ends: [] });
  }
  return [...ops.values()];
}

const groupBy = <Item>(items: readonly Item[], keyOf: (item: Item) => string): ReadonlyMap<string, readonly Item[]> =>
  Map.groupBy(items, keyOf);

const NEXT: Readonly<Record<string, readonly string[]>> = {
  NotStarted: ['Running', 'Failed'],
  Running: ['Completed', 'Failed'],
};
const isFinal = (status: string): boolean => status === 'Completed' || status === 'Failed';

function transitionFault({ status, states, completedDateTime }: FinalAction): string | undefined {
  if (states[0]?.status !== 'NotStarted') return 'does not begin as NotStarted';
  for (const [index, { status: to, updatedDateTime }] of states.entries()) {
    const before = states[index - 1];
    if (!before) continue;
    if (!NEXT[before.status]?.includes(to)) return `${before.status} → ${to}`;
    if (updatedDateTime <= before.updatedDateTime) return 'its times do not rise';
  }
  if (states.at(-1)?.status !== status) return 'its last state is not its status';
  return isFinal(status) === (completedDateTime !== null) ? undefined : 'completedDateTime is not as its status';
}

const rankOf = (status: string): number => (isFinal(status) ? 2 : status === 'Running' ? 1 : 0);

type Seen = { readonly status: string; readonly endedAt: number };

function observedFault(
  invoked: Invoked,
  status: string,
  before: Seen | undefined,
  last: string | undefined,
): string | undefined {
  const isBack = before !== undefined && before.endedAt < invoked.at && rankOf(status) < rankOf(before.status);
  if (isBack) return `${invoked.id}: read ${before.status}, then ${status}`;
  const isOther = isFinal(status) && last !== undefined && last !== status;
  return isOther ? `${invoked.id}: read ${status}, and is ${last}` : undefined;
}

/** What a client saw at one moment is never taken back at a later one. */
function observedFaults(ops: readonly Op[], actions: ReadonlyMap<string, FinalAction>): string[] {
  const faults: (string | undefined)[] = [];
  const seen = new Map<string, Seen>();
  const gets = ops.filter(({ invoked }) => invoked.verb === 'get').toSorted((a, b) => a.invoked.at - b.invoked.at);
  for (const { invoked, ends } of gets) {
    const [ended] = ends;
    const { id = '' } = invoked;
    if (ended?.kind !== 'ok' || ended.status === undefined) continue;
    const before = seen.get(id);
    faults.push(observedFault(invoked, ended.status, before, actions.get(id)?.status));
    if (!before || rankOf(ended.status) > rankOf(before.status))
      seen.set(id, { status: ended.status, endedAt: ended.at });
  }
  return faults.filter((fault) => fault !== undefined);
}

const MOVING = new Set(['pending', 'unknown', 'releasing', 'scheduled', 'drifted']);
const isStuck = ({ status, enforcement }: FinalAction): boolean => !isFinal(status) || MOVING.has(enforcement.state);

/** Statuses in the order in which the journal has them must be those of the history. */
function auditFault(action: FinalAction, entries: readonly JournalLine[] = []): string | undefined {
  if (entries.filter(({ type }) => type === 'securityAction.created').length !== 1)
    return 'has no entry of its creation';
  const told = ['NotStarted', ...entries.flatMap(({ status }) => (status === undefined ? [] : [status]))];
  const steps = told.filter((status, index) => status !== told[index - 1]);
  const states = action.states.map(({ status }) => status);
  return steps.join() === states.join() ? undefined : `the journal tells ${steps.join()}, the action ${states.join()}`;
}

/** Every call has an intent that was committed before it. @param slackMs how far the clocks of the two may differ */
function callsWithoutIntent({ effects, journal }: Evidence, slackMs = 50): string[] {
  const intents = new Map<string, number>();
  for (const { operationId, writtenAt } of journal) {
    if (operationId !== undefined && !intents.has(operationId)) intents.set(operationId, writtenAt);
  }
  return effects
    .filter(({ kind, verb }) => kind === 'call' && verb !== 'verify')
    .filter(({ operationId, at }) => (intents.get(operationId) ?? Number.POSITIVE_INFINITY) > at + slackMs)
    .map(({ operationId, target }) => `${target}: call ${operationId} without an intent before it`);
}

const creates = (ops: readonly Op[]): readonly Op[] => ops.filter(({ invoked }) => invoked.verb === 'create');
const idsOf = ({ ends }: Op): readonly string[] => [
  ...new Set(ends.flatMap(({ kind, id }) => (kind === 'ok' && id !== undefined ? [id] : []))),
];

function checkCreates(ops: readonly Op[], evidence: Evidence, byTarget: ReadonlyMap<string, readonly FinalAction[]>) {
  const present = new Set(evidence.actions.map(({ id }) => id));
  const made = (op: Op): number => byTarget.get(`ip:${op.invoked.target}`)?.length ?? 0;
  const keyed = ops.filter(({ invoked }) => invoked.key !== undefined);
  const keyless = ops.filter(({ invoked }) => invoked.key === undefined);
  const acknowledged = ops.filter((op) => idsOf(op).length > 0);
  const lost = acknowledged.flatMap((op) => idsOf(op).filter((id) => !present.has(id)));
  return {
    attempted: ops.length,
    acknowledged: acknowledged.length,
    ok: acknowledged.filter((op) => idsOf(op).every((id) => present.has(id))).length,
    lost,
    recovered: ops.filter((op) => idsOf(op).length === 0 && made(op) > 0).length,
    duplicatedByKey: keyed.filter((op) => made(op) > 1 || idsOf(op).length > 1).map(({ invoked }) => invoked.target),
    keylessRepeated: keyless.filter(({ attempts }) => attempts > 1).length,
    keylessDuplicated: keyless.reduce((sum, op) => sum + Math.max(0, made(op) - 1), 0),
  };
}

/** After a cancel was answered, nothing of the action may come to be, nor stay. */
function uncancelled(ops: readonly Op[], actions: ReadonlyMap<string, FinalAction>): string[] {
  const faults: string[] = [];
  for (const { invoked, ends } of ops) {
    const action = actions.get(invoked.id ?? '');
    if (invoked.verb !== 'cancel' || ends[0]?.kind !== 'ok' || !action) continue;
    const { status, states, enforcement } = action;
    const completedAt = states.find((state) => state.status === 'Completed')?.updatedDateTime;
    const isLate = completedAt !== undefined && Date.parse(completedAt) > ends[0].at + 50;
    if (isLate) faults.push(`${action.id}: Completed at ${completedAt}, cancelled before`);
    if (['inForce', 'drifted', 'pending'].includes(enforcement.state))
      faults.push(`${action.id}: ${status} ${enforcement.state}`);
  }
  return faults;
}

/** @param isOthers whose requests are not in the history */
export function checkHistory(evidence: Evidence, isOthers: (target: string) => boolean = () => false): Columns {
  const ops = toOps(evidence.history);
  const actions = new Map(evidence.actions.map((action) => [action.id, action]));
  const byTarget = groupBy(evidence.actions, ({ enforcement }) => enforcement.target);
  const journal = groupBy(evidence.journal, ({ actionId }) => actionId ?? '');
  const asked = new Set(creates(ops).map(({ invoked }) => `ip:${invoked.target}`));
  const transitions = evidence.actions.flatMap((action) => {
    const fault = transitionFault(action);
    return fault === undefined ? [] : [`${action.id}: ${fault}`];
  });
  const unaudited = evidence.actions.flatMap((action) => {
    const fault = auditFault(action, journal.get(action.id));
    return fault === undefined ? [] : [`${action.id}: ${fault}`];
  });
  return {
    ...checkCreates(creates(ops), evidence, byTarget),
    ...checkReleases(evidence, byTarget),
    unexpected: [...byTarget.keys()].filter((target) => !asked.has(target) && !isOthers(target)),
    stuck: evidence.actions
      .filter(isStuck)
      .map(({ id, status, enforcement }) => `${id}: ${status} ${enforcement.state}`),
    illegalTransitions: [...transitions, ...observedFaults(ops, actions)],
    uncancelled: uncancelled(ops, actions),
    unaudited: [...unaudited, ...callsWithoutIntent(evidence)],
  };
}
