import { listPauses, resume, stop } from '../actions/dispatch-state.ts';
import { readQueryOptions } from '../odata/query-options.ts';
import type { App } from './app.ts';
import { readDispatchWish } from './bodies/read-dispatch-wish.ts';
import type { Answer, Exchange } from './exchange.ts';
import { contextUrl } from './links.ts';
import { askingOf, callerOf } from './security-actions.ts';

/** Stop: 204 once it is committed; no process sends an apply from then on. */
export async function stopDispatch(app: App, exchange: Exchange): Promise<Answer> {
  readQueryOptions(exchange.query, []);
  await stop(app.actions, askingOf(exchange), readDispatchWish(exchange.body, 'stop'));
  return { status: 204 };
}

export async function resumeDispatch(app: App, exchange: Exchange): Promise<Answer> {
  readQueryOptions(exchange.query, []);
  await resume(app.actions, askingOf(exchange), readDispatchWish(exchange.body, 'resume'));
  return { status: 204 };
}

export async function getDispatchState(app: App, exchange: Exchange): Promise<Answer> {
  readQueryOptions(exchange.query, []);
  const value = await listPauses(app.actions, callerOf(exchange).tenantId);
  const context = contextUrl(exchange.base, exchange.root, 'Collection(interdict.dispatchPause)');
  return { status: 200, body: JSON.stringify({ '@odata.context': context, value }) };
}
