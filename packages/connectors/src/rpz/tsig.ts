import { createHmac, type KeyObject, timingSafeEqual } from 'node:crypto';
import { CLASS, findTsig, idOf, rcodeOf, TYPE, wireName } from './wire.ts';

export const ALGORITHMS = ['hmac-sha256', 'hmac-sha512'] as const;
export type Algorithm = (typeof ALGORITHMS)[number];

export interface TsigKey {
  readonly name: string;
  readonly algorithm: Algorithm;
  readonly secret: KeyObject;
}

/** How far two clocks may be apart, and so for how long what was sent is taken, in seconds. */
export const FUDGE_SECONDS = 60;

const NO_ERROR = 0;
const ERRORS: Readonly<Record<number, string>> = { 16: 'BADSIG', 17: 'BADKEY', 18: 'BADTIME', 22: 'BADTRUNC' };

/** What a signature adds, as far as it is told from the record. */
interface Tsig {
  readonly name: string;
  readonly algorithm: Buffer;
  readonly seconds: number;
  readonly fudge: number;
  readonly mac: Buffer;
  readonly originalId: number;
  readonly error: number;
  readonly other: Buffer;
}

/** What a server says of our signature, or what is wrong with its own. */
export class TsigError extends Error {
  /** `ours`: the server says that our key, its secret or our clock does not suit. `theirs`: its answer is not to be trusted. */
  readonly whose: 'ours' | 'theirs';

  constructor(whose: 'ours' | 'theirs', message: string) {
    super(message);
    this.whose = whose;
  }
}

const number = (value: number, bytes: number): Buffer => {
  const buffer = Buffer.alloc(bytes);
  buffer.writeUIntBE(value, 0, bytes);
  return buffer;
};

const withLength = (bytes: Buffer): Buffer => Buffer.concat([number(bytes.length, 2), bytes]);
const timers = ({ seconds, fudge }: Pick<Tsig, 'seconds' | 'fudge'>): Buffer =>
  Buffer.concat([number(seconds, 6), number(fudge, 2)]);

const variables = (key: TsigKey, tsig: Pick<Tsig, 'seconds' | 'fudge' | 'error' | 'other'>): Buffer =>
  Buffer.concat([
    wireName(key.name),
    number(CLASS.ANY, 2),
    number(0, 4),
    wireName(key.algorithm),
    timers(tsig),
    number(tsig.error, 2),
    withLength(tsig.other),
  ]);

const macOf = (key: TsigKey, parts: readonly Buffer[]): Buffer =>
  createHmac(key.algorithm.slice('hmac-'.length), key.secret).update(Buffer.concat(parts)).digest();

export interface Signed {
  readonly bytes: Buffer;
  readonly mac: Buffer;
}

/** @see https://www.rfc-editor.org/rfc/rfc8945 §4 */
export function sign(message: Buffer, key: TsigKey, now: Date): Signed {
  const tsig = {
    seconds: Math.floor(now.getTime() / 1_000),
    fudge: FUDGE_SECONDS,
    error: NO_ERROR,
    other: Buffer.alloc(0),
  };
  const mac = macOf(key, [message, variables(key, tsig)]);
  const data = Buffer.concat([
    wireName(key.algorithm),
    timers(tsig),
    withLength(mac),
    number(idOf(message), 2),
    number(NO_ERROR, 2),
    withLength(tsig.other),
  ]);
  const record = [wireName(key.name), number(TYPE.TSIG, 2), number(CLASS.ANY, 2), number(0, 4), withLength(data)];
  const bytes = Buffer.concat([message, ...record]);
  bytes.writeUInt16BE(1, 10);
  return { bytes, mac };
}

