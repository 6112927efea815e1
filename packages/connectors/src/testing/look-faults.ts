import { expect, vi } from 'vitest';
import type { Effect, Presence } from '../connector.ts';
import {
  anEffect,
  applied,
  type Bench,
  calm,
  expectInForce,
  look,
  needed,
  PROMPT_MS,
  patient,
  released,
  within,
} from './bench.ts';
import { aCall, TENANT_A } from './call-builder.ts';
import type { Misbehaviour, MisbehaviourKind } from './connector-under-test.ts';

type Fault = (bench: Bench) => Promise<void>;

const verifying = (bench: Bench, effect: Effect, signal: AbortSignal): Promise<Presence> =>
  needed(bench.connector.verify, 'verify').call(bench.connector, aCall(effect), signal);

/** A look tells nothing, a list throws; what is changed meanwhile is in force all the same. */
const spoils =
  (misbehaviour: Misbehaviour): Fault =>
  async (bench) => {
    const { connector, product, underTest } = bench;
    const [gone, held, fresh] = [anEffect(underTest, 0), anEffect(underTest, 1), anEffect(underTest, 2)];
    for (const effect of [gone, held]) await applied(bench, aCall(effect));
    await product.misbehave(misbehaviour);
    for (const effect of [held, fresh]) {
      const presence = await patient((signal) => verifying(bench, effect, signal));
      expect(presence.kind, effect.target.value).toBe('unknown');
    }
    const { list } = connector;
    if (list) await expect(patient((signal) => list.call(connector, TENANT_A, signal))).rejects.toThrow();
    await applied(bench, aCall(fresh));
    await released(bench, aCall(gone));
    await product.behave();
    await expectInForce(bench, [held, fresh]);
    for (const effect of [held, fresh]) expect((await look(bench, effect)).kind).toBe('present');
    expect(await look(bench, gone)).toEqual({ kind: 'absent' });
  };

/** Looks end with their signals, and none holds another up. */
const hang: Fault = async (bench) => {
  const { product, underTest } = bench;
  const width = Math.min(underTest.traits.limits.concurrency, 4);
  const effects = Array.from({ length: width }, (_, index) => anEffect(underTest, index));
  for (const effect of effects) await applied(bench, aCall(effect));
  await product.misbehave({ kind: 'hang' });
  const before = await product.received();
  const looks = effects.map((effect) => {
    const abort = new AbortController();
    return { abort, presence: verifying(bench, effect, abort.signal) };
  });
  await vi.waitFor(async () => expect(await product.received()).toBeGreaterThanOrEqual(before + width), {
    timeout: 5_000,
    interval: 5,
  });
  for (const { abort, presence } of looks.reverse()) {
    abort.abort();
    expect(await within(presence, PROMPT_MS, 'A look that was aborted')).toMatchObject({ kind: 'unknown' });
  }
  await product.behave();
  for (const effect of effects) expect(await verifying(bench, effect, calm())).toMatchObject({ kind: 'present' });
};

/** What the product's manners mean for a connector that changes a file and only looks through the product. */
export const LOOK_FAULTS: Partial<Record<MisbehaviourKind, readonly (readonly [string, Fault])[]>> = {
  hang: [
    ['a product that never answers: a look tells nothing, changes are done', spoils({ kind: 'hang' })],
    ['looks that hang end with their calls, and do not hold each other up', hang],
  ],
  refuse: [['a look that is refused tells nothing, changes are done', spoils({ kind: 'refuse', words: 'No entry' })]],
  throttle: [['a look that is throttled tells nothing', spoils({ kind: 'throttle', retryAfterSeconds: 7 })]],
  nonsense: [['an answer that means nothing tells nothing, changes are done', spoils({ kind: 'nonsense' })]],
  halfAnswer: [['half an answer tells nothing, changes are done', spoils({ kind: 'halfAnswer' })]],
  lostAnswer: [['a lost answer tells nothing, changes are done', spoils({ kind: 'lostAnswer' })]],
};
