import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from '../free-port.ts';
import { spawnServer, type TestServer } from '../server.ts';

/** One server as a user starts it, on ports and a data folder that stay: it is killed and started again at will. */
export interface KilledServer {
  readonly url: string;
  readonly data: string;
  readonly isAlive: () => boolean;
  /** Starts the process, and does not wait. @param failpoint as in `INTERDICT_FAILPOINT`; empty for none */
  spawn(failpoint?: string): void;
  /** Resolves when it is ready (true), or has ended, or the time is over (false). */
  ready(withinMs: number): Promise<boolean>;
  /** Resolves when it has ended by itself (true) or the time is over (false). */
  ended(withinMs: number): Promise<boolean>;
  signal(signal: NodeJS.Signals): void;
  /** SIGKILL; resolves when it is gone. */
  kill(): Promise<void>;
  /** No longer killed when this process ends. */
  forget(): void;
  /** All that it printed since it was spawned last. */
  output(): string;
  asTestServer(): TestServer;
}

export interface KilledServerOptions {
  readonly data: string;
  readonly config: string;
  readonly env: Readonly<Record<string, string>>;
}

const POLL_MS = 20;

async function poll(
  holds: () => Promise<boolean> | boolean,
  isOver: () => boolean,
  withinMs: number,
): Promise<boolean> {
  const endsAt = performance.now() + withinMs;
  while (performance.now() < endsAt) {
    if (await holds()) return true;
    if (isOver()) return false;
    await delay(POLL_MS);
  }
  return false;
}

const isReady = (url: string): Promise<boolean> =>
  fetch(`${url}/readyz`, { signal: AbortSignal.timeout(2_000) }).then(
    ({ ok }) => ok,
    () => false,
  );

export async function createKilledServer({ data, config, env }: KilledServerOptions): Promise<KilledServer> {
  const [port, tlsPort] = [await freePort(), await freePort()];
  const url = `http://127.0.0.1:${port}`;
  const ports = { INTERDICT_PORT: String(port), INTERDICT_TLS_PORT: String(tlsPort) };
  let child: ChildProcess | undefined;
  let output = (): string => '';
  const isAlive = (): boolean => child !== undefined && child.exitCode === null && child.signalCode === null;
  const killAtExit = (): void => void child?.kill('SIGKILL');
  process.on('exit', killAtExit);
  const read = (name: string): string => readFileSync(path.join(data, name), 'utf8').trim();
  const never = (): never => {
    throw new Error('This server is started and ended by the rig.');
  };
  const server: KilledServer = {
    url,
    data,
    isAlive,
    spawn: (failpoint = '') => {
      ({ child, output } = spawnServer({ data, config, env: { ...env, ...ports, INTERDICT_FAILPOINT: failpoint } }));
    },
    ready: (withinMs) =>
      poll(
        () => isReady(url),
        () => !isAlive(),
        withinMs,
      ),
    ended: (withinMs) =>
      poll(
        () => !isAlive(),
        () => false,
        withinMs,
      ),
    signal: (signal) => void child?.kill(signal),
    kill: async () => {
      if (!child || !isAlive()) return;
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
    },
    forget: () => void process.off('exit', killAtExit),
    output: () => output(),
    asTestServer: () => ({
      url,
      tlsUrl: '',
      data,
      pid: child?.pid ?? 0,
      output: () => output(),
      token: () => read('token'),
      feedKey: () => read('feed-key'),
      stop: never,
      kill: never,
      again: never,
      discard: never,
    }),
  };
  return server;
}
