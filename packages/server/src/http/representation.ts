import { formatOf } from '../odata/query-options.ts';
import { type Form, readAccept, readFormat, USUAL_FORM } from './accept.ts';
import { type Answer, type Exchange, headerOf } from './exchange.ts';
import { typeOf, withoutControl } from './forms.ts';

type Asked = Pick<Exchange, 'headers' | 'query'>;

/**
 * The form that a request wants its answer in: `$format`, else `Accept`.
 * @throws {Refusal} notAcceptable; invalidQueryOption for a `$format` that cannot be read
 */
export function formFor(exchange: Asked, offered: string): Form {
  const format = exchange.query === '' ? undefined : formatOf(exchange.query);
  return format === undefined ? readAccept(headerOf(exchange, 'accept'), offered) : readFormat(format, offered);
}

/** Every entity of a page asks for it: the query is read once. */
const FOUND = new WeakMap<Asked, Form>();

/** The form of an answer in JSON. A release takes any `Accept`, and gives no JSON. */
export const formOf = (exchange: Asked): Form => {
  const { accept } = exchange.headers;
  const isUsual = (accept === undefined || accept === '*/*' || accept === 'application/json') && exchange.query === '';
  if (isUsual) return USUAL_FORM;
  const found = FOUND.get(exchange) ?? formFor(exchange, 'application/json');
  FOUND.set(exchange, found);
  return found;
};

/** Our one member of 64 bits, which stands at the beginning: nothing that a caller wrote is before it. */
const COUNT = /^(\{(?:"@odata\.context":"(?:[^"\\]|\\.)*",)?"@odata\.count":)(\d+)/;

/**
 * An answer in the form that its request asks for. In the usual form nothing is looked at; what `full` adds to an
 * entity is put there by whoever has it at hand ({@link ./full-metadata.ts}).
 */
export function inForm(exchange: Exchange, answer: Answer): Answer {
  const { body, contentType } = answer;
  if (typeof body !== 'string' || body === '' || contentType !== undefined) return answer;
  const form = formOf(exchange);
  if (!form.isAsked && !form.isIeee754) return answer;
  const said = form.metadata === 'none' ? JSON.stringify(withoutControl(JSON.parse(body))) : body;
  const shown = form.isIeee754 ? said.replace(COUNT, '$1"$2"') : said;
  return { ...answer, body: shown, contentType: typeOf(form) };
}
