import { expect, vi } from 'vitest';
import type { Answer, Call, Effect } from '../connector.ts';
import {
  anEffect,
  applied,
  type Bench,
  type Check,
  calm,
  checkOnBench,
  expectInForce,
  inForce,
  look,
  mainAction,
  needed,
  PROMPT_MS,
  patient,
  recovers,
  released,
  within,
} from './bench.ts';
import { aCall, TENANT_A } from './call-builder.ts';
import type { ConnectorUnderTest, Misbehaviour, MisbehaviourKind } from './connector-under-test.ts';

type Fault = (bench: Bench) => Promise<void>;

const RETRY_AFTER_SECONDS = 7;
const WORDS = 'The list of entries is full';
const applyOnce = (bench: Bench, call: Call): Promise<Answer> =>
  patient((signal) => bench.connector.apply(call, signal));
const releaseOnce = (bench: Bench, call: Call): Promise<Answer> =>
  patient((signal) => bench.connector.release(call, signal));

/** A look under a misbehaviour tells nothing, and a list is whole or it throws. */
async function looksTellNothing(bench: Bench, effect: Effect): Promise<void> {
  const { connector } = bench;
  if (connector.verify) {
    const verify = connector.verify.bind(connector);
    expect((await patient((signal) => verify(aCall(effect), signal))).kind).toBe('unknown');
  }
  if (connector.list) {
    const list = connector.list.bind(connector);
    await expect(patient((signal) => list(TENANT_A, signal))).rejects.toThrow();
  }
}

/** The same operations come again and leave one effect, and none. */
async function goesOnAfter(bench: Bench, call: Call): Promise<void> {
  await bench.product.behave();
  let attempt = call.attempt;
  await recovers(() => {
    attempt += 1;
    return bench.connector.apply({ ...call, attempt }, calm());
  });
  await expectInForce(bench, [call]);
  if (!mainAction(bench.underTest).reversible) return;
  await released(bench, aCall(call));
  await expectInForce(bench, []);
}

/** Nothing was done, and the product's state says so. */
function doesNothing(misbehaviour: Misbehaviour, apply: object, release: object): Fault {
  return async (bench) => {
    const { product, underTest } = bench;
    const [effect, held] = [anEffect(underTest, 0), anEffect(underTest, 1)];
    await applied(bench, aCall(held));
    await product.misbehave(misbehaviour);
    const call = aCall(effect);
    expect(await applyOnce(bench, call)).toMatchObject(apply);
    if (mainAction(underTest).reversible) expect(await releaseOnce(bench, aCall(held))).toMatchObject(release);
    await looksTellNothing(bench, held);
    await product.behave();
    await expectInForce(bench, [held]);
    if (mainAction(underTest).reversible) await released(bench, aCall(held));
    else await needed(product.lose, 'lose').call(product, held);
    await goesOnAfter(bench, misbehaviour.kind === 'refuse' ? aCall(effect) : call);
  };
}

const oneOf = (...kinds: string[]): object => ({ kind: expect.toBeOneOf(kinds) });
const UNCERTAIN = oneOf('unavailable', 'unknown');
const UNKNOWN = { kind: 'unknown' };

const hangs: Fault = async (bench) => {
  const { connector, product, underTest } = bench;
  const [effect, other] = [anEffect(underTest, 0), anEffect(underTest, 1)];
  await applied(bench, aCall(other));
  await product.misbehave({ kind: 'hang' });
  const sends = [
    (signal: AbortSignal) => connector.apply(aCall(effect), signal),
    ...(mainAction(underTest).reversible ? [(signal: AbortSignal) => connector.release(aCall(other), signal)] : []),
  ];
  for (const send of sends) {
    const before = await product.received();
    const abort = new AbortController();
    const answer = send(abort.signal);
    await vi.waitFor(async () => expect(await product.received()).toBeGreaterThan(before), {
      timeout: 5_000,
      interval: 5,
    });
    abort.abort();
    expect(await within(answer, PROMPT_MS, 'A call that was aborted')).toMatchObject(UNKNOWN);
  }
  await looksTellNothing(bench, other);
  await product.behave();
  await expectInForce(bench, [other]);
};

