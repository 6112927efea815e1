import { giveUpLate } from '../../packages/server/src/dispatch/give-up-late.ts';
import { wakeMissing } from '../../packages/server/src/dispatch/reconcile.ts';
import { settleStrays } from '../../packages/server/src/dispatch/take-back.ts';
import { create } from './begin.ts';
import { givenUp, spend, stepsOfCall, stepsOfPaused } from './calls.ts';
import { landed } from './product.ts';
import { runUnit } from './rows-store.ts';
import type { Model, State, Step, Worker } from './state.ts';
import { pass } from './time.ts';
import { cancel, recover, termsOf, turn } from './wiring.ts';

const withWorker = (state: State, index: number, worker: Worker): State => ({
  ...state,
  workers: state.workers.with(index, worker),
});

const isDue = ({ actions, ledger, now }: State): boolean =>
  actions.some(({ start_at, end_at }) => (start_at ?? now + 1) <= now || (end_at ?? now + 1) <= now) ||
  (ledger?.due_at ?? now + 1) <= now;

/** A lease that has run out, or whose process is gone. */
const isOver = ({ ledger, now }: State): boolean =>
  ledger?.lease_owner != null && (ledger.lease_owner === 'dead' || (ledger.due_at ?? now + 1) <= now);

function turns(state: State, index: number, model: Model): readonly Step[] {
  const isPolled = state.dueAt !== null && state.dueAt <= state.now;
  if (!isPolled && !isDue(state)) return [];
  if (model.fault === 'leaseNeverEnds' && isOver(state)) return [];
  return [{ label: `w${index} takes what is due`, isCalm: isPolled, to: turn(state, index, model) }];
}

/** A process dies, and another takes its place: its calls are on their way, or not. */
function crash(state: State, index: number, worker: Worker, model: Model): Step {
  const late = worker.calls.reduce((on, call) => givenUp({ ...state, late: on }, call, model), state.late);
  const { ledger } = state;
  const isOwner = ledger?.lease_owner === `w${index}`;
  const dead = isOwner ? { ...ledger, lease_owner: 'dead' } : ledger;
  const next = { ...spend(state, 'crashes'), late, ledger: dead };
  return { label: `w${index} dies`, isCalm: false, to: withWorker(next, index, { isPaused: false, calls: [] }) };
}

function stepsOfWorker(state: State, index: number, worker: Worker, model: Model): readonly Step[] {
  const steps: Step[] = [];
  const { budget } = state;
  if (worker.calls.length > 0 && budget.crashes > 0) steps.push(crash(state, index, worker, model));
  if (worker.isPaused) {
    const to = withWorker(state, index, { ...worker, isPaused: false });
    steps.push({ label: `w${index} goes on`, isCalm: true, to });
    for (const call of worker.calls) steps.push(...stepsOfPaused(state, index, call, model));
    return steps;
  }
  steps.push(...turns(state, index, model));
  for (const call of worker.calls) steps.push(...stepsOfCall(state, index, call, model));
  if (worker.calls.length > 0 && budget.pauses > 0) {
    const to = withWorker(spend(state, 'pauses'), index, { ...worker, isPaused: true });
    steps.push({ label: `w${index} stands still`, isCalm: false, to });
  }
  return steps;
}

function landings(state: State, { scenario }: Model): readonly Step[] {
  return state.late.map((message) => ({
    label: `a late ${message.kind} lands`,
    isCalm: true,
    to: {
      ...state,
      late: state.late.filter((each) => each !== message),
      product: landed(state.product, message, scenario.idempotence),
    },
  }));
}

function requests(state: State, model: Model): readonly Step[] {
  const steps: Step[] = [];
  const { budget } = state;
  if (budget.creates > 0) {
    const to = create(spend(state, 'creates'), model.scenario);
    steps.push({ label: 'another action is asked for', isCalm: false, to });
  }
  if (budget.cancels === 0) return steps;
  for (const row of state.actions) {
    if (row.hold === 'none' && row.status !== 'NotStarted') continue;
    const to = cancel(spend(state, 'cancels'), row.id, model);
    steps.push({ label: `${row.id} is cancelled`, isCalm: false, to });
  }
  return steps;
}

function strangers(state: State): readonly Step[] {
  if (state.budget.strangers === 0) return [];
  const { product } = state;
  const isThere = product.foreign || product.ours.length > 0;
  const changed = isThere ? { ...product, foreign: false, ours: [] } : { ...product, foreign: true };
  const to = { ...spend(state, 'strangers'), product: changed };
  return [{ label: `a stranger ${isThere ? 'takes it away' : 'puts it there'}`, isCalm: false, to }];
}

const EFFECT = { action: 'BlockIp', target: 'ip:203.0.113.9' };

/** What is listed and not wanted is taken back, if it was ours; what is wanted and not listed is looked at. */
function lists(state: State, model: Model): readonly Step[] {
  if (!model.scenario.terms.lists || model.fault === 'neverListed') return [];
  const { ledger, product, now, listedAt } = state;
  if (listedAt !== undefined) {
    const strays = { terms: termsOf(model), listedAt, effects: [EFFECT], over: [] };
    const { rows } = runUnit(settleStrays, state, now, strays);
    return [{ label: 'the list is settled', isCalm: true, to: { ...state, ...rows, listedAt: undefined } }];
  }
  const isOurs = !product.foreign && product.ours.length > 0;
  if (isOurs && !ledger) return [{ label: 'it is listed', isCalm: true, to: { ...state, listedAt: now } }];
  if (ledger?.known !== 'inForce' || product.foreign || isOurs || ledger.lease_owner !== null) return [];
  const { rows } = runUnit(wakeMissing, state, now, { ids: [ledger.id] });
  return [{ label: 'it is not listed', isCalm: true, to: { ...state, ...rows } }];
}

function ofStore(state: State, model: Model): readonly Step[] {
  const steps: Step[] = [];
  const { ledger, now } = state;
  if (ledger?.lease_owner === 'dead' && model.fault !== 'leaseNeverEnds') {
    steps.push({ label: 'leases of the dead are freed', isCalm: true, to: recover(state, model) });
  }
  const until = now - model.scenario.terms.deadlineMs;
  if (ledger && ledger.release_failed === 0 && ledger.release_wished_at !== null && ledger.release_wished_at <= until) {
    const { rows } = runUnit(giveUpLate, state, now, { id: ledger.id, since: 0, until });
    steps.push({ label: 'a late release is told', isCalm: true, to: { ...state, ...rows } });
  }
  return steps;
}

/** Where both processes are free, it makes no difference which of them goes on. */
const isTwin = ({ workers }: State, index: number): boolean =>
  index === 1 && workers.every(({ isPaused, calls }) => !isPaused && calls.length === 0);

/** Everything that may happen next. @throws where a unit of work does: a bug, or a step that the lifecycle forbids */
export function stepsFrom(state: State, model: Model): readonly Step[] {
  const steps: Step[] = [];
  for (const [index, worker] of state.workers.entries()) {
    if (!isTwin(state, index)) steps.push(...stepsOfWorker(state, index, worker, model));
  }
  steps.push(...ofStore(state, model), ...landings(state, model), ...lists(state, model));
  steps.push(...requests(state, model), ...strangers(state), ...pass(state, model));
  return steps;
}
