import { isFinal } from '../../packages/server/src/actions/lifecycle.ts';
import type { ActionRow } from '../../packages/server/src/store/rows.ts';
import { heldSince } from './key.ts';
import { mayLand } from './product.ts';
import type { HeldCall, Model, State, Step } from './state.ts';

const isGone = ({ state }: ActionRow): boolean => state === 'none' || state === 'released';

const isWanted = ({ actions }: State): boolean => actions.some(({ hold }) => hold === 'active');

/** Nobody here knows of the effect any more, or of a wish to take it back. */
const isClosed = ({ ledger }: State): boolean => !ledger || (ledger.holds === 0 && ledger.release_wished_at === null);

/** I5, I6: what nobody holds is not in force, and cannot come to be, unless a process slept before it sent. */
function faultOfEffect(state: State): string | undefined {
  if (state.hadZombie || isWanted(state) || !isClosed(state)) return undefined;
  const told = state.actions.filter(isGone).map(({ id, status, state: is }) => `${id} reads ${status}/${is}`);
  const whose = told.length > 0 ? told.join(', ') : 'nobody holds it';
  if (state.product.ours.length > 0) return `I6: ${whose}, and it is in force.`;
  if (mayLand(state, 'apply')) return `I6: ${whose}, and an apply may still land.`;
  return undefined;
}

/** I6: it says that its effect is gone when that is so, or when another action holds it, or answers for its release. */
function faultOfGoing(row: ActionRow, after: State): string | undefined {
  const next = after.actions.find(({ id }) => id === row.id);
  const goes = next !== undefined && isGone(next) && !isGone(row) && row.hold !== 'none';
  const isLeft = after.actions.some(({ id, hold }) => id !== row.id && (hold === 'active' || hold === 'ended'));
  if (!goes || after.hadZombie || isLeft) return undefined;
  const is = `${next.status}/${next.state}`;
  if (after.product.ours.length > 0) return `I6: ${row.id} comes to read ${is}, and it is in force.`;
  return mayLand(after, 'apply') ? `I6: ${row.id} comes to read ${is}, and an apply may still land.` : undefined;
}

/** At a product that is not looked at, what reads "in force" is, while nothing is on its way. */
function faultOfClaim(state: State, { scenario }: Model): string | undefined {
  if (scenario.terms.probes || state.hadZombie || !state.actions.some((row) => row.state === 'inForce'))
    return undefined;
  const isThere = state.product.foreign || state.product.ours.length > 0;
  if (isThere || mayLand(state, 'apply')) return undefined;
  return 'An action reads inForce, and nothing is in force.';
}

/** One action is applied once: under one key, or once at a product that knows no key. */
function faultOfDoubles({ actions, product, hadZombie }: State, { scenario }: Model): string | undefined {
  const isOne = actions.length === 1 && scenario.budget.creates === 0 && scenario.budget.strangers === 0;
  if (!isOne || hadZombie || product.ours.length < 2) return undefined;
  return 'The effect was applied twice.';
}

/** Completed follows from a look that showed it while it was held, or from the product's word where nothing can be looked at. */
function faultOfCompleted(
  before: State,
  row: ActionRow,
  call: HeldCall | undefined,
  { scenario }: Model,
): string | undefined {
  const { answer, presence } = call?.result ?? {};
  if (scenario.terms.probes) {
    const isSeen = presence?.kind === 'present' && call !== undefined && call.lookedAt >= heldSince(row);
    return isSeen ? undefined : `${row.id} is Completed, and nobody saw it.`;
  }
  const isKnown = before.ledger?.known === 'inForce' || answer?.kind === 'done';
  return isKnown ? undefined : `${row.id} is Completed, and nobody said so.`;
}

/** I3, I4: what is final stays so, and what is gone does not come back. */
function faultOfChange(row: ActionRow, next: ActionRow | undefined): string | undefined {
  if (!next) return `I1: ${row.id} is lost.`;
  const { status } = row;
  if (status !== null && isFinal(status) && next.status !== status)
    return `I3: ${row.id} was ${status}, and is ${next.status}.`;
  if (isGone(row) && next.state !== row.state) return `I3: ${row.id} was ${row.state}, and is ${next.state}.`;
  return undefined;
}

function faultOfChanges(before: State, after: State, model: Model): string | undefined {
  for (const row of before.actions) {
    const next = after.actions.find(({ id }) => id === row.id);
    const fault = faultOfChange(row, next) ?? faultOfGoing(row, after);
    if (fault !== undefined) return fault;
    if (next?.status !== 'Completed' || row.status === 'Completed') continue;
    const settled = before.workers.flatMap(({ calls }) => calls).find((call) => isSettledBy(call, after));
    const unproven = faultOfCompleted(before, row.status === 'Running' ? row : next, settled, model);
    if (unproven !== undefined) return unproven;
  }
  return undefined;
}

const isSettledBy = (call: HeldCall, after: State): boolean =>
  call.stage === 'over' && !after.workers.some(({ calls }) => calls.includes(call));

/** Which promise a step breaks, if any. */
export function faultOf(before: State, { to, broken }: Step, model: Model): string | undefined {
  return (
    broken ??
    (before.actions === to.actions ? undefined : faultOfChanges(before, to, model)) ??
    faultOfEffect(to) ??
    faultOfClaim(to, model) ??
    faultOfDoubles(to, model)
  );
}

/** Everything is over: no action open, nothing of ours in force, nobody at work, nothing on its way. */
export const isAtRest = (state: State): boolean =>
  state.ledger === undefined &&
  state.product.ours.length === 0 &&
  state.late.length === 0 &&
  state.workers.every(({ isPaused, calls }) => !isPaused && calls.length === 0) &&
  state.actions.every((row) => isGone(row) && row.status !== null && isFinal(row.status));
