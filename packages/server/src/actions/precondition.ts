import { Refusal } from '../errors.ts';

/** Entity tags without their quotes, or any. */
export type Tags = '*' | readonly string[];

/** What must hold of an action for a change of it to be made. Plain data: it is asked within the transaction. */
export interface Precondition {
  readonly match?: Tags;
  readonly noneMatch?: Tags;
}

/** A verification must not make a change fail: what stands behind the first point is of no account. */
const versionOf = (tag: string): string => /^(\d+)(?:\.\d+\.\d+)?$/.exec(tag)?.[1] ?? '';

const names = (tags: Tags, version: number): boolean =>
  tags === '*' || tags.some((tag) => versionOf(tag) === String(version));

/** Whether a row of this version may be changed. @see https://www.rfc-editor.org/rfc/rfc9110#section-13.1 */
export function holdsFor({ match, noneMatch }: Precondition, version: number): boolean {
  if (match !== undefined && !names(match, version)) return false;
  return noneMatch === undefined || !names(noneMatch, version);
}

export const tagDoesNotMatch = ({ match }: Precondition): Refusal =>
  new Refusal('preconditionFailed', 'The securityAction has another ETag by now. Get it, and decide anew.', {
    inner: 'entityTagDoesNotMatch',
    target: match === undefined ? 'If-None-Match' : 'If-Match',
  });
