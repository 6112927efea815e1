import { setTimeout as delay } from 'node:timers/promises';
import { inspect } from 'node:util';
import type { Connector } from '../../connector.ts';
import type { SocketAddress } from '../../socket/ask-socket.ts';
import { Gate } from '../../testing/gate.ts';
import { ber, head, message, messagesOf, number, questionOf, result, text } from './ber.ts';

const BIND = 0x60;
const UNBIND = 0x42;
const SEARCH = 0x63;
const EXTENDED = 0x77;
const UNWILLING = 53;
const LONG = 60_000;

/** Of a search the entry's end, of a change the result: each that of its request. */
const answerTag = (tag: number): number => (tag === SEARCH ? 0x65 : tag + 1);

/** Of the attributes that a search asks for. */
export interface AttributeNames {
  readonly user: string;
  readonly state: string;
  readonly id: string;
}

/** Whom a search is for; its length stands before it. */
function nameIn(question: Buffer): Buffer {
  const start = question.indexOf('sample-');
  return question.subarray(start, start + (question[start - 1] ?? 0));
}

/**
 * Where a true answer would stand. A change gets the bytes for its result; a search gets an entry whose attribute they
 * are, and its end.
 */
async function* dressed(question: Buffer, body: AsyncIterable<Buffer>, names: AttributeNames): AsyncGenerator<Buffer> {
  const { id, tag } = questionOf(question);
  const iterator = body[Symbol.asyncIterator]();
  const first = await iterator.next();
  const bytes = first.done ? Buffer.alloc(0) : first.value;
  const next = iterator.next();
  const ended = await Promise.race([next.then(({ done }) => done === true), delay(5, false)]);
  if (ended) {
    if (tag !== SEARCH) yield message(id, ber(answerTag(tag), bytes));
    else {
      const attributes = [
        [names.user, nameIn(question)],
        [names.state, bytes],
        [names.id, Buffer.from('sixteen bytes...')],
      ] as const;
      const values = attributes.map(([type, value]) => ber(0x30, text(type), ber(0x31, text(value))));
      yield message(id, ber(0x64, text('cn=x'), ber(0x30, ...values)));
      yield message(id, result(0x65, 0, ''));
    }
    return;
  }
  const rest = [number(id), head(answerTag(tag), LONG)];
  yield Buffer.concat([head(0x30, Buffer.concat(rest).length + LONG), ...rest, bytes]);
  for (let more = await next; !more.done; more = await iterator.next()) yield more.value;
}

/** A gate before a directory, and connectors through it. */
export interface LdapGate {
  readonly gate: Gate;
  /** Requests so far; while it misbehaves, those alone that it has its way with. */
  received(): number;
  /**
   * The same connector. While it looks or lists, its searches misbehave; the search that a change begins with never does,
   * so that the misbehaviour meets the change itself.
   */
  watchLooks(connector: Connector): Connector;
}

export function createLdapGate(product: () => SocketAddress, names: AttributeNames): LdapGate {
  let looks = 0;
  let passed = 0;
  const says = (tag: number | undefined, code: number, words: string) => (question: Buffer) => {
    const { id, tag: asked } = questionOf(question);
    return message(id, result(tag ?? answerTag(asked), code, words));
  };
  const gate = new Gate({
    product,
    messages: messagesOf,
    passes: (question) => {
      const { tag } = questionOf(question);
      const doesPass = [BIND, UNBIND, EXTENDED].includes(tag) || (tag === SEARCH && looks === 0);
      if (doesPass) passed += 1;
      return doesPass;
    },
    refusal: (words) => says(undefined, UNWILLING, words),
    nonsense: says(0x7e, 0, ''),
    dressed: (question, body) => dressed(question, body, names),
  });
  const looking = async <T>(look: () => Promise<T>): Promise<T> => {
    looks += 1;
    try {
      return await look();
    } finally {
      looks -= 1;
    }
  };
  return {
    gate,
    received: () => gate.received - passed,
    watchLooks: (connector) => {
      const { verify, list } = connector;
      return {
        ...connector,
        ...(verify && { verify: (call, signal) => looking(() => verify(call, signal)) }),
        ...(list && { list: (tenantId, signal) => looking(() => list(tenantId, signal)) }),
        [inspect.custom]: () => connector,
      } as Connector;
    },
  };
}
