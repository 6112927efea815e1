import { TARGET_KINDS, type Target } from '@interdict/contract';
import { expect, vi } from 'vitest';
import type { Answer, Connector, Effect, Presence } from '../connector.ts';
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
  release,
  within,
} from './bench.ts';
import { aCall, SAMPLE_TARGETS, TENANT_A } from './call-builder.ts';
import type { ConnectorUnderTest, Misbehaviour } from './connector-under-test.ts';
import { expectNoSecret } from './watch.ts';

function notOffered(underTest: ConnectorUnderTest): readonly Effect[] {
  const main = anEffect(underTest);
  const strange = underTest.traits.actions.flatMap(({ name, targetKinds }) =>
    TARGET_KINDS.filter((kind) => !targetKinds.includes(kind)).map((kind) => {
      const target: Target = { kind, value: SAMPLE_TARGETS[kind](0) };
      return { tenantId: TENANT_A, action: name, target };
    }),
  );
  return [{ ...main, action: 'NoSuchAction' }, { ...main, action: 'constructor' }, ...strange];
}

/** Throwing and refusing are both fine: such a call is a bug of ours. */
async function sendsOnlyWhatItOffers(bench: Bench): Promise<void> {
  const { connector, product } = bench;
  const before = await product.received();
  for (const effect of notOffered(bench.underTest)) {
    for (const send of [connector.apply, connector.release]) {
      const answer = await send.call(connector, aCall(effect), calm()).catch(() => ({ kind: 'refused' }));
      expect(answer.kind, `${effect.action} of ${effect.target.kind}`).toBe('refused');
    }
  }
  expect(await product.received(), 'nothing was sent').toBe(before);
  expect(await inForce(bench)).toEqual([]);
}

async function misbehaviours({ product, underTest }: Bench): Promise<readonly Misbehaviour[]> {
  const words = ['hostile', ...product.secrets].join(' ');
  const all: readonly Misbehaviour[] = [
    { kind: 'down' },
    { kind: 'refuse', words },
    { kind: 'throttle', retryAfterSeconds: 1 },
    { kind: 'nonsense' },
    { kind: 'halfAnswer' },
    { kind: 'lostAnswer' },
    { kind: 'hostile', answer: { name: 'the secrets', chunks: () => [Buffer.from(words)] } },
  ];
  return all.filter(({ kind }) => underTest.misbehaviours.includes(kind));
}

/** Not even where the product itself says them back. */
async function keepsSecrets(bench: Bench): Promise<void> {
  const { connector, product, underTest } = bench;
  const effect = anEffect(underTest);
  await applied(bench, aCall(effect));
  for (const misbehaviour of await misbehaviours(bench)) {
    await product.misbehave(misbehaviour);
    await patient((signal) => connector.apply(aCall(effect), signal));
    await patient((signal) => connector.release(aCall(effect), signal));
    await patient(async (signal) => connector.verify?.(aCall(effect), signal));
    if (connector.list) await connector.list(TENANT_A, AbortSignal.timeout(PROMPT_MS)).catch(() => undefined);
    await product.behave();
  }
  await connector.apply({ ...aCall(effect), action: 'NoSuchAction' }, calm()).catch(() => undefined);
  expectNoSecret(connector, bench.seen);
}

async function closedDoesNothing(connector: Connector, effect: Effect): Promise<void> {
  for (const send of [connector.apply, connector.release]) {
    const answer = await within(send.call(connector, aCall(effect), calm()), PROMPT_MS, 'A call after close').catch(
      () => ({ kind: 'threw' }),
    );
    expect(answer.kind).toBeOneOf(['threw', 'unavailable', 'unknown']);
  }
}

async function closes(bench: Bench): Promise<void> {
  const { underTest } = bench;
  const effect = anEffect(underTest);
  const first = bench.connect();
  await applied(bench, aCall(effect), first);
  await within(first.close(), PROMPT_MS, 'close');
  await within(first.close(), PROMPT_MS, 'close again');
  await expectInForce(bench, [effect]);
  await closedDoesNothing(first, effect);
  await expectInForce(bench, [effect]);
  const second = bench.connect();
  if (underTest.traits.probe === 'byTarget') expect((await look(bench, effect)).kind).toBe('present');
  if (mainAction(underTest).reversible) {
    expect(await release(bench, aCall(effect), second)).toMatchObject({ kind: 'done' });
    await expectInForce(bench, []);
  }
  await second.close();
}

async function closesWhileItHangs(bench: Bench): Promise<void> {
  const { product, underTest } = bench;
  const connector = bench.connect();
  await product.misbehave({ kind: 'hang' });
  const before = await product.received();
  const abort = new AbortController();
  // The product hears nothing of a change where the connector reaches it by a file.
  const isFile = underTest.reach === 'file';
  const call = aCall(anEffect(underTest));
  const answer: Promise<Answer | Presence> = isFile
    ? needed(connector.verify, 'verify').call(connector, call, abort.signal)
    : connector.apply(call, abort.signal);
  await vi.waitFor(async () => expect(await product.received()).toBeGreaterThan(before), {
    timeout: 5_000,
    interval: 5,
  });
  const closed = connector.close();
  abort.abort();
  await within(closed, PROMPT_MS, 'close');
  expect((await within<Answer | Presence>(answer, PROMPT_MS, 'A call that was aborted')).kind).toBeOneOf([
    'unavailable',
    'unknown',
  ]);
  await product.behave();
}

/** What is asked of every connector besides doing its work. */
export function mannersChecks(underTest: ConnectorUnderTest): readonly Check[] {
  const check = (title: string, run: (bench: Bench) => Promise<void>): Check => checkOnBench(underTest, title, run);
  const checks = [
    check('what it does not offer is not sent', sendsOnlyWhatItOffers),
    check('its secrets are seen in no answer, no error and no inspection', keepsSecrets),
    check('closing leaves in force what is in force', closes),
  ];
  if (underTest.misbehaviours.includes('hang')) checks.push(check('it closes while a call hangs', closesWhileItHangs));
  return checks;
}
