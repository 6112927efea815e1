import type { AnsweredAction } from '../actions/read-actions.ts';
import { applySelect, type Selection } from '../odata/select.ts';
import type { Answer, Exchange } from './exchange.ts';
import { withFullMetadata } from './full-metadata.ts';
import { ACTIONS, contextUrl, selected, withContext } from './links.ts';
import { formOf } from './representation.ts';
import { isSeedRoot } from './rewrite-path.ts';

export const etagOf = ({ tag }: Pick<AnsweredAction, 'tag'>): string => `W/"${tag}"`;

/** A record reads on the seed roots as it was sent. */
export const textFor = ({ root }: Pick<Exchange, 'root'>, action: AnsweredAction): string =>
  isSeedRoot(root) ? (action.seedEntity ?? action.entity) : action.entity;

/**
 * An entity as a member of a collection, or alone, in the form that the request asks for, with what was
 * selected of it. In the usual form, where nothing was selected, its text is given back as it is.
 */
export function entityText(exchange: Exchange, action: AnsweredAction, selection?: Selection): string {
  const whole = textFor(exchange, action);
  const text = selection ? applySelect(selection, whole) : whole;
  if (formOf(exchange).metadata !== 'full') return text;
  return withFullMetadata(exchange, text, {
    id: action.id,
    etag: etagOf(action),
    isRecord: action.seedEntity !== null,
  });
}

export function entityAnswer(
  exchange: Exchange,
  action: AnsweredAction,
  status: number,
  selection?: Selection,
): Answer {
  const context = contextUrl(exchange.base, exchange.root, `${ACTIONS}${selected(selection)}/$entity`);
  const text = entityText(exchange, action, selection);
  return { status, body: withContext(context, text), headers: { ETag: etagOf(action) } };
}
