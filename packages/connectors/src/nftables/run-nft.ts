import { type ChildProcess, spawn } from 'node:child_process';
import { programFolders } from './find-program.ts';

/** How one run of nft ended. */
export type NftRun =
  | { readonly kind: 'exited'; readonly code: number | null; readonly stdout: string; readonly stderr: string }
  /** It never ran: the installation is to blame, or nobody waited any more. */
  | { readonly kind: 'notStarted' | 'givenUp'; readonly message: string }
  /** It was ended before it had answered: what it was told may be in force all the same. */
  | { readonly kind: 'killed'; readonly message: string };

export interface NftOrder {
  /** A name or an absolute path. */
  readonly nft: string;
  readonly args: readonly string[];
  /** Those who wait: the run ends when all have left, or {@link LINGER_MS} after the first. */
  readonly signals: readonly AbortSignal[];
  /** Ends the run at once. */
  readonly closing: AbortSignal;
  readonly maxBytes: number;
}

/** One caller that gives up does not cost the others their answer, but none waits for long in its place. */
export const LINGER_MS = 1_000;

/** A process that a signal does not end: nothing more is waited for. */
export const UNKILLABLE_MS = 500;

/** Messages in English, since they are read; and nothing of the server's own environment. */
export function nftEnvironment(): NodeJS.ProcessEnv {
  return { PATH: programFolders().join(':'), LC_ALL: 'C' };
}

/** The whole group: `nft` may be a script of the administrator. */
export function kill(child: ChildProcess): void {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
  } catch {
    child.kill('SIGKILL');
  }
}

function notStarted(nft: string, error: NodeJS.ErrnoException): NftRun {
  const why =
    error.code === 'ENOENT'
      ? `The program ${nft} was not found: install the package nftables.`
      : `The program ${nft} cannot be started (${error.code}).`;
  return { kind: 'notStarted', message: why };
}

/** Calls `end` once all signals have aborted, or a while after the first; the answer takes the ears off. */
export function whenLeft({ signals, closing }: Omit<NftOrder, 'args'>, end: () => void): () => void {
  let left = 0;
  let timer: NodeJS.Timeout | undefined;
  const leave = (): void => {
    left += 1;
    if (left === signals.length) end();
    else timer ??= setTimeout(end, LINGER_MS);
  };
  closing.addEventListener('abort', end);
  for (const signal of signals) {
    if (signal.aborted) leave();
    else signal.addEventListener('abort', leave, { once: true });
  }
  return () => {
    clearTimeout(timer);
    closing.removeEventListener('abort', end);
    for (const signal of signals) signal.removeEventListener('abort', leave);
  };
}

interface Output {
  readonly stdout: Buffer[];
  readonly stderr: Buffer[];
  bytes: number;
}

function collect(child: ChildProcess, output: Output, maxBytes: number, tooMuch: () => void): void {
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.on('data', (chunk: Buffer) => {
      output.bytes += chunk.length;
      if (output.bytes <= maxBytes) output[name].push(chunk);
      else tooMuch();
    });
  }
}

const textOf = (chunks: readonly Buffer[]): string => Buffer.concat(chunks).toString('utf8');

/** Some of what hinders a start Node throws, some it tells later. */
function start({ nft, args }: NftOrder): ChildProcess | NodeJS.ErrnoException {
  try {
    return spawn(nft, args, { env: nftEnvironment(), stdio: ['ignore', 'pipe', 'pipe'], detached: true, cwd: '/' });
  } catch (error) {
    return error as NodeJS.ErrnoException;
  }
}

function listen(order: NftOrder, child: ChildProcess, resolve: (run: NftRun) => void): void {
  const output: Output = { stdout: [], stderr: [], bytes: 0 };
  let reason: string | undefined;
  const settle = (run: NftRun): void => {
    deafen();
    resolve(run);
  };
  const end = (why: string): void => {
    if (reason !== undefined) return;
    reason = why;
    kill(child);
    setTimeout(() => settle({ kind: 'killed', message: why }), UNKILLABLE_MS).unref();
  };
  const deafen = whenLeft(order, () => end('nft was ended before it answered, since the call was given up.'));
  collect(child, output, order.maxBytes, () => end(`nft printed more than ${order.maxBytes} bytes and was ended.`));
  child.on('error', (error) => settle(notStarted(order.nft, error)));
  child.on('exit', () => reason !== undefined && settle({ kind: 'killed', message: reason }));
  child.on('close', (code) => {
    settle({ kind: 'exited', code, stdout: textOf(output.stdout), stderr: textOf(output.stderr) });
  });
}

/** Runs nft without a shell. Never rejects. */
export function runNft(order: NftOrder): Promise<NftRun> {
  const { nft, signals, closing } = order;
  if (closing.aborted || (signals.length > 0 && signals.every((signal) => signal.aborted))) {
    return Promise.resolve({ kind: 'givenUp', message: 'The call was given up before nft was started.' });
  }
  const child = start(order);
  if (child instanceof Error) return Promise.resolve(notStarted(nft, child));
  return new Promise((resolve) => listen(order, child, resolve));
}