/** Not compressed in either name: RFC 8945 §4.2. @throws {RangeError} where it is cut */
function readTsig(message: Buffer, start: number): Tsig {
  let at = start;
  const take = (length: number): Buffer => {
    if (at + length > message.length) throw new RangeError('The signature is cut.');
    at += length;
    return message.subarray(at - length, at);
  };
  const takeNumber = (bytes: number): number => take(bytes).readUIntBE(0, bytes);
  const takeName = (): Buffer => {
    const from = at;
    for (let length = takeNumber(1); length > 0; length = takeNumber(1)) take(length);
    return message.subarray(from, at);
  };
  const name = takeName().toString('latin1').toLowerCase();
  take(10);
  return {
    name,
    algorithm: takeName(),
    seconds: takeNumber(6),
    fudge: takeNumber(2),
    mac: take(takeNumber(2)),
    originalId: takeNumber(2),
    error: takeNumber(2),
    other: take(takeNumber(2)),
  };
}

const SAID: Readonly<Record<string, string>> = {
  BADSIG: 'it has another secret for our key (BADSIG): compare `secret` and `algorithm`',
  BADKEY: 'it does not know our key (BADKEY): compare `keyName` and `algorithm`',
  BADTIME: `its clock and ours are more than ${FUDGE_SECONDS} seconds apart (BADTIME)`,
};

function checkSaid(tsig: Tsig): void {
  if (tsig.error === NO_ERROR) return;
  const name = ERRORS[tsig.error] ?? `TSIG error ${tsig.error}`;
  throw new TsigError('ours', SAID[name] ?? `it does not take our signature (${name})`);
}

const isSame = (one: Buffer, other: Buffer): boolean => one.length === other.length && timingSafeEqual(one, other);

/** Checks the messages of one answer in their order. @see https://www.rfc-editor.org/rfc/rfc8945 §5.3 */
export class AnswerCheck {
  readonly #key: TsigKey;
  readonly #now: () => Date;
  #prior: Buffer;
  #unsigned: Buffer[] = [];
  #isFirst = true;

  constructor(key: TsigKey, requestMac: Buffer, now: () => Date) {
    this.#key = key;
    this.#now = now;
    this.#prior = requestMac;
  }

  /** Whether the last message that came was signed itself. */
  get isClosed(): boolean {
    return this.#unsigned.length === 0;
  }

  /** @throws {TsigError} also where the first message has no signature @throws {RangeError} where it cannot be read */
  take(message: Buffer): void {
    const start = findTsig(message);
    if (start === undefined) {
      if (this.#isFirst) throw new TsigError('theirs', `its answer is not signed (code ${rcodeOf(message)})`);
      this.#unsigned.push(message);
      return;
    }
    const tsig = readTsig(message, start);
    if (tsig.mac.length === 0) checkSaid(tsig);
    this.#checkMac(message.subarray(0, start), tsig);
    checkSaid(tsig);
    const apart = Math.abs(this.#now().getTime() / 1_000 - tsig.seconds);
    if (apart > tsig.fudge + 1)
      throw new TsigError('ours', `its clock and ours are ${Math.round(apart)} seconds apart`);
    this.#prior = Buffer.from(tsig.mac);
    this.#unsigned = [];
    this.#isFirst = false;
  }

  #checkMac(unsigned: Buffer, tsig: Tsig): void {
    const body = Buffer.from(unsigned);
    body.writeUInt16BE(tsig.originalId, 0);
    body.writeUInt16BE(body.readUInt16BE(10) - 1, 10);
    const signedToo = this.#isFirst ? variables(this.#key, tsig) : timers(tsig);
    const mac = macOf(this.#key, [withLength(this.#prior), ...this.#unsigned, body, signedToo]);
    const isOurKey = tsig.name === wireName(this.#key.name).toString('latin1');
    const isOurAlgorithm =
      tsig.algorithm.toString('latin1').toLowerCase() === wireName(this.#key.algorithm).toString('latin1');
    if (!isOurKey || !isOurAlgorithm || !isSame(mac, tsig.mac)) {
      throw new TsigError('theirs', 'the signature of its answer is wrong');
    }
  }
}
