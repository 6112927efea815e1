import { formatOf } from '../odata/query-options.ts';
import { type Form, readAccept, readFormat, USUAL_FORM } from './accept.ts';
import { type Answer, type Exchange, headerOf } from './exchange.ts';

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

const CONTROL = /^[^@]*@/;
/** What stays of control information where a client wants none. */
const KEPT: readonly string[] = ['@odata.nextLink', '@odata.count', '@odata.deltaLink', '@removed'];

function withoutControl(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutControl);
  if (typeof value !== 'object' || value === null) return value;
  const kept = Object.entries(value).filter(
    ([name]) => !CONTROL.test(name) || KEPT.some((end) => name.toLowerCase().endsWith(end.toLowerCase())),
  );
  return Object.fromEntries(kept.map(([name, member]) => [name, withoutControl(member)]));
}

/** Our one member of 64 bits, which stands at the beginning: nothing that a caller wrote is before it. */
const COUNT = /^(\{(?:"@odata\.context":"(?:[^"\\]|\\.)*",)?"@odata\.count":)(\d+)/;

const typeOf = ({ metadata, isIeee754 }: Form): string =>
  `application/json;odata.metadata=${metadata};odata.streaming=true;IEEE754Compatible=${isIeee754};charset=utf-8`;

/**
 * An answer in the form that its request asks for. In the usual form nothing is looked at; what `full` adds to an
 * entity is put there by whoever has it at hand ({@link ./full-metadata.ts}).
 */
export function inForm(exchange: Exchange, answer: Answer): Answer {
  const { body, contentType } = answer;
  if (body === undefined || body.length === 0 || contentType !== undefined) return answer;
  const form = formOf(exchange);
  if (!form.isAsked && !form.isIeee754) return answer;
  // Whoever answers in bytes has seen that this form asks for no change.
  if (typeof body !== 'string') return { ...answer, contentType: typeOf(form) };
  const said = form.metadata === 'none' ? JSON.stringify(withoutControl(JSON.parse(body))) : body;
  const shown = form.isIeee754 ? said.replace(COUNT, '$1"$2"') : said;
  return { ...answer, body: shown, contentType: typeOf(form) };
}
