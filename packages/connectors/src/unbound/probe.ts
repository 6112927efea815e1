import { AUTHORITATIVE_ANSWER, encode, RECURSION_DESIRED } from 'dns-packet';
import { toMessage } from '../http/message.ts';
import { askSocket } from '../socket/ask-socket.ts';
import type { UnboundConfig } from './config.ts';

/** What clients of the resolver get for a name. */
export type Sight = { readonly isBlocked: true } | { readonly isBlocked: false; readonly answer: string };

/** What is asked over one connection; ids are 16 bits. */
const MOST_QUESTIONS = 1_000;
/** An answer to a question without EDNS is at most so long over TCP; that of a local zone has some 50 bytes. */
const MOST_ANSWER_BYTES = 2 + 65_535;

const NXDOMAIN = 3;
const RCODES = ['NOERROR', 'FORMERR', 'SERVFAIL', 'NXDOMAIN', 'NOTIMP', 'REFUSED'];
const IS_ANSWER = 1 << 15;
const HEADER_BYTES = 12;

/** A question in its TCP frame (RFC 1035 §4.2.2). */
function toQuestion(name: string, id: number): Buffer {
  const question = encode({ type: 'query', id, flags: RECURSION_DESIRED, questions: [{ type: 'A', name }] });
  return Buffer.concat([Buffer.from([question.length >> 8, question.length & 0xff]), question]);
}

/** Takes frames apart as they come; each byte is looked at once. */
class Frames {
  readonly bodies: Buffer[] = [];
  end = 0;

  take(bytes: Buffer): void {
    while (bytes.length >= this.end + 2) {
      const next = this.end + 2 + bytes.readUInt16BE(this.end);
      if (next > bytes.length) return;
      this.bodies.push(bytes.subarray(this.end + 2, next));
      this.end = next;
    }
  }
}

/** Only a local zone answers that a name does not exist and calls that its own word (AA): a forwarded answer never is. */
function toSight(body: Buffer): Sight {
  const flags = body.readUInt16BE(2);
  const rcode = flags & 0xf;
  if (rcode === NXDOMAIN && (flags & AUTHORITATIVE_ANSWER) !== 0) return { isBlocked: true };
  return {
    isBlocked: false,
    answer: `${RCODES[rcode] ?? `rcode ${rcode}`}${rcode === NXDOMAIN ? ' from elsewhere' : ''}`,
  };
}

/** Answers come in any order; each repeats its question, which no stranger's does. */
function toSights(
  names: readonly string[],
  questions: readonly Buffer[],
  bodies: readonly Buffer[],
): Map<string, Sight> {
  const sights = new Map<string, Sight>();
  for (const body of bodies) {
    if (body.length < HEADER_BYTES) throw new Error('its answer is cut');
    const id = body.readUInt16BE(0);
    const [name, question] = [names[id], questions[id]?.subarray(2 + HEADER_BYTES)];
    const isItsAnswer = question && body.subarray(HEADER_BYTES, HEADER_BYTES + question.length).equals(question);
    if (name === undefined || !isItsAnswer || (body.readUInt16BE(2) & IS_ANSWER) === 0) {
      throw new Error('its answer is to no question of ours');
    }
    sights.set(name, toSight(body));
  }
  if (sights.size !== names.length) throw new Error('it answered one question twice');
  return sights;
}

async function probePart(at: UnboundConfig['probe'], names: readonly string[], signal: AbortSignal) {
  const questions = names.map(toQuestion);
  const frames = new Frames();
  const lengthOfAnswer = (bytes: Buffer): number | undefined => {
    frames.take(bytes);
    return frames.bodies.length < names.length ? undefined : frames.end;
  };
  const bytes = Buffer.concat(questions);
  const asked = await askSocket(
    at,
    { bytes, lengthOfAnswer, mostBytes: Math.max(names.length * 1_024, MOST_ANSWER_BYTES) },
    signal,
  );
  if (asked.kind !== 'answered') throw asked.error;
  return toSights(names, questions, frames.bodies);
}

/**
 * Asks for distinct names as a client of the resolver does, over TCP, which loses nothing of a thousand questions.
 * @throws {Error} with one sentence for the operator
 */
export async function probe(
  at: UnboundConfig['probe'],
  names: readonly string[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Sight>> {
  const sights = new Map<string, Sight>();
  for (let start = 0; start < names.length; start += MOST_QUESTIONS) {
    const part = await probePart(at, names.slice(start, start + MOST_QUESTIONS), signal).catch((error: Error) => {
      throw new Error(
        `No DNS answer from ${at.host} port ${at.port} over TCP (probe), so that no block is seen: ${toMessage(error.message)}.`,
      );
    });
    for (const [name, sight] of part) sights.set(name, sight);
  }
  return sights;
}
