import { update } from '../actions/update.ts';
import { readQueryOptions } from '../odata/query-options.ts';
import type { App } from './app.ts';
import { readUpdate } from './bodies/read-update.ts';
import { entityAnswer, etagOf } from './entity-answer.ts';
import { preconditionOf } from './entity-tags.ts';
import type { Answer, Exchange } from './exchange.ts';
import { applied, returnPreference } from './prefer.ts';
import { askingOf } from './security-actions.ts';

/** Update: 200 with the action as it is from then on, or 204 where that is preferred. */
export async function updateSecurityAction(app: App, exchange: Exchange): Promise<Answer> {
  readQueryOptions(exchange.query, []);
  const { id = '' } = exchange.params;
  const action = await update(app.actions, askingOf(exchange), id, readUpdate(exchange.body), preconditionOf(exchange));
  const preference = returnPreference(exchange);
  const told = preference && applied(`return=${preference}`);
  if (preference === 'minimal') return { status: 204, headers: { ETag: etagOf(action), ...told } };
  const answer = entityAnswer(exchange, action, 200);
  return { ...answer, headers: { ...answer.headers, ...told } };
}
