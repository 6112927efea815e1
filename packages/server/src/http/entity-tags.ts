import { holdsFor, type Precondition, type Tags, tagDoesNotMatch } from '../actions/precondition.ts';
import { Refusal } from '../errors.ts';
import { type Exchange, headerOf } from './exchange.ts';

/** One tag as RFC 9110 writes it; a list of them has commas between, and may have nothing between two. */
const TAG = /^(?:W\/)?"([\x21\x23-\x7E\x80-\xFF]*)"$/;
/** A comma inside a tag's quotes is part of it. */
const PARTS = /(?:[^",]|"[^"]*"?)+/g;

function readTags(exchange: Exchange, header: 'If-Match' | 'If-None-Match'): Tags | undefined {
  const text = headerOf(exchange, header.toLowerCase())?.trim();
  if (text === undefined || text === '*') return text;
  const found = (text.match(PARTS) ?? [])
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .map((part) => TAG.exec(part)?.[1]);
  const tags = found.filter((tag) => tag !== undefined);
  if (tags.length === found.length && tags.length > 0) return tags;
  throw new Refusal('badRequest', `${header} is *, or the ETag of an answer with its quotes, as in W/"7".`, {
    inner: 'invalidProperty',
    target: header,
  });
}

/**
 * What must hold of an action for the request to be carried out.
 * @throws {Refusal} invalidProperty
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-13.1
 */
export function preconditionOf(exchange: Exchange): Precondition {
  const match = readTags(exchange, 'If-Match');
  const noneMatch = readTags(exchange, 'If-None-Match');
  return { ...(match !== undefined && { match }), ...(noneMatch !== undefined && { noneMatch }) };
}

/** Whether the client has it already. Here all of the tag counts: what the ledger says is shown too. */
export const isKnown = ({ noneMatch }: Precondition, tag: string): boolean =>
  noneMatch !== undefined && (noneMatch === '*' || noneMatch.includes(tag));

/** Whether `If-Match` lets the client have it. */
export const isMatched = ({ match }: Precondition, tag: string): boolean =>
  match === undefined || holdsFor({ match }, Number.parseInt(tag, 10));

/**
 * A POST makes something new, of which nobody can have a tag: `If-None-Match` says nothing of it, and `If-Match` cannot
 * hold, unless it takes any.
 * @throws {Refusal} entityTagDoesNotMatch; invalidProperty
 */
export function refuseTags(exchange: Exchange): void {
  const { match } = preconditionOf(exchange);
  if (match !== undefined && match !== '*') throw tagDoesNotMatch({ match });
}

/**
 * Whether the client has a file already, by any of the tags that it names; a weak one means the same bytes too.
 * @throws {Refusal} invalidProperty
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-13.1.2
 */
export function hasFile(exchange: Exchange, tag: string): boolean {
  const noneMatch = readTags(exchange, 'If-None-Match');
  return noneMatch !== undefined && isKnown({ noneMatch }, tag.slice(1, -1));
}
