import { decode } from 'dns-packet';

/** @see https://www.iana.org/assignments/dns-parameters */
export const TYPE = { A: 1, CNAME: 5, SOA: 6, TXT: 16, TSIG: 250, AXFR: 252, ANY: 255 } as const;
export const CLASS = { IN: 1, NONE: 254, ANY: 255 } as const;
export const OPCODE = { query: 0, update: 5 } as const;

/** One resource record of an UPDATE; what its class means there says RFC 2136 §2.4 and §2.5. */
export interface Rr {
  /** Without the trailing dot, of labels without dots: checked by whoever made it. */
  readonly name: string;
  readonly type: number;
  readonly class: number;
  readonly ttl: number;
  readonly data: Buffer;
}

export interface Outgoing {
  readonly opcode: number;
  readonly isRecursionDesired?: boolean;
  readonly question: { readonly name: string; readonly type: number };
  readonly prerequisites?: readonly Rr[];
  readonly updates?: readonly Rr[];
}

export const HEADER_BYTES = 12;
/** No pointer reaches farther. */
const MOST_OFFSET = 0x3fff;
const MOST_NAME = 253;

/** A name in wire form, not compressed. @throws {RangeError} where it has none */
export function wireName(name: string): Buffer {
  if (name === '') return Buffer.from([0]);
  const labels = name.split('.').map((label) => Buffer.from(label, 'latin1'));
  const isLegal = labels.every(({ length }) => length > 0 && length < 64) && name.length <= MOST_NAME;
  if (!isLegal) throw new RangeError('A name that no DNS message can carry was to be sent.');
  return Buffer.concat([...labels.flatMap((label) => [Buffer.from([label.length]), label]), Buffer.from([0])]);
}

/** Character strings, each of at most 255 bytes of ASCII. */
export const wireText = (strings: readonly string[]): Buffer =>
  Buffer.concat(strings.flatMap((text) => [Buffer.from([text.length]), Buffer.from(text, 'latin1')]));

const twoBytes = (...numbers: readonly number[]): Buffer => {
  const bytes = Buffer.alloc(numbers.length * 2);
  for (const [index, number] of numbers.entries()) bytes.writeUInt16BE(number, index * 2);
  return bytes;
};

/** Points at what was written before: a batch names one zone a thousand times. */
function compressed(name: string, offset: number, known: Map<string, number>): Buffer {
  const parts: Buffer[] = [];
  let at = offset;
  for (let rest = name; rest !== ''; ) {
    const pointer = known.get(rest);
    if (pointer !== undefined) return Buffer.concat([...parts, twoBytes(0xc000 | pointer)]);
    if (at <= MOST_OFFSET) known.set(rest, at);
    const [label = ''] = rest.split('.', 1);
    parts.push(Buffer.from([label.length]), Buffer.from(label, 'latin1'));
    at += label.length + 1;
    rest = rest.slice(label.length + 1);
  }
  return Buffer.concat([...parts, Buffer.from([0])]);
}

/** @throws {RangeError} where a name is illegal */
export function writeMessage(id: number, message: Outgoing): Buffer {
  const { opcode, question, prerequisites = [], updates = [] } = message;
  const flags = (opcode << 11) | (message.isRecursionDesired ? 0x100 : 0);
  const chunks = [twoBytes(id, flags, 1, prerequisites.length, updates.length, 0)];
  const known = new Map<string, number>();
  let length = HEADER_BYTES;
  const push = (bytes: Buffer): void => {
    chunks.push(bytes);
    length += bytes.length;
  };
  const pushName = (name: string): void => {
    wireName(name);
    push(compressed(name, length, known));
  };
  pushName(question.name);
  push(twoBytes(question.type, CLASS.IN));
  for (const rr of [...prerequisites, ...updates]) {
    pushName(rr.name);
    push(twoBytes(rr.type, rr.class, rr.ttl >>> 16, rr.ttl & 0xffff, rr.data.length));
    push(rr.data);
  }
  return Buffer.concat(chunks);
}

export const idOf = (message: Buffer): number => message.readUInt16BE(0);
export const rcodeOf = (message: Buffer): number => message.readUInt8(3) & 15;

function afterName(message: Buffer, start: number): number {
  let at = start;
  for (;;) {
    const length = message.readUInt8(at);
    if (length >= 0xc0) return at + 2;
    at += length + 1;
    if (length === 0) return at;
  }
}

/** Where the last record begins, if it is a TSIG. @throws {RangeError} where the message is cut */
export function findTsig(message: Buffer): number | undefined {
  const count = (index: number): number => message.readUInt16BE(4 + index * 2);
  let at = HEADER_BYTES;
  for (let left = count(0); left > 0; left -= 1) at = afterName(message, at) + 4;
  let last = 0;
  let type = 0;
  for (let left = count(1) + count(2) + count(3); left > 0; left -= 1) {
    last = at;
    const fixed = afterName(message, at);
    type = message.readUInt16BE(fixed);
    at = fixed + 10 + message.readUInt16BE(fixed + 8);
  }
  if (at !== message.length) throw new RangeError('The message does not end where it says.');
  return type === TYPE.TSIG && count(3) > 0 ? last : undefined;
}

/** What a record says, in the words of this connector: names in lower case, a TXT as its strings. */
export interface Found {
  readonly name: string;
  readonly type: string;
  readonly cname?: string;
  readonly strings?: readonly string[];
}

/** The answer section. @throws {Error} where it cannot be read */
export function readAnswers(message: Buffer): readonly Found[] {
  return (decode(message).answers ?? []).map((record) => {
    const found = { name: record.name.toLowerCase(), type: record.type };
    if (record.type === 'CNAME') return { ...found, cname: record.data.toLowerCase() };
    if (record.type !== 'TXT') return found;
    return { ...found, strings: [record.data].flat().map((text) => text.toString('latin1')) };
  });
}
