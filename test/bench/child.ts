import { type ChildProcess, spawn } from 'node:child_process';
import path from 'node:path';
import { clearAwayLater } from './clear-away.ts';

/** A process of the bench's own that is asked one thing after the other. */
export interface Child {
  readonly pid: number;
  /** What it said first. */
  readonly greeting: unknown;
  /** @throws {Error} with what went wrong there */
  ask(order: object): Promise<unknown>;
  end(): Promise<void>;
}

interface Message {
  readonly result?: unknown;
  readonly error?: string;
}

const nextMessage = (child: ChildProcess): Promise<unknown> =>
  new Promise((resolve, reject) => {
    const onExit = (code: number | null): void => reject(new Error(`A process of the bench ended with ${code}.`));
    child.once('exit', onExit);
    child.once('message', (message) => {
      child.off('exit', onExit);
      resolve(message);
    });
  });

function endOf(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) {
      resolve();
      return;
    }
    child.once('exit', () => resolve());
    child.kill('SIGKILL');
  });
}

/** Starts a program of this folder; `enter` puts it into a network namespace. It ends with this process. */
export async function startChild(
  program: string,
  args: readonly string[] = [],
  enter: readonly string[] = [],
): Promise<Child> {
  const file = path.join(import.meta.dirname, program);
  const [command = '', ...rest] = [...enter, process.execPath, '--conditions=source', file, ...args];
  const child = spawn(command, rest, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const end = clearAwayLater(() => endOf(child));
  const greeting = await nextMessage(child);
  return {
    pid: child.pid ?? 0,
    greeting,
    end,
    ask: async (order) => {
      const answer = nextMessage(child);
      child.send(order);
      const { result, error } = (await answer) as Message;
      if (error !== undefined) throw new Error(error);
      return result;
    },
  };
}
