import { randomInt } from 'node:crypto';
import { type Asked, askSocket, type Question } from '../socket/ask-socket.ts';
import { DnsFailure } from './answers.ts';
import type { Place, RpzConfig } from './config.ts';
import { AnswerCheck, sign, TsigError } from './tsig.ts';
import {
  type Found,
  HEADER_BYTES,
  idOf,
  OPCODE,
  type Outgoing,
  rcodeOf,
  readAnswers,
  TYPE,
  writeMessage,
} from './wire.ts';

/** 1,000 answers of 4 KB are more than any zone has. */
const MOST_ANSWER_BYTES = 4 * 1024 * 1024;
/** 100,000 domains with their marks. */
const MOST_ZONE_BYTES = 64 * 1024 * 1024;
/** Sent over one connection without waiting for answers. */
const MOST_AT_ONCE = 500;

const RCODES: Readonly<Record<number, string>> = {
  1: 'FORMERR',
  2: 'SERVFAIL',
  4: 'NOTIMP',
  5: 'REFUSED',
  9: 'NOTAUTH',
  10: 'NOTZONE',
};
/** Before anything else is looked at, the server says no to our access. */
const NO_ACCESS: ReadonlySet<number> = new Set([4, 5, 9, 10]);

const framed = (message: Buffer): Buffer => {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(message.length);
  return Buffer.concat([length, message]);
};

/** Cuts what has come into messages, each once; the rest waits. */
function createCutter(): (bytes: Buffer) => readonly Buffer[] {
  let at = 0;
  return (bytes) => {
    const messages: Buffer[] = [];
    while (at + 2 <= bytes.length && at + 2 + bytes.readUInt16BE(at) <= bytes.length) {
      const end = at + 2 + bytes.readUInt16BE(at);
      messages.push(bytes.subarray(at + 2, end));
      at = end;
    }
    return messages;
  };
}

export const placeText = ({ host, port }: Place): string =>
  host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;

const lost = (place: Place, why: string): DnsFailure =>
  new DnsFailure({ kind: 'lost', message: `The exchange with ${placeText(place)} broke off: ${why}.` });

function whole(asked: Asked, place: Place): Buffer {
  if (asked.kind === 'answered') return asked.bytes;
  const why = asked.error.message || String(asked.error.code);
  if (asked.kind === 'broken') throw lost(place, why);
  throw new DnsFailure({ kind: 'unsent', message: `Nothing was sent to ${placeText(place)}: ${why}.` });
}

/** What a code other than success says to the operator. */
function refusal(config: RpzConfig, rcode: number): DnsFailure {
  const name = RCODES[rcode] ?? `code ${rcode}`;
  const message = `${placeText(config.server)} answered ${name} for the zone ${config.zone}`;
  if (!NO_ACCESS.has(rcode)) return new DnsFailure({ kind: 'lost', message: `${message}.`, rcode });
  const advice = 'let the key read, transfer and update it (CNAME and TXT), and see that the server is its primary';
  return new DnsFailure({ kind: 'refused', message: `${message}: ${advice}.`, rcode, isOurs: true });
}

/** What does not come from the server's code, or is not ours to trust. */
function explained(config: RpzConfig, error: unknown, message: Buffer): DnsFailure {
  const place = placeText(config.server);
  if (!(error instanceof TsigError)) return lost(config.server, 'its answer is no whole DNS message');
  // A server that does not take a signature cannot sign its answer.
  const isUnsignedRefusal =
    message.length >= HEADER_BYTES && (message.readUInt8(2) & 0x80) !== 0 && NO_ACCESS.has(rcodeOf(message));
  if (error.whose === 'ours') {
    return new DnsFailure({
      kind: 'refused',
      message: `${place} does not take our key: ${error.message}.`,
      rcode: rcodeOf(message),
      isOurs: true,
    });
  }
  return isUnsignedRefusal ? refusal(config, rcodeOf(message)) : lost(config.server, error.message);
}

function checked<T>(config: RpzConfig, message: Buffer, check: () => T): T {
  try {
    return check();
  } catch (error) {
    throw explained(config, error, message);
  }
}

function untilAnswered(count: number): Question['lengthOfAnswer'] {
  const cut = createCutter();
  let missing = count;
  let length = 0;
  return (bytes) => {
    for (const message of cut(bytes)) {
      if (message.length < HEADER_BYTES) throw new Error('its answer is no DNS message');
      missing -= 1;
      length += 2 + message.length;
      // Who is not let in gets one answer, and the end of the connection.
      if (missing === 0 || NO_ACCESS.has(rcodeOf(message))) return length;
    }
    return undefined;
  };
}

/** One answer for each message, by their ids, over one connection. */
async function askTogether(
  place: Place,
  messages: readonly Buffer[],
  signal: AbortSignal,
): Promise<Map<number, Buffer>> {
  const bytes = Buffer.concat(messages.map(framed));
  const question = { bytes, lengthOfAnswer: untilAnswered(messages.length), mostBytes: MOST_ANSWER_BYTES };
  const answer = whole(await askSocket(place, question, signal), place);
  return new Map(createCutter()(answer).map((message) => [idOf(message), message]));
}

function numbered(messages: readonly Outgoing[]): readonly Buffer[] {
  const first = randomInt(0x10000);
  return messages.map((message, index) => writeMessage((first + index) & 0xffff, message));
}

