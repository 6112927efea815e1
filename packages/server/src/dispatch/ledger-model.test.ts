import { describe, expect, it } from 'vitest';
import type { Terms } from './terms.ts';
import { checkHistories, checkRest, comeToRest } from './testing/ledger-checks.ts';
import { pauseOrResume } from './testing/ledger-pauses.ts';
import { meddle } from './testing/ledger-product.ts';
import {
  cancel,
  crash,
  createWorld,
  pass,
  pick,
  request,
  settleOne,
  TARGETS,
  turn,
  type World,
} from './testing/ledger-world.ts';

const PRODUCTS: Readonly<Record<string, Partial<Terms>>> = {
  'is read back and sees strangers': {},
  'is read back and tells no time': { keepsTime: false },
  'is read back, and spares strangers without a look before': { sparesForeign: true },
  'only answers, and knows a repeat': { probes: false, seesForeign: false, verification: 'reported' },
  'only answers, and knows no repeat': { probes: false, seesForeign: false, repeats: false, verification: 'accepted' },
};

const SEEDS = Number(process.env.INTERDICT_LEDGER_SEEDS ?? 100);
const FIRST = Number(process.env.INTERDICT_LEDGER_FIRST ?? 1);
const STEPS = 120;

function step(world: World, meddles: boolean): void {
  const chance = world.random();
  if (chance < 0.12) request(world);
  else if (chance < 0.2) cancel(world);
  else if (chance < 0.5) turn(world);
  else if (chance < 0.78) settleOne(world);
  else if (chance < 0.93) pass(world, Math.floor(world.random() * 30_000));
  else if (chance < 0.95) pass(world, 3_600_000);
  else if (chance < 0.97) crash(world);
  else if (chance < 0.985) pauseOrResume(world);
  else if (meddles) meddle(world.product, pick(world, TARGETS) ?? '');
}

function live(seed: number, terms: Partial<Terms>): void {
  const world = createWorld(seed, terms);
  try {
    for (let count = 0; count < STEPS; count += 1) {
      step(world, terms.probes ?? true);
      checkHistories(world);
    }
    comeToRest(world);
    checkRest(world);
  } catch (error) {
    throw new Error(`Seed ${seed}: ${(error as Error).message}\n${world.log.join('\n')}`, { cause: error });
  } finally {
    world.store.close();
  }
}

/** On a busy machine. */
const WITHIN_MS = SEEDS * 1_000;

describe.each(Object.entries(PRODUCTS))('a product that %s', (_, terms) => {
  it(
    'ends with what is wanted in force and nothing else, whatever was lost, late, refused, cancelled or crashed',
    () => {
      for (let seed = FIRST; seed <= SEEDS; seed += 1) live(seed, terms);
      expect(SEEDS).toBeGreaterThan(0);
    },
    WITHIN_MS,
  );
});
