import { Refusal } from '../errors.ts';
import { LARGEST_TOP, type QueryOptions, readCount, readQueryOptions, readTop } from './query-options.ts';
import { sealText, type TokenScope, unsealText } from './sealed-text.ts';

/** Options that say what a list consists of: the same on all its pages. */
const FIXED = ['filter', 'orderby', 'search', 'select'] as const;
type FixedOption = (typeof FIXED)[number];

/** Where a page begins: behind an action, or at a place of an order that is kept. */
export type ListPosition =
  | { readonly kind: 'behind'; readonly created_at: string; readonly id: string }
  | { readonly kind: 'place'; readonly order: string; readonly offset: number };

/** What a page of a list was asked for, by this request or by the first of the list. */
export interface ListQuery {
  readonly texts: Readonly<Partial<Record<FixedOption, string>>>;
  /** Size of a page. */
  readonly top: number;
  readonly skip: number;
  readonly count: boolean;
  /** Undefined on the first page. */
  readonly position: ListPosition | undefined;
}

type Packed = readonly [texts: ListQuery['texts'], top: number, ...position: readonly (string | number)[]];

const refuse = (message: string, target: string): Refusal =>
  new Refusal('badRequest', message, { inner: 'invalidQueryOption', target });

/** The token of a nextLink: the options of the first page, and where the next one begins. */
export function formatListToken(scope: TokenScope, query: ListQuery, next: ListPosition): string {
  const position = next.kind === 'behind' ? [next.created_at, next.id] : [next.order, next.offset];
  return sealText(scope, JSON.stringify([query.texts, query.top, ...position] satisfies Packed));
}

function unpack(scope: TokenScope, token: string): ListQuery {
  const [texts, top, first = '', second = ''] = JSON.parse(unsealText(scope, token)) as Packed;
  const position: ListPosition =
    typeof second === 'number'
      ? { kind: 'place', order: String(first), offset: second }
      : { kind: 'behind', created_at: String(first), id: second };
  return { texts, top, skip: 0, count: false, position };
}

/** What stands beside a token must be what the first page was asked with; the size of a page may change. */
function checkBeside(options: QueryOptions, { texts }: ListQuery): void {
  for (const name of ['skip', ...FIXED] as const) {
    const given = options[name];
    const known = name === 'skip' ? undefined : texts[name];
    if (given === undefined || given === known) continue;
    throw refuse(
      `"$${name}" cannot change from page to page: the "$skiptoken" has the options of the first one. Leave it out, or begin anew without the token.`,
      `$${name}`,
    );
  }
}

function readSkip(skip: string | undefined): number {
  if (skip === undefined) return 0;
  if (/^\d{1,9}$/.test(skip)) return Number(skip);
  throw refuse('"$skip" is a whole number, 0 or more, of at most nine digits.', '$skip');
}

/**
 * The size of a page: the smaller of `$top` and `odata.maxpagesize`, each of which may stand alone.
 * @throws {Refusal} invalidQueryOption
 */
export const pageSizeOf = (top: string | undefined, maxPageSize: number | undefined): number =>
  top === undefined && maxPageSize !== undefined
    ? Math.min(maxPageSize, LARGEST_TOP)
    : Math.min(readTop(top), maxPageSize ?? LARGEST_TOP);

/**
 * The query options of a list. Beside a token the first page's size stands for a `$top` that is not there.
 * @param maxPageSize of the header `Prefer`
 * @throws {Refusal} invalidQueryOption
 */
export function readListQuery(scope: TokenScope, queryText: string, maxPageSize: number | undefined): ListQuery {
  const options = readQueryOptions(queryText, ['top', 'skip', 'count', 'skiptoken', 'format', ...FIXED]);
  const count = readCount(options.count);
  if (options.skiptoken === undefined) {
    const texts = Object.fromEntries(
      FIXED.flatMap((name) => (options[name] === undefined ? [] : [[name, options[name]]])),
    );
    const top = pageSizeOf(options.top, maxPageSize);
    return { texts, top, skip: readSkip(options.skip), count, position: undefined };
  }
  const carried = unpack(scope, options.skiptoken);
  checkBeside(options, carried);
  const top =
    options.top === undefined
      ? Math.min(carried.top, maxPageSize ?? carried.top)
      : pageSizeOf(options.top, maxPageSize);
  return { ...carried, top, count };
}