const slices = <T>(items: readonly T[]): readonly (readonly T[])[] =>
  Array.from({ length: Math.ceil(items.length / MOST_AT_ONCE) }, (_, index) =>
    items.slice(index * MOST_AT_ONCE, (index + 1) * MOST_AT_ONCE),
  );

async function inSlices<T>(
  messages: readonly Outgoing[],
  ask: (slice: readonly Outgoing[]) => Promise<readonly T[]>,
): Promise<readonly T[]> {
  const answers: T[] = [];
  for (const slice of slices(messages)) answers.push(...(await ask(slice)));
  return answers;
}

interface Sent {
  readonly id: number;
  /** Of the request; undefined where nothing is signed. */
  readonly mac?: Buffer;
}

/** Who is not let in got one answer for all. */
function inOrder(
  sent: readonly Sent[],
  answers: Map<number, Buffer>,
  place: Place,
  refuses: (one: Sent, answer: Buffer) => void,
): readonly Buffer[] {
  const order = [...sent].sort((one, other) => Number(answers.has(other.id)) - Number(answers.has(one.id)));
  for (const one of order) {
    const answer = answers.get(one.id);
    if (!answer || (answer.readUInt8(2) & 0x80) === 0) throw lost(place, 'an answer is missing');
    refuses(one, answer);
  }
  return sent.map(({ id }) => answers.get(id) ?? Buffer.alloc(HEADER_BYTES));
}

/** What the primary says to each, its signature checked. Any code may come. @throws {DnsFailure} */
export function askPrimary(
  config: RpzConfig,
  messages: readonly Outgoing[],
  signal: AbortSignal,
): Promise<readonly Buffer[]> {
  return inSlices(messages, async (slice) => {
    const signed = numbered(slice).map((message) => ({ id: idOf(message), ...sign(message, config.key, new Date()) }));
    const bytes = signed.map((each) => each.bytes);
    const answers = await askTogether(config.server, bytes, signal);
    return inOrder(signed, answers, config.server, ({ mac = Buffer.alloc(0) }, answer) => {
      checked(config, answer, () => new AnswerCheck(config.key, mac, () => new Date()).take(answer));
      if (NO_ACCESS.has(rcodeOf(answer))) throw refusal(config, rcodeOf(answer));
    });
  });
}

/** What one resolver says to each, as it would to a client. @throws {DnsFailure} */
export function askResolver(
  place: Place,
  messages: readonly Outgoing[],
  signal: AbortSignal,
): Promise<readonly Buffer[]> {
  return inSlices(messages, async (slice) => {
    const questions = numbered(slice);
    const answers = await askTogether(place, questions, signal);
    const sent = questions.map((question) => ({ id: idOf(question) }));
    return inOrder(sent, answers, place, (_, answer) => {
      const rcode = rcodeOf(answer);
      if (!NO_ACCESS.has(rcode)) return;
      const message = `${placeText(place)} answers our probe with ${RCODES[rcode]}: set probe to resolvers that use the zone, and let this host ask them.`;
      throw new DnsFailure({ kind: 'refused', message, isOurs: true });
    });
  });
}

/** Reads all answers of a message. @throws {DnsFailure} */
export function answersIn(config: RpzConfig, message: Buffer): readonly Found[] {
  const rcode = rcodeOf(message);
  if (rcode !== 0 && rcode !== 3) throw refusal(config, rcode);
  return checked(config, message, () => readAnswers(message));
}

/** Ends with the SOA that it began with. @see https://www.rfc-editor.org/rfc/rfc5936 */
function createTransfer(config: RpzConfig, id: number, check: AnswerCheck) {
  const records: Found[] = [];
  const cut = createCutter();
  let soas = 0;
  const take = (message: Buffer): void => {
    checked(config, message, () => {
      if (message.length < HEADER_BYTES || idOf(message) !== id) throw new Error('no answer to our question');
      check.take(message);
    });
    if (rcodeOf(message) !== 0) throw refusal(config, rcodeOf(message));
    const found = answersIn(config, message);
    soas += found.filter(({ type }) => type === 'SOA').length;
    records.push(...found);
    if (records[0]?.type !== 'SOA') throw lost(config.server, 'the zone does not begin with its SOA');
  };
  const lengthOfAnswer: Question['lengthOfAnswer'] = (bytes) => {
    for (const message of cut(bytes)) take(message);
    return soas >= 2 && check.isClosed ? bytes.length : undefined;
  };
  return { records, lengthOfAnswer };
}

/** The whole zone as it is. @throws {DnsFailure} */
export async function readZone(config: RpzConfig, signal: AbortSignal): Promise<readonly Found[]> {
  const [message = Buffer.alloc(0)] = numbered([
    { opcode: OPCODE.query, question: { name: config.zone, type: TYPE.AXFR } },
  ]);
  const { bytes, mac } = sign(message, config.key, new Date());
  const check = new AnswerCheck(config.key, mac, () => new Date());
  const { records, lengthOfAnswer } = createTransfer(config, idOf(bytes), check);
  const question = { bytes: framed(bytes), lengthOfAnswer, mostBytes: MOST_ZONE_BYTES };
  const asked = await askSocket(config.server, question, signal);
  if (asked.kind === 'broken' && asked.error instanceof DnsFailure) throw asked.error;
  whole(asked, config.server);
  return records;
}
