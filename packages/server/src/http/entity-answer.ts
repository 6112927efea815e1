import type { AnsweredAction } from '../actions/read-actions.ts';
import type { Answer, Exchange } from './exchange.ts';
import { withFullMetadata } from './full-metadata.ts';
import { ACTIONS, contextUrl, withContext } from './links.ts';
import { formOf } from './representation.ts';
import { isSeedRoot } from './rewrite-path.ts';

export const etagOf = ({ tag }: Pick<AnsweredAction, 'tag'>): string => `W/"${tag}"`;

/** A record reads on the seed roots as it was sent. */
const textFor = ({ root }: Pick<Exchange, 'root'>, action: AnsweredAction): string =>
  isSeedRoot(root) ? (action.seedEntity ?? action.entity) : action.entity;

/**
 * An entity as a member of a collection, or alone, in the form that the request asks for. `text` is what was selected
 * of it, where something was. In the usual form it is given back as it is.
 */
export function entityText(exchange: Exchange, action: AnsweredAction, text = textFor(exchange, action)): string {
  if (formOf(exchange).metadata !== 'full') return text;
  return withFullMetadata(exchange, text, {
    id: action.id,
    etag: etagOf(action),
    isRecord: action.seedEntity !== null,
  });
}

export function entityAnswer(exchange: Exchange, action: AnsweredAction, status: number): Answer {
  const context = contextUrl(exchange.base, exchange.root, `${ACTIONS}/$entity`);
  return { status, body: withContext(context, entityText(exchange, action)), headers: { ETag: etagOf(action) } };
}
