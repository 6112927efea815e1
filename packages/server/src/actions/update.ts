import { Refusal } from '../errors.ts';
import { checkActionId, unknownAction } from './action-id.ts';
import type { ActionsDeps, Asking } from './actions-deps.ts';
import { notKnown, runAgain } from './after-unknown.ts';
import { type Precondition, tagDoesNotMatch } from './precondition.ts';
import { providersOf } from './provider.ts';
import { type AnsweredAction, toAnswered } from './read-actions.ts';
import type { ReportedProvider } from './report-outcome.ts';
import { type Update, type UpdateOutcome, type UpdateRefusal, updateAction } from './update-action.ts';
import type { UpdateInput } from './update-input.ts';

const denied = (message: string, target?: string): Refusal =>
  new Refusal('Authorization_RequestDenied', message, {
    inner: 'insufficientPermission',
    ...(target !== undefined && { target }),
  });

const final = (message: string): Refusal =>
  new Refusal('conflict', message, { inner: 'alreadyFinal', target: 'status' });

const invalid = (message: string, target: string, inner: 'invalidProperty' | 'readOnlyProperty'): Refusal =>
  new Refusal('badRequest', message, { inner, target });

const readOnly = (property: string): Refusal =>
  invalid(
    `"${property}" of a securityAction stays as it is. Cancel it, and POST another.`,
    property,
    'readOnlyProperty',
  );

function toRefusal(refusal: UpdateRefusal, { id, precondition }: Update): Refusal {
  switch (refusal.why) {
    case 'unknown':
      return unknownAction(id);
    case 'tag':
      return tagDoesNotMatch(precondition);
    case 'readOnly':
      return readOnly(refusal.property);
    case 'limit':
      return new Refusal('badRequest', refusal.message, { inner: 'limitExceeded' });
    case 'notRequester':
      return denied(
        'Only the application that requested a securityAction, for the same user if one asked, changes it.',
      );
    case 'notReporter':
      return denied('Only an application among the "reporters" of its provider says how it went.', 'status');
    case 'record':
      return final('It records an action that was taken elsewhere: how that went does not change.');
    case 'report':
      return invalid('What can be reported is "Completed", or "Failed" with errorInfo.', 'status', 'invalidProperty');
    case 'notRunning':
      return final(
        `It is ${refusal.status}, and its effect ${refusal.state}: only what is Running, and wanted, is reported on.`,
      );
  }
}

/**
 * Changes an action, and gives it as it is behind this change. One that changes nothing raises no version and leaves
 * no event.
 * @throws {Refusal} notFound; entityTagDoesNotMatch; readOnlyProperty, invalidProperty, limitExceeded;
 *   insufficientPermission; alreadyFinal
 */
export async function update(
  deps: ActionsDeps,
  asking: Asking,
  id: string,
  input: UpdateInput,
  precondition: Precondition,
): Promise<AnsweredAction> {
  checkActionId(id);
  const { tenantId, appId, user, oid, requestId, sourceIp } = asking;
  const origin = { appId, user, oid, requestId, sourceIp };
  const mine = providersOf(deps.providers, tenantId);
  const providers = Object.fromEntries(
    mine.map(({ name, reporters, probes }): [string, ReportedProvider] => [
      name,
      { probes, isReporter: reporters.includes(appId.toLowerCase()) },
    ]),
  );
  const wish: Update = { id, input, precondition, origin, providers };
  const run = (): Promise<UpdateOutcome> => deps.store.run(tenantId, updateAction, wish);
  const { outcome, isAgain } = await runAgain(deps.timers, run, 'the change was stored');
  if (outcome.kind === 'refused') {
    // The first run may have made the change, and with it another tag or an end.
    if (isAgain && (outcome.why === 'tag' || outcome.why === 'notRunning')) {
      throw notKnown('the change was stored', 'Get the securityAction, and look.', outcome);
    }
    throw toRefusal(outcome, wish);
  }
  deps.onAlarms(tenantId, outcome.alarms);
  if (outcome.isReport) deps.onEnded(tenantId, outcome.release);
  return toAnswered(outcome.after);
}
