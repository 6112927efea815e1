import { setTimeout as delay } from 'node:timers/promises';
import { ask, type TestServer } from '../server.ts';
import { tokenFor } from '../tenant-token.ts';
import { BATCH_SIZE } from './batch-line.ts';
import type { Child } from './child.ts';
import { startChild } from './child.ts';
import { cpuOf, cpuOfFamily, cpuOfMachine } from './cpu-time.ts';
import { batchBody } from './request-body.ts';

/** Servers over one store, whose dispatch is measured. */
export interface Dispatching {
  readonly servers: readonly TestServer[];
  readonly databasePid: number | undefined;
  readonly product: Child;
  /** Actions of the store that are Completed. */
  completed(): Promise<number>;
}

export interface Dispatched {
  readonly count: number;
  readonly perSecond: number;
  /** Of all servers together, for each action. */
  readonly cpuUs: number;
  readonly databaseCpuUs: number;
  readonly callsEach: number;
  /** Cores that neither the servers, the database nor the product had. */
  readonly othersCores: number;
}

interface Counted {
  readonly inForce: number;
  readonly calls: number;
}

export const PROVIDER = 'product';

/** A product of its own process. */
export const startProduct = (answersAfterMs: number): Promise<Child> =>
  startChild('quick-product.ts', [String(answersAfterMs)]);

export const configOf = (product: Child, more = ''): string => `
providers:
  - name: ${PROVIDER}
    connector: webhook
    url: http://127.0.0.1:${product.greeting as number}/
    secret: { env: BENCH_SECRET }
    allowPrivate: true
    ${more}
`;

const BATCHES_AT_ONCE = 4;

/** Of all actions that a store is ever given: those from one on, up to another. */
interface Some {
  readonly from: number;
  readonly to: number;
}

async function store(server: TestServer, { from, to }: Some): Promise<void> {
  let next = from / BATCH_SIZE;
  const send = async (): Promise<void> => {
    while (next * BATCH_SIZE < to) {
      const body = batchBody(PROVIDER, next, BATCH_SIZE);
      next += 1;
      const { text } = await ask(server, '/beta/$batch', { body });
      if (text.split('"status":201').length !== BATCH_SIZE + 1) throw new Error(`A batch was answered with ${text}.`);
    }
  };
  await Promise.all(Array.from({ length: BATCHES_AT_ONCE }, send));
}

async function say(server: TestServer, word: 'stopDispatch' | 'resumeDispatch', token: string): Promise<void> {
  const asked = { body: { reason: 'The bench.' }, token };
  const { status, text } = await ask(server, `/beta/security/${word}`, asked);
  if (status !== 204) throw new Error(`${word} was answered with ${status}: ${text}`);
}

const LOOK_EVERY_MS = 25;

async function until(isThere: () => Promise<boolean>): Promise<void> {
  while (!(await isThere())) await delay(LOOK_EVERY_MS);
}

interface Moment {
  readonly at: number;
  readonly servers: number;
  readonly database: number;
  readonly product: number;
  readonly machine: number;
}

const momentOf = ({ servers, databasePid, product }: Dispatching): Moment => ({
  at: performance.now(),
  servers: servers.map(({ pid }) => cpuOf(pid)).reduce((sum, us) => sum + us, 0),
  database: databasePid === undefined ? 0 : cpuOfFamily(databasePid),
  product: cpuOf(product.pid),
  machine: cpuOfMachine(),
});

/** Stores actions while the dispatch is stopped, lets it go, and waits until all that the store has are Completed and in force. */
async function dispatchSome(
  dispatching: Dispatching,
  server: TestServer,
  token: string,
  some: Some,
): Promise<readonly [begin: Moment, end: Moment]> {
  const { product, completed } = dispatching;
  await say(server, 'stopDispatch', server.token());
  await store(server, some);
  await delay(1_000);
  const begin = momentOf(dispatching);
  await say(server, 'resumeDispatch', token);
  await until(async () => ((await product.ask({})) as Counted).inForce >= some.to);
  await until(async () => (await completed()) >= some.to);
  return [begin, momentOf(dispatching)];
}

/** Of what is measured, so much is dispatched before: a process that has just started spends its time on its own code. */
const WARM_UP_PART = 0.5;

/**
 * Has actions dispatched, from the order to begin until the product has all of them in force and the store says Completed
 * of each. The processes have dispatched others before.
 */
export async function measureDispatch(dispatching: Dispatching, count: number): Promise<Dispatched> {
  const { servers, product } = dispatching;
  const [server] = servers;
  if (!server) throw new Error('There is no server to measure.');
  const token = await tokenFor(server, {
    permissions: ['SecurityActions.Approve.All', 'SecurityActions.ReadWrite.All'],
    delegated: true,
    user: 'bench',
  });
  const warm = Math.ceil((count * WARM_UP_PART) / BATCH_SIZE) * BATCH_SIZE;
  await dispatchSome(dispatching, server, token, { from: 0, to: warm });
  const before = (await product.ask({})) as Counted;
  const [begin, end] = await dispatchSome(dispatching, server, token, { from: warm, to: warm + count });
  const { inForce, calls } = (await product.ask({})) as Counted;
  if (inForce !== warm + count) throw new Error(`${warm + count} actions were stored, and the product has ${inForce}.`);
  const ms = end.at - begin.at;
  const [own, database] = [end.servers - begin.servers, end.database - begin.database];
  const others = end.machine - begin.machine - own - database - (end.product - begin.product);
  return {
    count,
    perSecond: (count * 1_000) / ms,
    cpuUs: own / count,
    databaseCpuUs: database / count,
    callsEach: (calls - before.calls) / count,
    othersCores: Math.max(0, others / 1_000 / ms),
  };
}
