import { toMessage } from '../http/message.ts';
import { askSocket } from '../socket/ask-socket.ts';
import type { Generation } from './signature-file.ts';

/** Why clamd, or the folder, did not do what was asked. */
export class ClamavError extends Error {
  /** `unsent`: certainly nothing came to clamd. `refused`: it said no, in words. `lost`: there was no clear answer. */
  readonly kind: 'unsent' | 'refused' | 'lost';
  readonly isOurs: boolean;

  constructor(kind: ClamavError['kind'], message: string, isOurs = false) {
    super(toMessage(message));
    this.kind = kind;
    this.isOurs = isOurs;
  }
}

const CONNECT: Readonly<Record<string, string>> = {
  ENOENT: "is not there: is clamd running, and is this clamd's LocalSocket?",
  ECONNREFUSED: 'is there, but nobody listens: is clamd running?',
  EACCES: "may not be used by the server: add its user to clamd's LocalSocketGroup.",
  EPERM: "may not be used by the server: add its user to clamd's LocalSocketGroup.",
  ENOTSOCK: "is no socket: give clamd's LocalSocket.",
  ENOTDIR: 'cannot be: a part of the path is a file.',
};
const OURS = ['EACCES', 'EPERM', 'ENOTSOCK', 'ENOTDIR'];

/** clamd ends each of its answers to a z-command with a zero byte. */
const lengthOfAnswer = (bytes: Buffer): number | undefined => {
  const end = bytes.indexOf(0);
  return end === -1 ? undefined : end + 1;
};

/** @throws {ClamavError} */
async function ask(socket: string, bytes: Buffer, signal: AbortSignal): Promise<string> {
  const asked = await askSocket({ path: socket }, { bytes, lengthOfAnswer, mostBytes: 4096 }, signal);
  if (asked.kind === 'broken') throw new ClamavError('lost', `clamd gave no answer: ${asked.error.message}.`);
  if (asked.kind === 'unsent') {
    const { code = '', message } = asked.error;
    throw new ClamavError(
      'unsent',
      `The socket ${socket} ${CONNECT[code] ?? `failed: ${message}.`}`,
      OURS.includes(code),
    );
  }
  return asked.bytes.subarray(0, -1).toString('utf8');
}

/** What clamd says where it cannot or may not. */
function unexpected(answer: string): ClamavError {
  const words = answer.replace(/ ?ERROR$/, '');
  if (answer.endsWith('ERROR') || /^(UNKNOWN COMMAND|COMMAND UNAVAILABLE)/.test(answer)) {
    return new ClamavError('refused', `clamd refused: ${words}`);
  }
  return new ClamavError('lost', 'clamd gave an answer that clamd does not give: is it clamd that listens there?');
}

/** @throws {ClamavError} where clamd does not serve */
export async function ping(socket: string, signal: AbortSignal): Promise<void> {
  const answer = await ask(socket, Buffer.from('zPING\0'), signal);
  if (answer !== 'PONG') throw unexpected(answer);
}

/** Asks it to read its folder again. It says yes before it reads, and forgets who asks while it reads. */
export async function askReload(socket: string, signal: AbortSignal): Promise<void> {
  const answer = await ask(socket, Buffer.from('zRELOAD\0'), signal);
  if (answer !== 'RELOADING') throw unexpected(answer);
}

/** Whether the loaded list is of this generation. @throws {ClamavError} */
export async function hasLoaded(socket: string, { text, name }: Generation, signal: AbortSignal): Promise<boolean> {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(text.length);
  const bytes = Buffer.concat([Buffer.from('zINSTREAM\0'), length, Buffer.from(text), Buffer.alloc(4)]);
  const answer = await ask(socket, bytes, signal);
  if (answer === 'stream: OK') return false;
  if (answer === `stream: ${name}.UNOFFICIAL FOUND`) return true;
  throw unexpected(answer);
}
