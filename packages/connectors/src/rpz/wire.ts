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

/** @throws {RangeError} where no message can carry it */
function labelsOf(name: string): readonly string[] {
  const labels = name === '' ? [] : name.split('.');
  const isLegal = labels.every(({ length }) => length > 0 && length < 64) && name.length <= MOST_NAME;
  if (!isLegal) throw new RangeError('A name that no DNS message can carry was to be sent.');
  return labels;
}

/** A name in wire form, not compressed. @throws {RangeError} where it has none */
export function wireName(name: string): Buffer {
  const labels = labelsOf(name);
  const bytes = Buffer.alloc(name === '' ? 1 : name.length + 2);
  let at = 0;
  for (const label of labels) {
    at = bytes.writeUInt8(label.length, at);
    at += bytes.write(label, at, 'latin1');
  }
  return bytes;
}

/** Character strings, each of at most 255 bytes of ASCII. */
export const wireText = (strings: readonly string[]): Buffer =>
  Buffer.concat(strings.flatMap((text) => [Buffer.from([text.length]), Buffer.from(text, 'latin1')]));

/** A message as it grows. */
class Writer {
  #bytes = Buffer.allocUnsafe(512);
  #length = 0;
  readonly #known = new Map<string, number>();

  numbers(...numbers: readonly number[]): void {
    this.#makeRoom(numbers.length * 2);
    for (const number of numbers) this.#length = this.#bytes.writeUInt16BE(number, this.#length);
  }

  data(data: Buffer): void {
    this.#makeRoom(data.length);
    this.#length += data.copy(this.#bytes, this.#length);
  }

  /** Points at what was written before: a batch names one zone a thousand times. */
  name(name: string): void {
    let rest = name;
    this.#makeRoom(MOST_NAME + 2);
    for (const label of labelsOf(name)) {
      const pointer = this.#known.get(rest);
      if (pointer !== undefined) {
        this.numbers(0xc000 | pointer);
        return;
      }
      if (this.#length <= MOST_OFFSET) this.#known.set(rest, this.#length);
      this.#length = this.#bytes.writeUInt8(label.length, this.#length);
      this.#length += this.#bytes.write(label, this.#length, 'latin1');
      rest = rest.slice(label.length + 1);
    }
    this.#length = this.#bytes.writeUInt8(0, this.#length);
  }

  written(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  #makeRoom(more: number): void {
    if (this.#length + more <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafe(2 * (this.#length + more));
    this.#bytes.copy(grown, 0, 0, this.#length);
    this.#bytes = grown;
  }
}

/** @throws {RangeError} where a name is illegal */
export function writeMessage(id: number, message: Outgoing): Buffer {
  const { opcode, question, prerequisites = [], updates = [] } = message;
  const flags = (opcode << 11) | (message.isRecursionDesired ? 0x100 : 0);
  const writer = new Writer();
  writer.numbers(id, flags, 1, prerequisites.length, updates.length, 0);
  writer.name(question.name);
  writer.numbers(question.type, CLASS.IN);
  for (const rr of [...prerequisites, ...updates]) {
    writer.name(rr.name);
    writer.numbers(rr.type, rr.class, rr.ttl >>> 16, rr.ttl & 0xffff, rr.data.length);
    writer.data(rr.data);
  }
  return writer.written();
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
