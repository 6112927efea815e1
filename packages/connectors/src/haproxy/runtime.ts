import { toMessage } from '../http/message.ts';
import { type Asked, askSocket } from '../socket/ask-socket.ts';
import type { Entry } from './translate.ts';

/** Why HAProxy did not do it. `ours`: our access or configuration. `lost`: what it did is not known. */
export class RuntimeError extends Error {
  override readonly name = 'RuntimeError';
  readonly kind: 'unsent' | 'ours' | 'refused' | 'lost';

  constructor(kind: RuntimeError['kind'], message: string) {
    super(message);
    this.kind = kind;
  }
}

/** One entry of a map as HAProxy has it now. `ref` tells two of one key apart. */
export interface Listed {
  readonly ref: string;
  readonly key: string;
  readonly value: string;
}

/** Some 200,000 entries. */
const MOST_BYTES = 24 * 1024 * 1024;
/** A command and its payload lie in one buffer of HAProxy, by default of 16 KB. */
const MOST_PAYLOAD = 12 * 1024;
const DELETES_AT_ONCE = 100;

function failed(socket: string, { kind, error }: Exclude<Asked, { kind: 'answered' }>): RuntimeError {
  if (kind === 'broken') return new RuntimeError('lost', `HAProxy's answer did not come whole: ${error.message}.`);
  const { code = '' } = error;
  if (code === 'EACCES') {
    const words = `The socket ${socket} may not be opened: give the server's user the group of its mode 660.`;
    return new RuntimeError('ours', words);
  }
  if (code === 'ENOENT' || code === 'ENOTSOCK')
    return new RuntimeError(
      'ours',
      `There is no socket ${socket}: is HAProxy running, and is that its "stats socket"?`,
    );
  return new RuntimeError('unsent', `HAProxy cannot be reached at ${socket}: ${error.message}.`);
}

/** HAProxy ends the connection behind its answer. */
async function ask(socket: string, command: string, signal: AbortSignal): Promise<string> {
  const question = {
    bytes: Buffer.from(command, 'latin1'),
    endsWithConnection: true,
    mostBytes: MOST_BYTES,
  };
  const asked = await askSocket({ path: socket }, question, signal);
  if (asked.kind !== 'answered') throw failed(socket, asked);
  return asked.bytes.toString('latin1');
}

const OURS: readonly (readonly [RegExp, string])[] = [
  [/^Unknown map identifier/, 'HAProxy has no such map: its configuration must name the file, with exactly this path.'],
  [/^Permission denied/, 'The socket does not allow it: give "stats socket" a higher level.'],
];
const REFUSED = /is not a valid IPv4 or IPv6 address|^unable to |^Data too big|^Out of memory/i;

/** What HAProxy said in place of doing it. */
function toError(text: string): RuntimeError {
  const [line = ''] = text.trim().split('\n');
  const ours = OURS.find(([form]) => form.test(line));
  if (ours) return new RuntimeError('ours', ours[1]);
  if (REFUSED.test(line)) return new RuntimeError('refused', `HAProxy refused: ${toMessage(line)}`);
  return new RuntimeError(
    'lost',
    `HAProxy answered what means nothing: ${toMessage(line).slice(0, 160) || 'nothing at all'}.`,
  );
}

const LINE = /^(0x[0-9a-f]+) (\S+) (.*)$/;
/** Behind the map its version is asked for: without that the answer is not whole. */
const WHOLE = /^([\s\S]*?)\n\d+\.\d+\S*\n\n$/;

/** All entries of a map. @throws {RuntimeError} */
export async function showMap(socket: string, file: string, signal: AbortSignal): Promise<readonly Listed[]> {
  const text = await ask(socket, `show map ${file};show version\n`, signal);
  const [, body] = WHOLE.exec(text) ?? [];
  if (body === undefined) throw toError(text);
  const lines = body.split('\n').filter((line) => line !== '');
  return lines.map((line) => {
    const [, ref, key, value] = LINE.exec(line) ?? [];
    if (ref === undefined || key === undefined || value === undefined) throw toError(line);
    return { ref, key, value };
  });
}

function* inPayloads(entries: readonly Entry[]): Generator<string> {
  let payload = '';
  for (const { key, value } of entries) {
    if (payload.length + key.length + value.length > MOST_PAYLOAD) {
      yield payload;
      payload = '';
    }
    payload += `${key} ${value}\n`;
  }
  if (payload !== '') yield payload;
}

/** Adds entries of one map. Success is an empty line. @param onSome some were added @throws {RuntimeError} */
export async function addAll(
  socket: string,
  file: string,
  entries: readonly Entry[],
  signal: AbortSignal,
  onSome: () => void,
): Promise<void> {
  for (const payload of inPayloads(entries)) {
    const text = await ask(socket, `add map ${file} <<\n${payload}\n`, signal);
    if (text !== '\n') throw toError(text);
    onSome();
  }
}

/** Takes entries out by what tells them apart: never another one of the same key. @throws {RuntimeError} */
export async function deleteAll(
  socket: string,
  file: string,
  refs: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  for (let start = 0; start < refs.length; start += DELETES_AT_ONCE) {
    const commands = refs.slice(start, start + DELETES_AT_ONCE).map((ref) => `del map ${file} #${ref}`);
    const text = await ask(socket, `${commands.join(';')}\n`, signal);
    const lines = text.split('\n');
    const wrong = lines.find((line) => line !== '' && line !== 'Key not found.');
    // Each command is answered with a line end at least.
    if (wrong !== undefined || lines.length <= commands.length) throw toError(wrong ?? '');
  }
}
