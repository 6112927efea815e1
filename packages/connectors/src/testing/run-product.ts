import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

/** A real product that a test has started. */
export interface RunningProduct {
  readonly pid: number;
  /** What it has written so far. */
  log(): string;
  /** Ends it, and waits until it is gone. Default: SIGTERM, and SIGKILL after three seconds. */
  stop(signal?: NodeJS.Signals): Promise<void>;
}

export interface HowToRun {
  /** The program and its arguments; it must stay in the foreground. */
  readonly command: readonly [string, ...string[]];
  /** Resolves with true once it serves. What it throws counts as "not yet". */
  readonly isReady: () => Promise<boolean>;
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Default: 20 seconds. */
  readonly readyWithinMs?: number;
}

const READY_MS = 20_000;
const TERM_MS = 3_000;
const MOST_LOG = 200_000;

const hasEnded = ({ exitCode, signalCode }: ChildProcess): boolean => exitCode !== null || signalCode !== null;

async function stopChild(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (hasEnded(child)) return;
  const gone = once(child, 'exit');
  child.kill(signal);
  const timer = setTimeout(() => child.kill('SIGKILL'), TERM_MS);
  await gone;
  clearTimeout(timer);
}

/** Starts a product and waits until it serves. @throws {Error} with what it wrote, where it does not */
export async function runProduct({
  command,
  isReady,
  cwd,
  env,
  readyWithinMs = READY_MS,
}: HowToRun): Promise<RunningProduct> {
  const [program, ...args] = command;
  const child = spawn(program, args, {
    cwd,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  const log = (): string => said.slice(-MOST_LOG);
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      said += chunk;
      if (said.length > 8 * MOST_LOG) said = log();
    });
  }
  const failed = once(child, 'error').then(([error]) => Promise.reject(error));
  const stop = (signal: NodeJS.Signals = 'SIGTERM'): Promise<void> => stopChild(child, signal);
  const ready = async (): Promise<void> => {
    for (const end = Date.now() + readyWithinMs; ; await delay(10)) {
      if (await isReady().catch(() => false)) return;
      if (hasEnded(child)) throw new Error(`${program} ended before it served: ${log()}`);
      if (Date.now() > end) throw new Error(`${program} does not serve after ${readyWithinMs} ms: ${log()}`);
    }
  };
  try {
    await Promise.race([ready(), failed]);
  } catch (error) {
    await stop('SIGKILL');
    throw error;
  }
  return { pid: child.pid ?? 0, log, stop };
}

/** A port of loopback that nobody has at this moment. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
