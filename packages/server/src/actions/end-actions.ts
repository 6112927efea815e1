import { Refusal } from '../errors.ts';
import { failpoint } from '../lib/failpoint.ts';
import { checkActionId, unknownAction } from './action-id.ts';
import type { ActionsDeps, Asking } from './actions-deps.ts';
import { runAgain } from './after-unknown.ts';
import { type CancelOutcome, cancelAction } from './cancel-action.ts';
import { type DeleteOutcome, deleteAction } from './delete-action.ts';
import { originOf } from './journal.ts';
import { type Precondition, tagDoesNotMatch } from './precondition.ts';
import { providersOf } from './provider.ts';

const NOT_CANCELLABLE = {
  record: 'It records an action that was taken elsewhere: there is nothing here to cancel.',
  irreversible: 'It was sent, and nothing takes it back.',
} as const;

/**
 * Commits the wish to cancel. A second one changes nothing.
 * @throws {Refusal} notFound; notCancellable for records, and for irreversible actions once sent
 */
export async function cancel(deps: ActionsDeps, asking: Asking, id: string, reason: string | null): Promise<void> {
  checkActionId(id);
  const mine = providersOf(deps.providers, asking.tenantId);
  const providers = Object.fromEntries(mine.map(({ name, irreversible }) => [name, { irreversible }]));
  const wish = { id, reason, origin: originOf(asking), providers };
  const run = (): Promise<CancelOutcome> => deps.store.run(asking.tenantId, cancelAction, wish, { urgent: true });
  failpoint('cancel.beforeStore');
  const { outcome } = await runAgain(deps.timers, run, 'the cancel was stored');
  failpoint('cancel.afterStore');
  if (outcome.kind === 'unknown') throw unknownAction(id);
  if (outcome.kind === 'notCancellable') {
    throw new Refusal('conflict', NOT_CANCELLABLE[outcome.why], { inner: 'notCancellable', target: 'id' });
  }
  if (outcome.kind !== 'changed') return;
  deps.onAlarms(asking.tenantId, outcome.alarms ?? []);
  deps.onEnded(asking.tenantId, outcome.enforcementId);
}

/** @throws {Refusal} notFound; entityTagDoesNotMatch; notFinal; stillInForce */
export async function remove(deps: ActionsDeps, asking: Asking, id: string, precondition: Precondition): Promise<void> {
  checkActionId(id);
  const wish = { id, origin: originOf(asking), precondition };
  const run = (): Promise<DeleteOutcome> => deps.store.run(asking.tenantId, deleteAction, wish);
  failpoint('delete.beforeStore');
  const { outcome, isAgain } = await runAgain(deps.timers, run, 'the securityAction was deleted');
  failpoint('delete.afterStore');
  // The first run may have deleted it.
  if (outcome.kind === 'unknown' && !isAgain) throw unknownAction(id);
  if (outcome.kind === 'tag') throw tagDoesNotMatch(precondition);
  if (outcome.kind === 'notFinal') {
    const message = `The securityAction is ${outcome.status}. Cancel it, and delete it once that is final.`;
    throw new Refusal('conflict', message, { inner: 'notFinal', target: 'status' });
  }
  if (outcome.kind === 'stillInForce') {
    const message = `Its effect is ${outcome.state}. Cancel it, and delete it once that is released.`;
    throw new Refusal('conflict', message, { inner: 'stillInForce', target: 'enforcement/state' });
  }
}
