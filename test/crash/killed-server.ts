import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Failpoint } from '../../packages/server/src/lib/failpoint.ts';
import { freePort } from '../free-port.ts';
import { spawnServer, type TestServer } from '../server.ts';

export interface ReadyTime {
  readonly from: number;
  readonly to: number;
}

/** What became of a start: `ended` by itself, `hangs` where the time was over. */
export type Came = 'ready' | 'killed' | 'ended' | 'hangs';

/** One server as a user starts it, on ports and a data folder that stay: it is killed and started again at will. */
export interface KilledServer {
  readonly url: string;
  readonly data: string;
  readonly isAlive: () => boolean;
  /** Starts the process, and does not wait. @param failpoint as in `INTERDICT_FAILPOINT`; empty for none */
  spawn(failpoint?: string): void;
  readonly isReady: () => boolean;
  /** Resolves when this process is ready or gone, or the time is over; the next one on its data is another. */
  ready(withinMs: number): Promise<Came>;
  /** Resolves when it has ended and all its words are here (true), or nobody waits any more (false). */
  ended(isOver: () => boolean): Promise<boolean>;
  /** Whether it said, since it was spawned last, that it came to this point. */
  hasPassed(name: Failpoint): boolean;
  /** Last words of processes that ended though nobody killed them, nor told them to. */
  readonly ownEnds: readonly string[];
  /** From when to when it was ready, by the wall's clock. */
  readyTimes(): readonly ReadyTime[];
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

const POLL_MS = 40;
const LAST_WORDS = 2_000;

async function poll(holds: () => Promise<boolean> | boolean, isOver: () => boolean): Promise<boolean> {
  for (;;) {
    if (await holds()) return true;
    if (isOver()) return false;
    await delay(POLL_MS);
  }
}

const answersReady = (url: string): Promise<boolean> =>
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
  let isClosed = true;
  let isTold = false;
  let readyAt: number | undefined;
  const times: ReadyTime[] = [];
  const ownEnds: string[] = [];
  const isAlive = (): boolean => child !== undefined && child.exitCode === null && child.signalCode === null;
  const killAtExit = (): void => void child?.kill('SIGKILL');
  process.on('exit', killAtExit);
  const read = (name: string): string => readFileSync(path.join(data, name), 'utf8').trim();
  const never = (): never => {
    throw new Error('This server is started and ended by the rig.');
  };
  const watch = (mine: ChildProcess): void => {
    [isClosed, isTold, readyAt] = [false, false, undefined];
    mine.once('exit', () => {
      if (readyAt !== undefined) times.push({ from: readyAt, to: Date.now() });
      readyAt = undefined;
    });
    mine.once('close', (code) => {
      isClosed = true;
      if (code !== null && !isTold) ownEnds.push(output().slice(-LAST_WORDS));
    });
  };
  const server: KilledServer = {
    url,
    data,
    isAlive,
    spawn: (failpoint = '') => {
      ({ child, output } = spawnServer({ data, config, env: { ...env, ...ports, INTERDICT_FAILPOINT: failpoint } }));
      watch(child);
    },
    isReady: () => readyAt !== undefined,
    ready: async (withinMs) => {
      const mine = child;
      const endsAt = performance.now() + withinMs;
      const isGone = (): boolean => child !== mine || !isAlive();
      const isUp = await poll(
        async () => readyAt !== undefined || (await answersReady(url)),
        () => isGone() || performance.now() > endsAt,
      );
      if (isGone()) return mine?.exitCode === null ? 'killed' : 'ended';
      if (!isUp) return 'hangs';
      readyAt ??= Date.now();
      return 'ready';
    },
    ended: (isOver) => poll(() => isClosed, isOver),
    hasPassed: (name) => output().split('\n').includes(`failpoint ${name}`),
    ownEnds,
    readyTimes: () => (readyAt === undefined ? times : [...times, { from: readyAt, to: Number.POSITIVE_INFINITY }]),
    signal: (signal) => {
      isTold = true;
      child?.kill(signal);
    },
    kill: async () => {
      if (!child || isClosed) return;
      const gone = once(child, 'close');
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
