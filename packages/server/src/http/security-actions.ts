import type { Asking } from '../actions/actions-deps.ts';
import { cancel, remove } from '../actions/end-actions.ts';
import { type PostedAction, postAction } from '../actions/post-action.ts';
import { type AnsweredAction, getAction } from '../actions/read-actions.ts';
import type { Caller } from '../auth/caller.ts';
import { readQueryOptions } from '../odata/query-options.ts';
import { applySelect, parseSelect, type Selection } from '../odata/select.ts';
import type { App } from './app.ts';
import { readCancelReason } from './bodies/read-cancel.ts';
import { readSecurityAction } from './bodies/read-security-action.ts';
import { type Answer, type Exchange, headerOf } from './exchange.ts';
import { ACTIONS, actionUrl, contextUrl, selected, withContext } from './links.ts';
import { readRepeatKey } from './repeat-key.ts';
import { isSeedRoot, type Root } from './rewrite-path.ts';

/** The caller of a route that is open to callers only. */
export function callerOf({ caller }: Exchange): Caller {
  if (!caller) throw new Error('A route without permission asks who is calling.');
  return caller;
}

export function askingOf(exchange: Exchange): Asking {
  const { tenantId, appId, user, oid } = callerOf(exchange);
  return { tenantId, appId, user, oid, requestId: exchange.requestId, sourceIp: exchange.sourceIp };
}

const etag = ({ tag }: AnsweredAction): string => `W/"${tag}"`;

/** A record reads on the seed roots as it was sent. */
export const textFor = (root: Root, action: AnsweredAction): string =>
  isSeedRoot(root) ? (action.seedEntity ?? action.entity) : action.entity;

function entityAnswer(exchange: Exchange, action: AnsweredAction, status: number, selection?: Selection): Answer {
  const context = contextUrl(exchange.base, exchange.root, `${ACTIONS}${selected(selection)}/$entity`);
  const text = textFor(exchange.root, action);
  const shown = selection ? applySelect(selection, text) : text;
  return { status, body: withContext(context, shown), headers: { ETag: etag(action) } };
}

function created(exchange: Exchange, action: PostedAction): Answer {
  const answer = entityAnswer(exchange, action, 201);
  const repeats: Record<string, string> = {};
  if (headerOf(exchange, 'repeatability-request-id') !== undefined) repeats['Repeatability-Result'] = 'accepted';
  else if (action.isReplay) repeats['Idempotency-Replayed'] = 'true';
  const recorded = action.seedEntity === null ? undefined : { 'Interdict-Recorded': 'true' };
  const location = actionUrl(exchange.base, exchange.root, action.id);
  return { ...answer, headers: { ...answer.headers, Location: location, ...repeats, ...recorded } };
}

/** Create: 201 after the durable commit. */
export async function postSecurityAction(app: App, exchange: Exchange): Promise<Answer> {
  readQueryOptions(exchange.query, []);
  const key = readRepeatKey(exchange, app.clock.now());
  const read = (): ReturnType<typeof readSecurityAction> => readSecurityAction(exchange.body, exchange.root);
  return created(exchange, await postAction(app.actions, askingOf(exchange), read, key));
}

const matches = (wanted: string, tag: string): boolean =>
  wanted === '*' || wanted.split(',').some((one) => one.trim().replace(/^W\//, '') === tag.replace(/^W\//, ''));

export async function getSecurityAction(app: App, exchange: Exchange): Promise<Answer> {
  const { select } = readQueryOptions(exchange.query, ['select']);
  const selection = select === undefined ? undefined : parseSelect(select);
  const action = await getAction(app.actions, callerOf(exchange).tenantId, exchange.params.id ?? '');
  const known = headerOf(exchange, 'if-none-match');
  if (known !== undefined && matches(known, etag(action))) return { status: 304, headers: { ETag: etag(action) } };
  return entityAnswer(exchange, action, 200, selection);
}

/** Cancel: 200 without a body, once the wish is committed. */
export async function cancelSecurityAction(app: App, exchange: Exchange): Promise<Answer> {
  readQueryOptions(exchange.query, []);
  const reason = readCancelReason(exchange.body);
  await cancel(app.actions, askingOf(exchange), exchange.params.id ?? '', reason);
  return { status: 200, body: '' };
}

export async function deleteSecurityAction(app: App, exchange: Exchange): Promise<Answer> {
  readQueryOptions(exchange.query, []);
  await remove(app.actions, askingOf(exchange), exchange.params.id ?? '');
  return { status: 204 };
}
