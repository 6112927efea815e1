import { Refusal } from '../errors.ts';
import { closeness, type MediaRange, parseRange } from './media-range.ts';

/** How much an answer says of itself. @see https://docs.oasis-open.org/odata/odata-json-format/v4.01/ §3.1 */
export type MetadataLevel = 'none' | 'minimal' | 'full';
const LEVELS: readonly string[] = ['none', 'minimal', 'full'] satisfies readonly MetadataLevel[];

/** The form that a client wants JSON in. */
export interface Form {
  readonly metadata: MetadataLevel;
  /** Whole numbers of 64 bits as text. */
  readonly isIeee754: boolean;
  /** The request names the level: then the answer does so too, on the seed roots as well. */
  readonly isAsked: boolean;
}

export const USUAL_FORM: Form = { metadata: 'minimal', isIeee754: false, isAsked: false };

const JSON_TYPE = 'application/json';

const levelOf = ({ parameters }: MediaRange): string | undefined => parameters['odata.metadata'] ?? parameters.metadata;

const hasLevel = (range: MediaRange): boolean => LEVELS.includes(levelOf(range) ?? 'minimal');

const toForm = (range: MediaRange): Form => ({
  metadata: (levelOf(range) ?? 'minimal') as MetadataLevel,
  isIeee754: range.parameters.ieee754compatible === 'true',
  isAsked: levelOf(range) !== undefined,
});

function refuse(target: string, offered: string, said: string, isLevel: boolean): Refusal {
  const message = isLevel
    ? `What there is of odata.metadata: ${LEVELS.join(', ')}. "${said.slice(0, 200)}" asks for another.`
    : `This answers with ${offered}, which "${said.slice(0, 200)}" does not take.`;
  return new Refusal('notAcceptable', message, { target });
}

/** Of what a client likes equally well, the closest; of that, what it names first. */
function bestOf(ranges: readonly MediaRange[], offered: string): MediaRange | undefined {
  const rank = (range: MediaRange): number => range.quality * 10_000 + (closeness(range, offered) ?? 0);
  return ranges.filter(({ quality }) => quality > 0).toSorted((one, other) => rank(other) - rank(one))[0];
}

/** How much a client likes a type, 0 to 1: by the closest range that covers it. No `Accept` likes all alike. */
export function qualityOf(accept: string | undefined, offered: string): number {
  if (accept === undefined || accept.trim() === '') return 1;
  const rated = accept.split(',').map(parseRange);
  const closest = Math.max(...rated.map((range) => closeness(range, offered) ?? -1));
  const qualities = rated.filter((range) => closeness(range, offered) === closest).map(({ quality }) => quality || 0);
  return closest < 0 ? 0 : Math.max(...qualities);
}

/**
 * The form that a client takes what a route answers with in. No `Accept` takes the usual one.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-12.5.1
 * @throws {Refusal} notAcceptable
 */
export function readAccept(accept: string | undefined, offered: string): Form {
  if (accept === undefined || accept === '*/*' || accept === offered || accept.trim() === '') return USUAL_FORM;
  const able = accept
    .split(',')
    .map(parseRange)
    .filter((range) => closeness(range, offered) !== undefined);
  const met = offered === JSON_TYPE ? able.filter(hasLevel) : able;
  // The closest range decides: beside a range for everything, `application/json;q=0` still shuts JSON out.
  const closest = Math.max(...met.map((range) => closeness(range, offered) ?? -1));
  const isWelcome = met.some((range) => closeness(range, offered) === closest && range.quality > 0);
  const best = isWelcome ? bestOf(met, offered) : undefined;
  if (best) return toForm(best);
  throw refuse('accept', offered, accept, able.length > met.length);
}

/**
 * `$format`, which wins over `Accept`: `json`, or a media type.
 * @throws {Refusal} notAcceptable; invalidQueryOption where it is empty
 */
export function readFormat(format: string, offered: string): Form {
  if (format.trim() === '') {
    throw new Refusal('badRequest', '"$format" is json, or a media type as in application/json;odata.metadata=full.', {
      inner: 'invalidQueryOption',
      target: '$format',
    });
  }
  const range = parseRange(format.toLowerCase() === 'json' ? JSON_TYPE : format);
  if (range.type !== offered) throw refuse('$format', offered, format, false);
  if (offered === JSON_TYPE && !hasLevel(range)) throw refuse('$format', offered, format, true);
  return toForm(range);
}
