import { setTimeout as delay } from 'node:timers/promises';
import type { Failpoint } from '../../packages/server/src/lib/failpoint.ts';
import type { KilledServer } from './killed-server.ts';
import { type Round, startsWithin } from './kills.ts';
import { approachOf } from './point-plan.ts';
import { LIVES_PROVIDER } from './rig.ts';
import { liveWholeLife } from './whole-life.ts';

/** Whoever lived that long, and so often, has passed every point on the way. */
const ENOUGH_MS = 12_000;
const ENOUGH_LIVES = 3;
const TOO_LONG_MS = 60_000;

async function live(round: Round, server: KilledServer): Promise<void> {
  round.lives += 1;
  const settings = { round: round.lives, provider: LIVES_PROVIDER, notificationUrl: round.rig.notificationUrl };
  await liveWholeLife(server.asTestServer(), settings);
}

/** Lives on, one life after the other, until the process is gone or has had time enough. */
async function liveOn(round: Round, server: KilledServer): Promise<void> {
  const began = performance.now();
  const tooLong = Math.max(TOO_LONG_MS, 5 * round.kills.longestStartMs);
  const state = { lives: 0, isOver: false };
  const isOver = (): boolean => {
    const lived = performance.now() - began;
    return lived > tooLong || (lived > ENOUGH_MS && state.lives >= ENOUGH_LIVES);
  };
  const living = async (): Promise<void> => {
    while (!state.isOver && server.isAlive()) {
      const lived = await live(round, server).then(
        () => 1,
        () => delay(100, 0),
      );
      state.lives += lived;
    }
  };
  const life = living();
  await server.ended(isOver);
  state.isOver = true;
  await server.kill();
  await life;
}

/**
 * The process ends at the point by itself, under load and in the midst of a whole life.
 *
 * @param pass at which pass through the point
 */
export async function killAtPoint(round: Round, server: KilledServer, name: Failpoint, pass?: number): Promise<void> {
  const { kills, random } = round;
  const { isAtStop, mostPasses } = approachOf(name);
  if (server.isAlive()) kills.atRandom += 1;
  await server.kill();
  server.spawn(`${name}:exit@${pass ?? 1 + Math.floor(random() * mostPasses)}`);
  const came = await server.ready(startsWithin(kills));
  if (came === 'hangs') {
    kills.notReady += 1;
    console.log(`  not ready, with ${name} armed:\n${server.output()}`);
  }
  if (came === 'ready' && isAtStop) server.signal('SIGTERM');
  if (came === 'ready') await liveOn(round, server);
  await server.kill();
  if (server.hasPassed(name)) kills.atPoint.set(name, (kills.atPoint.get(name) ?? 0) + 1);
  else kills.notReached.push(name);
}
