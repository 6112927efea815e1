import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { requirement } from '../../../../test/requirement.ts';
import type { Answer } from '../connector.ts';
import { aCall, TENANT_A, TENANT_B } from '../testing.ts';
import { contentOf } from './testing/samples.ts';
import { apply, effectOf, openWorkshop, release, soon, verify, type Workshop } from './testing/workshop.ts';

const BATCH = 10_000;
const BATCH_MS = 300;
const ROUNDS = 5;

const effects = Array.from({ length: BATCH }, (_, index) => effectOf('sha256', 1_000 + index));

/** Others' work on the machine is in each round's time, so that the quickest counts. */
async function timed(send: (round: number) => Promise<number>): Promise<number> {
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) times.push(await send(round));
  return Math.min(...times);
}

async function applyAll({ connector }: Workshop): Promise<{ readonly answers: Answer[]; readonly tookMs: number }> {
  const calls = effects.map((effect) => [aCall(effect), soon()] as const);
  const start = performance.now();
  const answers = await Promise.all(calls.map(([call, signal]) => connector.apply(call, signal)));
  return { answers, tookMs: performance.now() - start };
}

describe.skipIf(!requirement('clamav').ok)('a batch', () => {
  it(`of ${BATCH} hashes is in force within ${BATCH_MS} ms, and is let go of together`, async () => {
    const workshop = await openWorkshop();
    const { clamd, connector } = workshop;
    const last = path.join(clamd.home, 'last');
    await writeFile(last, contentOf('sha256', 1_000 + BATCH - 1));
    await apply(workshop, effectOf('sha256', 0));
    const tookMs = await timed(async () => {
      const { answers, tookMs } = await applyAll(workshop);
      expect(await workshop.isFound(last)).toBe(true);
      expect(answers.every(({ kind }) => kind === 'done')).toBe(true);
      expect(await connector.list?.(TENANT_A, soon())).toHaveLength(BATCH + 1);
      const looks = await Promise.all(effects.map((effect) => verify(workshop, effect)));
      expect(looks.every((look) => look?.kind === 'present')).toBe(true);
      expect(await connector.list?.(TENANT_B, soon())).toEqual([]);
      await Promise.all(effects.map((effect) => release(workshop, effect)));
      expect(await workshop.isFound(last)).toBe(false);
      return tookMs;
    });
    console.log(`ClamAV: ${BATCH} hashes in force through one connector after ${tookMs.toFixed(0)} ms`);
    expect(tookMs).toBeLessThan(BATCH_MS);
  });
});
