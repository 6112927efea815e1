import { Refusal } from '../errors.ts';

interface MediaRange {
  readonly type: string;
  readonly parameters: Readonly<Record<string, string>>;
  readonly quality: number;
}

function parseRange(text: string): MediaRange {
  const [type = '', ...rest] = text.split(';').map((part) => part.trim().toLowerCase());
  const parameters = Object.fromEntries(
    rest.map((part) => {
      const [name = '', value = ''] = part.split('=').map((side) => side.trim());
      return [name, value.replaceAll('"', '')];
    }),
  );
  const quality = parameters.q === undefined ? 1 : Number(parameters.q);
  return { type, parameters, quality };
}

/** How closely a range names what is offered; undefined where it does not cover it. */
function closeness({ type }: MediaRange, offered: string): number | undefined {
  const found = ['*/*', `${offered.split('/')[0]}/*`, offered].indexOf(type);
  return found < 0 ? undefined : found;
}

/** Only the minimal form is served; a range that insists on another is none that we can meet. */
const isMinimal = ({ parameters }: MediaRange): boolean =>
  (parameters['odata.metadata'] ?? parameters.metadata ?? 'minimal') === 'minimal';

// The closest range decides: beside a range for everything, `application/json;q=0` still shuts JSON out.
function isWelcome(ranges: readonly MediaRange[], offered: string): boolean {
  const closest = Math.max(...ranges.map((range) => closeness(range, offered) ?? -1));
  return ranges.some((range) => closeness(range, offered) === closest && range.quality > 0);
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
 * Whether a client takes what a route answers with. No `Accept` takes anything.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-12.5.1
 * @throws {Refusal} notAcceptable
 */
export function checkAccept(accept: string | undefined, offered: string): void {
  if (accept === undefined || accept === '*/*' || accept.trim() === '') return;
  const able = accept
    .split(',')
    .map(parseRange)
    .filter((range) => closeness(range, offered) !== undefined);
  const minimal = able.filter(isMinimal);
  if (minimal.length > 0 && isWelcome(minimal, offered)) return;
  const message =
    able.length > minimal.length
      ? 'Only odata.metadata=minimal is served; ask for that, or leave Accept out.'
      : `This answers with ${offered}, which "${accept.slice(0, 200)}" does not take.`;
  throw new Refusal('notAcceptable', message, { target: 'accept' });
}
