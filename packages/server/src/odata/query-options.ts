import { Refusal } from '../errors.ts';
import { didYouMean } from '../lib/nearest-name.ts';
import { withBlanks } from './form-blanks.ts';

/** System query options that OData has; without `$` they are understood too, as on Graph's beta. */
const SYSTEM = [
  'filter',
  'orderby',
  'select',
  'expand',
  'search',
  'top',
  'skip',
  'count',
  'format',
  'compute',
  'apply',
  'skiptoken',
  'deltatoken',
  'index',
  'schemaversion',
  'levels',
] as const;
type SystemOption = (typeof SYSTEM)[number];

/** Options that a request may give, by the names that a route understands. */
export type QueryOptions = Readonly<Partial<Record<SystemOption, string>>>;

const invalid = (message: string, option: string): Refusal =>
  new Refusal('badRequest', message, { inner: 'invalidQueryOption', target: option.slice(0, 100) });

function decode(text: string, option: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw invalid(`The query option "${option.slice(0, 100)}" has a broken percent escape.`, option);
  }
}

const asSystem = (name: string): SystemOption | undefined =>
  SYSTEM.find((option) => name.toLowerCase() === option || name.toLowerCase() === `$${option}`);

function refuseUnknown(name: string, understood: readonly SystemOption[]): never {
  const known = understood.map((option) => `$${option}`);
  const there = known.length === 0 ? 'There are none here.' : `There are: ${known.join(', ')}.`;
  throw invalid(`There is no query option "${name.slice(0, 100)}".${didYouMean(name, known) || ` ${there}`}`, name);
}

interface Part {
  readonly name: string;
  readonly value: string;
}

function splitPart(part: string): Part {
  const equals = part.indexOf('=');
  if (equals < 0) return { name: decode(part, 'a name').trim(), value: '' };
  const name = decode(part.slice(0, equals), 'a name').trim();
  return { name, value: decode(withBlanks(part.slice(equals + 1), asSystem(name) !== 'search'), name) };
}

function optionOf({ name }: Part, understood: readonly SystemOption[]): SystemOption | undefined {
  const option = asSystem(name);
  if (option === undefined && name.startsWith('$')) refuseUnknown(name, understood);
  // Whoever looks at what a client takes has read it already.
  if (option === 'format') return option;
  if (option !== undefined && !understood.includes(option)) {
    throw invalid(`The query option "${name}" is not served here in this version. Leave it out.`, name);
  }
  return option;
}

/**
 * The system query options of a request. An option that is not served here is refused, never ignored: an answer
 * that leaves a filter out is a wrong answer. Names without `$` that OData does not know are the client's own.
 *
 * @throws {Refusal} invalidQueryOption
 * @see https://docs.oasis-open.org/odata/odata/v4.01/odata-v4.01-part2-url-conventions.html#sec_SystemQueryOptions
 */
export function readQueryOptions(query: string, understood: readonly SystemOption[]): QueryOptions {
  if (query === '') return {};
  const options: Partial<Record<SystemOption, string>> = {};
  for (const part of query.split('&').filter(Boolean).map(splitPart)) {
    const option = optionOf(part, understood);
    if (option === undefined) continue;
    if (options[option] !== undefined) throw invalid(`The query option "${part.name}" is there twice.`, part.name);
    options[option] = part.value;
  }
  return options;
}

const DEFAULT_PAGE = 100;
/** The largest page, in members. */
export const LARGEST_TOP = 1_000;

/** `$top`: the size of a page, as in Graph. @throws {Refusal} invalidQueryOption */
export function readTop(top: string | undefined): number {
  if (top === undefined) return DEFAULT_PAGE;
  const size = /^\d{1,6}$/.test(top) ? Number(top) : 0;
  if (size >= 1 && size <= LARGEST_TOP) return size;
  throw invalid(`"$top" is a whole number from 1 to ${LARGEST_TOP}.`, '$top');
}

/** `$count`. @throws {Refusal} invalidQueryOption */
export function readCount(count: string | undefined): boolean {
  if (count === undefined || count === 'false') return false;
  if (count === 'true') return true;
  throw invalid('"$count" is true or false.', '$count');
}

/** `$format`, which every route has. @throws {Refusal} invalidQueryOption */
export function formatOf(query: string): string | undefined {
  if (!/format|%/i.test(query)) return undefined;
  const found = query
    .split('&')
    .map(splitPart)
    .filter(({ name }) => asSystem(name) === 'format');
  if (found.length > 1) throw invalid('The query option "$format" is there twice.', '$format');
  return found[0]?.value;
}
