import type { Asking } from '../actions/actions-deps.ts';
import { cancel, remove } from '../actions/end-actions.ts';
import { type PostedAction, postAction } from '../actions/post-action.ts';
import { tagDoesNotMatch } from '../actions/precondition.ts';
import { getAction } from '../actions/read-actions.ts';
import type { Caller } from '../auth/caller.ts';
import { failpoint } from '../lib/failpoint.ts';
import { readQueryOptions } from '../odata/query-options.ts';
import { parseSelect } from '../odata/select.ts';
import type { App } from './app.ts';
import { readCancelReason } from './bodies/read-cancel.ts';
import { readSecurityAction } from './bodies/read-security-action.ts';
import { entityAnswer, etagOf } from './entity-answer.ts';
import { isKnown, isMatched, preconditionOf, refuseTags } from './entity-tags.ts';
import { type Answer, type Exchange, headerOf } from './exchange.ts';
import { actionUrl } from './links.ts';
import { applied, returnPreference } from './prefer.ts';
import { readRepeatable } from './repeat-key.ts';

/** The caller of a route that is open to callers only. */
export function callerOf({ caller }: Exchange): Caller {
  if (!caller) throw new Error('A route without permission asks who is calling.');
  return caller;
}

export function askingOf(exchange: Exchange): Asking {
  const { tenantId, appId, user, oid } = callerOf(exchange);
  return { tenantId, appId, user, oid, requestId: exchange.requestId, sourceIp: exchange.sourceIp };
}

/** Whoever wants nothing back is told where it is. @see RFC 7240; OData 4.01 Protocol §8.3.4 for `OData-EntityId` */
function withoutEntity({ headers }: Answer): Answer {
  return {
    status: 204,
    headers: { ...headers, 'OData-EntityId': headers?.Location ?? '', ...applied('return=minimal') },
  };
}

function created(exchange: Exchange, action: PostedAction): Answer {
  const answer = entityAnswer(exchange, action, 201);
  const repeats: Record<string, string> = {};
  if (headerOf(exchange, 'repeatability-request-id') !== undefined) repeats['Repeatability-Result'] = 'accepted';
  else if (action.isReplay) repeats['Idempotency-Replayed'] = 'true';
  const recorded = action.seedEntity === null ? undefined : { 'Interdict-Recorded': 'true' };
  const location = actionUrl(exchange.base, exchange.root, action.id);
  const whole = { ...answer, headers: { ...answer.headers, Location: location, ...repeats, ...recorded } };
  const preference = returnPreference(exchange);
  if (preference === undefined) return whole;
  if (preference === 'minimal') return withoutEntity(whole);
  return { ...whole, headers: { ...whole.headers, ...applied('return=representation') } };
}

/** Create: 201 after the durable commit. */
export async function postSecurityAction(app: App, exchange: Exchange): Promise<Answer> {
  readQueryOptions(exchange.query, []);
  refuseTags(exchange);
  const repeatable = readRepeatable(exchange, { clock: app.clock, storeClock: app.actions.clock });
  const read = (): ReturnType<typeof readSecurityAction> => readSecurityAction(exchange.body, exchange.root);
  const action = await postAction(app.actions, askingOf(exchange), read, repeatable);
  failpoint('accept.beforeAnswer');
  return created(exchange, action);
}

export async function getSecurityAction(app: App, exchange: Exchange): Promise<Answer> {
  const { select } = readQueryOptions(exchange.query, ['select', 'format']);
  const selection = select === undefined ? undefined : parseSelect(select);
  const precondition = preconditionOf(exchange);
  const action = await getAction(app.actions, callerOf(exchange).tenantId, exchange.params.id ?? '');
  if (!isMatched(precondition, action.tag)) throw tagDoesNotMatch(precondition);
  if (isKnown(precondition, action.tag)) return { status: 304, headers: { ETag: etagOf(action) } };
  return entityAnswer(exchange, action, 200, selection);
}

/** Cancel: 200 without a body, once the wish is committed. */
export async function cancelSecurityAction(app: App, exchange: Exchange): Promise<Answer> {
  readQueryOptions(exchange.query, []);
  const reason = readCancelReason(exchange.body);
  await cancel(app.actions, askingOf(exchange), exchange.params.id ?? '', reason);
  failpoint('cancel.beforeAnswer');
  return { status: 200, body: '' };
}

export async function deleteSecurityAction(app: App, exchange: Exchange): Promise<Answer> {
  readQueryOptions(exchange.query, []);
  await remove(app.actions, askingOf(exchange), exchange.params.id ?? '', preconditionOf(exchange));
  return { status: 204 };
}
