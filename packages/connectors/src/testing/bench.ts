import type { TargetKind } from '@interdict/contract';
import { expect, vi } from 'vitest';
import type { Answer, Call, Connector, ConnectorAction, Effect, Presence } from '../connector.ts';
import { aCall, SAMPLE_TARGETS, TENANT_A } from './call-builder.ts';
import type { ConnectorUnderTest, ProductUnderTest } from './connector-under-test.ts';
import { type Sightings, watch } from './watch.ts';

/** One promise of every connector, and how to see whether it holds. */
export interface Check {
  readonly title: string;
  /** In milliseconds, where the usual bound of a test is too short. */
  readonly timeoutMs?: number;
  run(): Promise<void>;
}

/** A product of its own and a connector on it, of which every answer is looked at. */
export interface Bench {
  readonly underTest: ConnectorUnderTest;
  readonly product: ProductUnderTest;
  readonly connector: Connector;
  readonly seen: Sightings;
  /** One more connector on the product, watched as the first. */
  connect(): Connector;
}

/** How long a call may take to settle once its signal has aborted. */
export const PROMPT_MS = 2_000;
const CALL_MS = 15_000;
const MOST_ATTEMPTS = 50;

/** Runs on a new bench, and clears it away. */
export async function onBench(underTest: ConnectorUnderTest, run: (bench: Bench) => Promise<void>): Promise<void> {
  const product = await underTest.start();
  try {
    const seen: Sightings = { secrets: product.secrets, answers: [], errors: [], notes: new Map() };
    const connect = (): Connector => watch(product.connect(), seen);
    const connector = connect();
    try {
      await run({ underTest, product, connector, seen, connect });
    } finally {
      await connector.close();
    }
  } finally {
    await product.stop();
  }
}

export const checkOnBench = (
  underTest: ConnectorUnderTest,
  title: string,
  run: (bench: Bench) => Promise<void>,
): Check => ({ title, run: () => onBench(underTest, run) });

/** Of a hook that the traits make necessary: the first check names what is missing. */
export function needed<T>(hook: T | undefined, name: string): T {
  if (hook === undefined) throw new Error(`The product under test needs ${name}.`);
  return hook;
}

/** A signal that does not abort. */
export const calm = (): AbortSignal => new AbortController().signal;