/** One that hangs neither holds the others up nor is held by them. */
const hangsApart: Fault = async (bench) => {
  const { connector, product, underTest } = bench;
  const width = Math.min(underTest.traits.limits.concurrency, 4);
  await product.misbehave({ kind: 'hang' });
  const before = await product.received();
  const calls = Array.from({ length: width }, (_, index) => {
    const abort = new AbortController();
    return { abort, answer: connector.apply(aCall(anEffect(underTest, index)), abort.signal) };
  });
  const isRemote = underTest.reach === 'http' || underTest.reach === 'network';
  const most = isRemote && !underTest.groupsCalls ? width : 1;
  await vi.waitFor(async () => expect(await product.received()).toBeGreaterThanOrEqual(before + most), {
    timeout: 5_000,
    interval: 5,
  });
  for (const { abort, answer } of calls.reverse()) {
    abort.abort();
    expect(await within(answer, PROMPT_MS, 'A call that was aborted while others hang')).toMatchObject(UNCERTAIN);
  }
  await goesOnAfter(bench, aCall(anEffect(underTest)));
};

/** It was done, and nobody was told. */
function losesTheAnswer(misbehaviour: Misbehaviour): Fault {
  return async (bench) => {
    const { product, underTest } = bench;
    const effect = anEffect(underTest);
    const before = await product.operations?.();
    const call = aCall(effect);
    await product.misbehave(misbehaviour);
    expect(await applyOnce(bench, call)).toMatchObject(UNKNOWN);
    await looksTellNothing(bench, effect);
    await product.behave();
    await expectInForce(bench, [effect]);
    if (underTest.traits.probe === 'byTarget') expect((await look(bench, effect)).kind).toBe('present');
    if (underTest.traits.idempotence !== 'none') {
      await recovers(() => bench.connector.apply({ ...call, attempt: 2 }, calm()));
      await expectInForce(bench, [effect]);
      if (before !== undefined) expect(await product.operations?.(), 'a repeat is no new operation').toBe(before + 1);
    }
    if (!mainAction(underTest).reversible) return;
    const release = aCall(effect);
    await product.misbehave(misbehaviour);
    expect(await releaseOnce(bench, release)).toMatchObject(UNKNOWN);
    await product.behave();
    await expectInForce(bench, []);
    await recovers(() => bench.connector.release({ ...release, attempt: 2 }, calm()));
    await expectInForce(bench, []);
  };
}

const landsLate: Fault = async (bench) => {
  const { connector, product, underTest } = bench;
  const effect = anEffect(underTest);
  const before = await product.received();
  await product.misbehave({ kind: 'late' });
  const abort = new AbortController();
  const call = aCall(effect);
  const answer = connector.apply(call, abort.signal);
  await vi.waitFor(async () => expect(await product.received()).toBeGreaterThan(before), {
    timeout: 5_000,
    interval: 5,
  });
  abort.abort();
  expect(await within(answer, PROMPT_MS, 'A call that was aborted')).toMatchObject(UNKNOWN);
  expect(await inForce(bench)).toEqual([]);
  await product.behave();
  await expectInForce(bench, [effect]);
  await goesOnAfter(bench, underTest.traits.idempotence === 'none' ? aCall(effect) : call);
};

const abortedBefore: Fault = async (bench) => {
  const { connector, product, underTest } = bench;
  const before = await product.received();
  const call = aCall(anEffect(underTest));
  for (const send of [connector.apply, connector.release]) {
    const answer = await within(
      send.call(connector, call, AbortSignal.abort()),
      PROMPT_MS,
      'A call that was aborted before',
    );
    expect(answer).toMatchObject(UNCERTAIN);
  }
  expect(await product.received()).toBe(before);
  expect(await inForce(bench)).toEqual([]);
};

