import { Refusal } from '../errors.ts';
import { type Exchange, headerOf } from './exchange.ts';

/** `name`, `name=word` or `name="quoted"`, and then parameters, of which none is known. */
const PREFERENCE = /^([!#$%&'*+\-.^_`|~\w]+) ?(?:= ?(?:"((?:[^"\\]|\\.)*)"|([^ ;"]*)))? ?(?:;|$)/;
/** One is as good as many, and read in one way only: thousands would be tried in all ways. */
const BLANKS = /\s+/g;
/** A comma inside quotes divides nothing. */
const PARTS = /(?:[^",]|"(?:[^"\\]|\\.)*"?)+/g;

type Asked = Pick<Exchange, 'headers'>;

/** Each preference by its name; of several values of one the first counts. What cannot be read is ignored. */
function preferencesOf(exchange: Asked): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const part of headerOf(exchange, 'prefer')?.match(PARTS) ?? []) {
    const [, name, quoted, word = ''] = PREFERENCE.exec(part.trim().replace(BLANKS, ' ')) ?? [];
    const key = name?.toLowerCase();
    if (key !== undefined && !found.has(key)) found.set(key, quoted?.replace(/\\(.)/g, '$1') ?? word);
  }
  return found;
}

/** Whether a change is answered with what it made. @see https://www.rfc-editor.org/rfc/rfc7240#section-4.2 */
export function returnPreference(exchange: Asked): 'minimal' | 'representation' | undefined {
  const value = preferencesOf(exchange).get('return')?.toLowerCase();
  return value === 'minimal' || value === 'representation' ? value : undefined;
}

/**
 * `odata.maxpagesize`, or `maxpagesize` as OData 4.01 has it too: as asked for, not yet lowered to the largest page.
 * @throws {Refusal} invalidQueryOption
 */
export function maxPageSizeOf(exchange: Asked): number | undefined {
  const preferences = preferencesOf(exchange);
  const text = preferences.get('odata.maxpagesize') ?? preferences.get('maxpagesize');
  if (text === undefined) return undefined;
  if (/^0*[1-9]\d*$/.test(text)) return Math.min(Number(text), Number.MAX_SAFE_INTEGER);
  throw new Refusal(
    'badRequest',
    'The preference odata.maxpagesize is a whole number from 1, as in odata.maxpagesize=50.',
    {
      inner: 'invalidQueryOption',
      target: 'Prefer',
    },
  );
}

/** Says which preference was followed. */
export const applied = (preference: string): Readonly<Record<string, string>> => ({ 'Preference-Applied': preference });
