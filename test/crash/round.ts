import { setTimeout as delay } from 'node:timers/promises';
import { seededRandom } from '../../packages/server/src/dispatch/testing/seeded-random.ts';
import type { Failpoint } from '../../packages/server/src/lib/failpoint.ts';
import type { KilledServer } from './killed-server.ts';
import { approachOf, migrationPointsOf, pointsOf, roundOf, type StoreName } from './point-plan.ts';
import { PROVIDERS, type Rig } from './rig.ts';
import { liveWholeLife } from './whole-life.ts';

export interface RoundSettings {
  readonly store: StoreName;
  readonly cycles: number;
  readonly seed: number;
  readonly said: (cycle: number, words: string) => void;
}

/** What was done to the servers. */
export interface Kills {
  atRandom: number;
  duringStart: number;
  ofAll: number;
  readonly atPoint: Set<Failpoint>;
  /** Armed, and not passed in time: such a process is killed from outside. */
  readonly notReached: Failpoint[];
  /** Starts that did not become ready although nothing was armed. */
  notReady: number;
  longestStartMs: number;
}

const STARTS_WITHIN_MS = 60_000;
const REACHED_WITHIN_MS = 12_000;
const LONGEST_DELAY_MS = 1_500;
const SHORTEST_DELAY_MS = 5;
/** Of kills over PostgreSQL, those that hit every process at once. */
const ALL_SHARE = 0.3;

interface Round {
  readonly rig: Rig;
  readonly kills: Kills;
  readonly random: () => number;
  lives: number;
}

async function startAll({ rig, kills }: Round): Promise<void> {
  const began = performance.now();
  const started = await Promise.all(
    rig.servers.map(async (server) => {
      if (!server.isAlive()) server.spawn();
      return await server.ready(STARTS_WITHIN_MS);
    }),
  );
  for (const [index, isReady] of started.entries()) {
    if (isReady) continue;
    kills.notReady += 1;
    console.log(`  not ready:\n${rig.servers[index]?.output()}`);
  }
  kills.longestStartMs = Math.max(kills.longestStartMs, performance.now() - began);
}

/** A new database is made in the midst of kills: one at each point of its migrations. */
async function killInMigrations(round: Round): Promise<void> {
  const { rig, kills, random } = round;
  for (const name of migrationPointsOf(rig.store)) {
    const [server] = rig.servers;
    server?.spawn(`${name}:exit@${name.includes('.in') ? 1 + Math.floor(random() * 10) : 1}`);
    if (await server?.ended(STARTS_WITHIN_MS)) kills.atPoint.add(name);
    else kills.notReached.push(name);
    await server?.kill();
  }
}

async function killAtRandom(round: Round): Promise<void> {
  const { rig, kills, random } = round;
  const isOfAll = rig.servers.length > 1 && random() < ALL_SHARE;
  const one = Math.floor(random() * rig.servers.length);
  const hit = isOfAll ? rig.servers : rig.servers.filter((_, index) => index === one);
  await delay(SHORTEST_DELAY_MS + random() * (LONGEST_DELAY_MS - SHORTEST_DELAY_MS));
  await Promise.all(hit.map((server) => server.kill()));
  kills.atRandom += 1;
  if (isOfAll) kills.ofAll += 1;
  // And again before it is up: what a killed recovery leaves must be as good.
  if (random() < 0.5) {
    for (const server of hit) server.spawn();
    await delay(SHORTEST_DELAY_MS + random() * (LONGEST_DELAY_MS - SHORTEST_DELAY_MS));
    await Promise.all(hit.map((server) => server.kill()));
    kills.duringStart += 1;
  }
}

async function live(round: Round, server: KilledServer): Promise<void> {
  round.lives += 1;
  const settings = { round: round.lives, provider: PROVIDERS[1], notificationUrl: round.rig.notificationUrl };
  await liveWholeLife(server.asTestServer(), settings);
}

/** The process ends at the point by itself, under load and in the midst of a whole life. */
async function killAtPoint(round: Round, server: KilledServer, name: Failpoint): Promise<void> {
  const { rig, kills, random } = round;
  const { isAtStop, isAtStart, isCalm, mostPasses } = approachOf(name);
  rig.orderClient(isCalm ? 'calm' : 'load');
  if (isAtStart) await Promise.all(rig.servers.map((each) => each.kill()));
  else await server.kill();
  server.spawn(`${name}:exit@${1 + Math.floor(random() * mostPasses)}`);
  const isUp = await server.ready(STARTS_WITHIN_MS);
  if (isUp && isAtStop) server.signal('SIGTERM');
  const lives = { isOver: false };
  const living = async (): Promise<void> => {
    while (isUp && !lives.isOver && server.isAlive()) await live(round, server).catch(() => delay(100));
  };
  const life = living();
  if (await server.ended(REACHED_WITHIN_MS)) kills.atPoint.add(name);
  else kills.notReached.push(name);
  lives.isOver = true;
  await server.kill();
  await life;
  rig.orderClient('load');
}

/** Kills the servers at random and at the named points, so often, while the client goes on. */
export async function killAndKill(rig: Rig, { cycles, seed, said }: RoundSettings): Promise<Kills> {
  const kills: Kills = {
    atRandom: 0,
    duringStart: 0,
    ofAll: 0,
    atPoint: new Set(),
    notReached: [],
    notReady: 0,
    longestStartMs: 0,
  };
  const round: Round = { rig, kills, random: seededRandom(seed), lives: 0 };
  await killInMigrations(round);
  await startAll(round);
  await rig.startClient();
  const migrations = migrationPointsOf(rig.store);
  const points = roundOf(
    pointsOf(rig.store).filter((name) => !migrations.includes(name)),
    round.random,
  );
  for (let cycle = 1; cycle <= cycles; cycle += 1) {
    await killAtRandom(round);
    await startAll(round);
    const armed = rig.servers.map((server) => ({ server, name: points.next().value }));
    // What is passed at the start needs all others gone: those take their turn by themselves.
    const alone = armed.filter(({ name }) => approachOf(name).isAtStart);
    for (const { server, name } of alone) await killAtPoint(round, server, name);
    const together = armed.filter(({ name }) => !approachOf(name).isAtStart);
    await Promise.all(together.map(({ server, name }) => killAtPoint(round, server, name)));
    await startAll(round);
    said(cycle, `${rig.store}: ${kills.atPoint.size} points, ${kills.atRandom} at random`);
  }
  return kills;
}