/** Everything that is open at both ends dies; the connector is not told. */
const restarts: Fault = async (bench) => {
  const { connector, product, underTest } = bench;
  const [effect, other] = [anEffect(underTest, 0), anEffect(underTest, 1)];
  await applied(bench, aCall(effect));
  await needed(product.restart, 'restart').call(product);
  if (underTest.forgetsOnRestart) await seesItGone(bench, effect);
  await recovers(() => connector.apply(aCall(other), calm()));
  await expectInForce(bench, [effect, other]);
  if (!mainAction(underTest).reversible) return;
  await needed(product.restart, 'restart').call(product);
  await recovers(() => connector.release(aCall(effect), calm()));
  await expectInForce(bench, underTest.forgetsOnRestart ? [] : [other]);
};

/** What the product forgot is seen to be absent, by a look and by a list, and is put back. */
async function seesItGone(bench: Bench, effect: Effect): Promise<void> {
  await vi.waitFor(async () => expect(await look(bench, effect)).toEqual({ kind: 'absent' }), { timeout: 5_000 });
  expect((await bench.connector.list?.(TENANT_A, calm())) ?? []).toEqual([]);
  await expectInForce(bench, []);
  await recovers(() => bench.connector.apply(aCall(effect), calm()));
}

/** A product that is down does not hinder the start, and is found when it is back. */
const opensWhileDown: Fault = async (bench) => {
  await bench.product.misbehave({ kind: 'down' });
  const connector = bench.connect();
  await bench.product.behave();
  const effect = anEffect(bench.underTest);
  await recovers(() => connector.apply(aCall(effect), calm()));
  await expectInForce(bench, [effect]);
  await connector.close();
};

/** A date in whole seconds may be off by one. */
const retryAfterMs = expect.toSatisfy((ms) => Math.abs(ms - RETRY_AFTER_SECONDS * 1_000) <= 1_000);

const FAULTS: Partial<
  Record<MisbehaviourKind, (underTest: ConnectorUnderTest) => readonly (readonly [string, Fault])[]>
> = {
  down: () => [
    [
      'a product that is down: certainly nothing, or unknown; and it goes on',
      doesNothing({ kind: 'down' }, UNCERTAIN, UNCERTAIN),
    ],
    ['a connector opens while its product is down', opensWhileDown],
  ],
  hang: () => [
    ['a product that never answers: unknown, as soon as the call is aborted', hangs],
    ['calls that hang do not hold each other up', hangsApart],
  ],
  refuse: ({ refusalSubcode: subcode, refusesWithoutWords }) => [
    [
      "a refusal carries the product's words and number",
      doesNothing(
        { kind: 'refuse', words: WORDS },
        {
          kind: 'refused',
          ...(!refusesWithoutWords && { message: expect.stringContaining(WORDS) }),
          ...(subcode !== undefined && { subcode }),
        },
        oneOf('refused', 'unavailable', 'unknown'),
      ),
    ],
  ],
  throttle: () => [
    [
      'a product that throttles: certainly nothing, and when to come again',
      doesNothing(
        { kind: 'throttle', retryAfterSeconds: RETRY_AFTER_SECONDS },
        { kind: 'unavailable', retryAfterMs },
        { kind: 'unavailable', retryAfterMs },
      ),
    ],
  ],
  nonsense: () => [['an answer that means nothing: unknown', doesNothing({ kind: 'nonsense' }, UNKNOWN, UNKNOWN)]],
  halfAnswer: () => [
    ['half an answer: unknown, and a repeat leaves one effect', losesTheAnswer({ kind: 'halfAnswer' })],
  ],
  lostAnswer: () => [
    ['a lost answer: unknown, and a repeat leaves one effect', losesTheAnswer({ kind: 'lostAnswer' })],
  ],
  late: () => [['what lands after an abort was unknown, and is released as any other', landsLate]],
};

/** What a connector says when the product does not do as it should. */
export function faultChecks(underTest: ConnectorUnderTest): readonly Check[] {
  const faults = underTest.misbehaviours.flatMap((kind) => FAULTS[kind]?.(underTest) ?? []);
  const always: (readonly [string, Fault])[] = [
    ['a call that is aborted before it begins sends nothing', abortedBefore],
  ];
  if (underTest.reach === 'http' || underTest.reach === 'network') {
    always.push(['a product that was started again is reached by the same connector', restarts]);
  }
  return [...always, ...faults].map(([title, run]) => checkOnBench(underTest, title, run));
}
