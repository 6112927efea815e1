import { stat } from 'node:fs/promises';
import { toMessage } from '../http/message.ts';
import { askSocket } from './ask-socket.ts';

/** A product that takes one command a connection, as text, over a socket of this machine. */
export interface CommandSocket {
  readonly path: string;
  /** As in `Unbound`. */
  readonly product: string;
  /** The setting of the product that names the socket. */
  readonly setting: string;
}

/** Why there is no answer to a command. The message is a sentence for the operator. */
export class CommandFailure extends Error {
  /** Some of the command may have arrived. */
  readonly isSent: boolean;
  readonly fault: 'ours' | undefined;

  constructor(message: string, isSent: boolean, fault?: 'ours') {
    super(message);
    this.isSent = isSent;
    this.fault = fault;
  }
}

const isSocket = (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isSocket(),
    () => true,
  );

async function unsent(socket: CommandSocket, error: NodeJS.ErrnoException): Promise<CommandFailure> {
  const { path, product, setting } = socket;
  const ours = (message: string): CommandFailure => new CommandFailure(message, false, 'ours');
  const code: string = error.code ?? '';
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return ours(`There is no socket ${path}: is ${product} running, and is this its ${setting}?`);
    case 'EACCES':
    case 'EPERM':
      return ours(`The server may not use the socket ${path}: put its user into the socket's group.`);
    case 'ECONNREFUSED':
      if (!(await isSocket(path))) return ours(`${path} is no socket: name the ${setting} of ${product}.`);
      return new CommandFailure(`Nobody listens at ${path}: is ${product} running?`, false);
    default:
      return new CommandFailure(`${product} was not reached at ${path}: ${toMessage(error.message)}.`, false);
  }
}

/** The answer, which ends with the connection. @throws {CommandFailure} */
export async function askCommand(
  socket: CommandSocket,
  text: string,
  signal: AbortSignal,
  mostBytes?: number,
): Promise<string> {
  const question = { bytes: Buffer.from(text), endsWithConnection: true, ...(mostBytes && { mostBytes }) };
  const asked = await askSocket({ path: socket.path }, question, signal);
  if (asked.kind === 'answered') return asked.bytes.toString('latin1');
  if (asked.kind === 'unsent') throw await unsent(socket, asked.error);
  throw new CommandFailure(`${socket.product} gave no whole answer: ${toMessage(asked.error.message)}.`, true);
}
