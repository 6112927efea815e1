import type { World } from './world.ts';

/** What a product makes of a write. */
export type Manner =
  | 'does it'
  | 'does it and hangs'
  | 'hangs, and does it later'
  | 'hangs'
  | 'does it and breaks the connection'
  | 'breaks the connection'
  | 'throttles'
  | 'is unavailable'
  | 'refuses'
  | 'takes its time';

const BAD: readonly Manner[] = [
  'does it and hangs',
  'hangs, and does it later',
  'hangs',
  'does it and breaks the connection',
  'breaks the connection',
  'throttles',
  'is unavailable',
];

/** By the faults of this run: most calls go well, so that there is something that can be lost. */
export function mannerOf(world: World, kind: 'apply' | 'release', takesTime: boolean): Manner {
  const { random, faults, isCalm } = world;
  if (isCalm) return 'does it';
  const chance = random();
  if (takesTime && chance < 0.25) return 'takes its time';
  if (kind === 'apply' && faults.has('refusals') && chance < 0.32) return 'refuses';
  if (faults.has('badManners') && random() < 0.4) return BAD[Math.floor(random() * BAD.length)] ?? 'hangs';
  return 'does it';
}
