import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from '../free-port.ts';
import { ask, type ServerOptions, spawnServer } from '../server.ts';
import type { Child } from './child.ts';
import { clearAwayLater } from './clear-away.ts';
import { PROVIDER } from './dispatch-run.ts';
import { residentMb } from './memory.ts';
import { monotonicMs } from './monotonic.ts';
import { requestBody } from './request-body.ts';
import { ACTIONS } from './stored-actions.ts';

/** A start behind a kill. All times are milliseconds. */
export interface Started {
  readonly readyMs: number;
  /** From ready to the first call that the product saw; below 0 where it came before. */
  readonly firstCallMs: number;
  /** A POST that was sent then. */
  readonly postMs: number;
  readonly residentMb: number;
  /** Of the file that the killed one had not put into its database; 0 on PostgreSQL. */
  readonly walMb: number;
  /** Actions that waited for their dispatch when the one before it was killed. */
  readonly due: number;
}

export type LifeOptions = ServerOptions & { readonly data: string };

export interface Life {
  readonly started: Omit<Started, 'due'>;
  /** SIGKILL. */
  kill(): Promise<void>;
}

/** Of any call, of one to a target that was named, and of the last of those. */
type Moment = 'firstAt' | 'metAt' | 'allAt';

const LOOK_EVERY_MS = 5;

/** @returns undefined where it is still not so after that time */
async function within<Value>(ms: number, look: () => Promise<Value | undefined>): Promise<Value | undefined> {
  for (const endsAt = monotonicMs() + ms; monotonicMs() < endsAt; await delay(LOOK_EVERY_MS)) {
    const seen = await look();
    if (seen !== undefined) return seen;
  }
  return undefined;
}

export const watch = async (product: Child, targets: readonly string[] = []): Promise<void> =>
  void (await product.ask({ watch: targets }));

/** @returns by the machine's monotonic clock; without end where the product has not seen it after that time */
export const whenSeen = async (product: Child, moment: Moment, withinMs: number): Promise<number> =>
  (await within(withinMs, async () => ((await product.ask({})) as Partial<Record<Moment, number>>)[moment])) ??
  Number.POSITIVE_INFINITY;

const walMb = (data: string): number =>
  (statSync(path.join(data, 'interdict.sqlite-wal'), { throwIfNoEntry: false })?.size ?? 0) / 2 ** 20;

const isReady = async (url: string): Promise<true | undefined> =>
  await fetch(`${url}/readyz`).then(
    ({ ok }) => ok || undefined,
    () => undefined,
  );

let posts = 0;

async function post(url: string, data: string): Promise<number> {
  posts += 1;
  const server = { url, token: () => readFileSync(path.join(data, 'token'), 'utf8').trim() };
  const since = monotonicMs();
  const { status } = await ask(server, ACTIONS, { body: requestBody(PROVIDER, posts) });
  if (status !== 201) throw new Error(`A POST behind a restart was answered with ${status}.`);
  return monotonicMs() - since;
}

const READY_WITHIN_MS = 120_000;
const CALLED_WITHIN_MS = 20_000;

async function killOf(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}

/** Starts a server as a user does, and measures from there until it works. Nobody else may call the product meanwhile. */
export async function startLife(options: LifeOptions, product: Child): Promise<Life> {
  await watch(product);
  const left = walMb(options.data);
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const startedAt = monotonicMs();
  const { child, output } = spawnServer({ ...options, env: { ...options.env, INTERDICT_PORT: String(port) } });
  const end = clearAwayLater(() => killOf(child));
  if (!(await within(READY_WITHIN_MS, () => isReady(url)))) throw new Error(`The server did not start:\n${output()}`);
  const readyAt = monotonicMs();
  const resident = residentMb(child.pid ?? 0);
  const calledAt = await whenSeen(product, 'firstAt', CALLED_WITHIN_MS);
  const postMs = await post(url, options.data);
  const readyMs = readyAt - startedAt;
  return {
    started: { readyMs, firstCallMs: calledAt - readyAt, postMs, residentMb: resident, walMb: left },
    kill: end,
  };
}
