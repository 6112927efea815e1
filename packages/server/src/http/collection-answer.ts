import { beginTurns, endTurn } from '../lib/turns.ts';
import type { Form } from './accept.ts';
import type { Answer, Exchange } from './exchange.ts';
import { typeOf, withoutControl } from './forms.ts';
import { formOf } from './representation.ts';

/** What stands around the entities of a page. */
export interface Envelope {
  readonly context: string;
  readonly count?: number | undefined;
  /** `@odata.nextLink` or `@odata.deltaLink`, and where it leads. */
  readonly link?: readonly [name: string, url: string] | undefined;
}

const COMMA = Buffer.from(',');

function headOf({ metadata, isIeee754 }: Form, { context, count, link }: Envelope): string {
  const members = {
    ...(metadata !== 'none' && { '@odata.context': context }),
    ...(count !== undefined && { '@odata.count': isIeee754 ? String(count) : count }),
    ...(link && { [link[0]]: link[1] }),
    value: [],
  };
  return JSON.stringify(members).slice(0, -']}'.length);
}

const typed = (form: Form): Pick<Answer, 'contentType'> =>
  form.isAsked || form.isIeee754 ? { contentType: typeOf(form) } : {};

/** Whether entities of that form go out as they are stored. */
export const isPlain = ({ metadata }: Form): boolean => metadata === 'minimal';

/** A page of entities that are text already, in the form that the request asks for; each piece may hold several. */
export function plainCollection(exchange: Exchange, envelope: Envelope, pieces: readonly Uint8Array[]): Answer {
  const form = formOf(exchange);
  const parted = pieces.flatMap((piece, index) => (index === 0 ? [piece] : [COMMA, piece]));
  const body = Buffer.concat([Buffer.from(headOf(form, envelope)), ...parted, Buffer.from(']}')]);
  return { status: 200, body, ...typed(form) };
}

/**
 * A page of entities in the form that the request asks for. A large one is written in turns with what others ask for.
 * @param textOf an entity in that form, but for `none`, which takes its control information off
 */
export async function collectionAnswer<Item>(
  exchange: Exchange,
  envelope: Envelope,
  items: readonly Item[],
  textOf: (item: Item) => string,
): Promise<Answer> {
  const form = formOf(exchange);
  const texts: string[] = [];
  const turns = beginTurns();
  for (const item of items) {
    const text = textOf(item);
    texts.push(form.metadata === 'none' ? JSON.stringify(withoutControl(JSON.parse(text))) : text);
    await endTurn(turns);
  }
  return { status: 200, body: `${headOf(form, envelope)}${texts.join(',')}]}`, ...typed(form) };
}