/** Settles as the promise does, or fails after the bound. */
export async function within<T>(promise: Promise<T>, boundMs: number, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const bound = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} did not settle within ${boundMs} ms.`)), boundMs);
  });
  try {
    return await Promise.race([promise, bound]);
  } finally {
    clearTimeout(timer);
  }
}

/** Long enough for a call that will be answered, short enough to wait for one that will not. */
const PATIENCE_MS = 1_000;

/** A call whose signal aborts after a while, and which must settle soon after. */
export function patient<T>(send: (signal: AbortSignal) => Promise<T>, patienceMs = PATIENCE_MS): Promise<T> {
  return within(send(AbortSignal.timeout(patienceMs)), patienceMs + PROMPT_MS, 'A call that was aborted');
}

export function targetValue(underTest: ConnectorUnderTest, kind: TargetKind, index: number): string {
  return (underTest.targets?.[kind] ?? SAMPLE_TARGETS[kind])(index);
}

/** The action that stands for all: the first that can be taken back. */
export function mainAction(underTest: ConnectorUnderTest): ConnectorAction {
  const { actions } = underTest.traits;
  const action = actions.find(({ reversible }) => reversible) ?? actions[0];
  if (!action) throw new Error('The connector offers no action.');
  return action;
}

/** Distinct for distinct `index`. */
export function anEffect(underTest: ConnectorUnderTest, index = 0, tenantId = TENANT_A): Effect {
  const action = mainAction(underTest);
  const [kind] = action.targetKinds;
  if (!kind) throw new Error(`The action ${action.name} takes no kind of target.`);
  return { tenantId, action: action.name, target: { kind, value: targetValue(underTest, kind, index) } };
}

/** Repeats a call, as the dispatcher would, until it is not pending any more. */
async function untilSettled(bench: Bench, call: Call, send: (call: Call) => Promise<Answer>): Promise<Answer> {
  for (let round = 0; round < MOST_ATTEMPTS; round += 1) {
    const answer = await within(send(Object.freeze({ ...call, attempt: call.attempt + round })), CALL_MS, 'A call');
    if (answer.kind !== 'pending') return answer;
    await needed(bench.product.settle, 'settle, for the connector answers pending').call(bench.product);
  }
  throw new Error(`The call is still pending after ${MOST_ATTEMPTS} attempts.`);
}

export const apply = (bench: Bench, call: Call, connector = bench.connector): Promise<Answer> =>
  untilSettled(bench, call, (each) => connector.apply(each, calm()));

export const release = (bench: Bench, call: Call, connector = bench.connector): Promise<Answer> =>
  untilSettled(bench, call, (each) => connector.release(each, calm()));

/** Applies and sees it done. */
export async function applied(bench: Bench, call: Call, connector = bench.connector): Promise<void> {
  expect(await apply(bench, call, connector)).toMatchObject({ kind: 'done' });
}

/** Releases and sees it done. */
export async function released(bench: Bench, call: Call, connector = bench.connector): Promise<void> {
  expect(await release(bench, call, connector)).toMatchObject({ kind: 'done' });
}

/** Looks until the product can tell. */
export async function look(bench: Bench, effect: Effect): Promise<Presence> {
  const verify = needed(bench.connector.verify, 'verify').bind(bench.connector);
  for (let attempt = 1; attempt <= MOST_ATTEMPTS; attempt += 1) {
    const presence = await within(verify(aCall(effect), calm()), CALL_MS, 'A look');
    if (presence.kind !== 'pending') return presence;
    await needed(bench.product.settle, 'settle, for the connector answers pending').call(bench.product);
  }
  throw new Error(`The look is still pending after ${MOST_ATTEMPTS} attempts.`);
}

/** Tries again, as the dispatcher would, where a call met a connection that had died. */
export async function recovers(send: () => Promise<Answer>): Promise<void> {
  await vi.waitFor(async () => expect(await send()).toMatchObject({ kind: 'done' }), { timeout: 5_000, interval: 20 });
}

export const effectText = (effect: Effect): string =>
  `${effect.tenantId} ${effect.action} ${effect.target.kind}:${effect.target.value}`;

/** What the product has in force, as text and in order. */
export async function inForce(bench: Bench): Promise<readonly string[]> {
  return (await bench.product.inForce()).map(effectText).sort();
}

/** Sees that exactly these are in force, each once; a product that takes its time is given it. */
export async function expectInForce(bench: Bench, effects: readonly Effect[]): Promise<void> {
  const expected = effects.map(effectText).sort();
  await vi.waitFor(
    async () => {
      const now = await inForce(bench);
      if (now.join() !== expected.join()) await bench.product.settle?.();
      expect(now).toEqual(expected);
    },
    { timeout: 5_000, interval: 5 },
  );
}

const MOST_LOST = 3;

/** As the dispatcher would: what is not known to be done is sent again, where that is safe. */
async function doneInTheEnd(bench: Bench, call: Call, send: (call: Call) => Promise<Answer>): Promise<void> {
  const isSafe = bench.underTest.traits.idempotence !== 'none';
  for (let attempt = 1; ; attempt += 1) {
    const answer = await send({ ...call, attempt });
    if (answer.kind === 'unknown' && isSafe && attempt <= MOST_LOST) continue;
    expect(answer).toMatchObject({ kind: 'done' });
    return;
  }
}

export const releasedInTheEnd = (bench: Bench, call: Call): Promise<void> =>
  doneInTheEnd(bench, call, (each) => release(bench, each));

/** Applies each, as many at once as the connector allows; a product under load may lose an answer. */
export async function appliedAll(bench: Bench, effects: readonly Effect[]): Promise<void> {
  const waiting = [...effects];
  const lane = async (): Promise<void> => {
    for (let effect = waiting.shift(); effect; effect = waiting.shift()) {
      await doneInTheEnd(bench, aCall(effect), (each) => apply(bench, each));
    }
  };
  const lanes = Math.min(bench.underTest.traits.limits.concurrency, 16);
  await Promise.all(Array.from({ length: lanes }, lane));
}
