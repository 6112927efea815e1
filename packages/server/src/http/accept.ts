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
      return [name, value];
    }),
  );
  const quality = parameters.q === undefined ? 1 : Number(parameters.q);
  return { type, parameters, quality };
}

const covers = (range: string, offered: string): boolean =>
  range === '*/*' || range === offered || range === `${offered.split('/')[0]}/*`;

/** Only the minimal form is served; a range that insists on another is none that we can meet. */
const isMinimal = ({ parameters }: MediaRange): boolean => (parameters['odata.metadata'] ?? 'minimal') === 'minimal';

/**
 * Whether a client takes what a route answers with. No `Accept` takes anything.
 * @throws {Refusal} notAcceptable
 */
export function checkAccept(accept: string | undefined, offered: string): void {
  if (accept === undefined || accept.trim() === '' || accept === '*/*') return;
  const ranges = accept.split(',').map(parseRange);
  const able = ranges.filter((range) => covers(range.type, offered) && range.quality > 0);
  if (able.some(isMinimal)) return;
  const message =
    able.length > 0
      ? 'Only odata.metadata=minimal is served.'
      : `This answers with ${offered}, which "${accept.slice(0, 200)}" does not take.`;
  throw new Refusal('notAcceptable', message, { target: 'accept' });
}
