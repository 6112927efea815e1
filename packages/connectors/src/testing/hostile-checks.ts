import { expect } from 'vitest';
import { anEffect, applied, type Bench, type Check, calm, expectInForce, onBench, patient, recovers } from './bench.ts';
import { aCall, TENANT_A } from './call-builder.ts';
import type { ConnectorUnderTest } from './connector-under-test.ts';
import { countTaken, HOSTILE_ANSWERS } from './hostile-answers.ts';

/** What the sockets and streams between both ends hold by themselves comes to a few megabytes. */
const MOST_TAKEN_BYTES = 32 * 1024 ** 2;
const MOST_GROWTH_BYTES = 256 * 1024 ** 2;
const PATIENCE_MS = 500;
const TIMEOUT_MS = 180_000;

const heldBytes = (): number => {
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
};

/** Sends once for each hostile answer; `look` sees what came of it. */
async function meetsAll(bench: Bench, send: (signal: AbortSignal) => Promise<unknown>): Promise<void> {
  const held = anEffect(bench.underTest, 1);
  await applied(bench, aCall(held));
  const before = heldBytes();
  for (const hostile of HOSTILE_ANSWERS) {
    const { answer, takenBytes } = countTaken(hostile);
    await bench.product.misbehave({ kind: 'hostile', answer });
    const outcome = await patient(send, PATIENCE_MS).catch((error: unknown) => ({ kind: 'threw', error }));
    expect(outcome, hostile.name).toMatchObject({ kind: expect.toBeOneOf(['unknown', 'unavailable', 'listThrew']) });
    expect(takenBytes(), `bytes taken of ${hostile.name}`).toBeLessThan(MOST_TAKEN_BYTES);
    expect(heldBytes() - before, `bytes held after ${hostile.name}`).toBeLessThan(MOST_GROWTH_BYTES);
  }
  await bench.product.behave();
  await expectInForce(bench, [held]);
  const next = aCall(anEffect(bench.underTest, 2));
  await recovers(() => bench.connector.apply(next, calm()));
}

async function listMeetsAll(bench: Bench): Promise<void> {
  const list = bench.connector.list?.bind(bench.connector);
  if (!list) throw new Error('The connector has no list.');
  await meetsAll(bench, async (signal) => {
    const outcome = await list(TENANT_A, signal).catch(() => 'threw' as const);
    return outcome === 'threw' ? { kind: 'listThrew' } : { kind: 'listed', outcome };
  });
}

/** A hundred answers that are meant to do harm: in no time, no memory, and never taken for a success. */
export function hostileChecks(underTest: ConnectorUnderTest): readonly Check[] {
  if (!underTest.misbehaviours.includes('hostile')) return [];
  const check = (to: string, run: (bench: Bench) => Promise<void>): Check => ({
    title: `${HOSTILE_ANSWERS.length} hostile answers to ${to} are never taken for a success`,
    timeoutMs: TIMEOUT_MS,
    run: () => onBench(underTest, run),
  });
  const call = aCall(anEffect(underTest, 0));
  const held = aCall(anEffect(underTest, 1));
  const changes = [
    check('an apply', (bench) => meetsAll(bench, (signal) => bench.connector.apply(call, signal))),
    check('a release', (bench) => meetsAll(bench, (signal) => bench.connector.release(held, signal))),
  ];
  // What the product answers never reaches a change of a file.
  const checks = underTest.reach === 'file' ? [] : changes;
  if (underTest.traits.probe === 'byTarget') {
    checks.push(
      check('a look', (bench) =>
        meetsAll(bench, async (signal) => bench.connector.verify?.(held, signal) ?? { kind: 'has no verify' }),
      ),
    );
  }
  if (underTest.hasList) checks.push(check('a list', listMeetsAll));
  return checks;
}
