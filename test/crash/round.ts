import { setTimeout as delay } from 'node:timers/promises';
import { seededRandom } from '../../packages/server/src/dispatch/testing/seeded-random.ts';
import type { Failpoint } from '../../packages/server/src/lib/failpoint.ts';
import { killAtPoint } from './kill-at-point.ts';
import type { KilledServer } from './killed-server.ts';
import { createKills, type Kills, type Round, startsWithin } from './kills.ts';
import { approachOf, killedIn, migrationPointsOf, pointsOf, roundOf, type StoreName } from './point-plan.ts';
import type { Rig } from './rig.ts';

export interface RoundSettings {
  readonly store: StoreName;
  readonly cycles: number;
  readonly seed: number;
  /** Points that begin so; all where there is none. */
  readonly only: readonly string[];
  readonly said: (cycle: number, words: string) => void;
}

interface Armed {
  readonly server: KilledServer;
  readonly name: Failpoint;
}

/** Behind a start that takes as long as the one before it. */
const LONGEST_LIFE_MS = 1_500;
const SHORTEST_DELAY_MS = 5;
const IN_START_SHARE = 0.5;
/** So often a point that was not passed gets another try, at the end of the round: nobody else is there to pass it. */
const MORE_TRIES = 2;

/** Starts it, where it is not there, and does not wait. Resolves when it is ready, or was killed before it was. */
async function start({ rig, kills }: Round, server: KilledServer): Promise<void> {
  if (server.isAlive()) return;
  const began = performance.now();
  server.spawn();
  const came = await server.ready(startsWithin(kills));
  if (came === 'killed') return;
  if (came !== 'ready') {
    kills.notReady += 1;
    console.log(`  ${came}, and not ready, over ${rig.store}:\n${server.output()}`);
  }
  kills.lastStartMs = performance.now() - began;
  kills.longestStartMs = Math.max(kills.longestStartMs, kills.lastStartMs);
}

/** A new database is made in the midst of kills: one at each point of its migrations. */
async function killInMigrations(round: Round): Promise<void> {
  const { rig, random } = round;
  const [server] = rig.servers;
  if (!server) return;
  for (const name of migrationPointsOf(rig.store)) {
    await killAtPoint(round, server, name, name.includes('.in') ? 1 + Math.floor(random() * 10) : 1);
  }
}

/** So many different ones, in an order of the seed's. */
function pickServers({ rig, random }: Round, count: number): readonly KilledServer[] {
  const drawn = rig.servers.map((server) => ({ server, at: random() })).sort((one, other) => one.at - other.at);
  return drawn.slice(0, count).map(({ server }) => server);
}

/** At once, at any moment from their start on: half of the time before they are ready, so that the next start finds that. */
async function killAtRandom({ kills, random }: Round, hit: readonly KilledServer[]): Promise<void> {
  const isInStart = random() < IN_START_SHARE;
  if (!isInStart) await Promise.all(hit.map((server) => server.ready(startsWithin(kills))));
  await delay(SHORTEST_DELAY_MS + random() * (isInStart ? kills.lastStartMs : LONGEST_LIFE_MS));
  const ready = hit.filter((server) => server.isReady());
  await Promise.all(hit.map((server) => server.kill()));
  kills.atRandom += ready.length;
  kills.duringStart += hit.length - ready.length;
}

/** Each at its own point, beside each other, and started again as soon as it is gone. */
async function killTogether(round: Round, armed: readonly Armed[]): Promise<void> {
  const isCalm = armed.some(({ name }) => approachOf(name).isCalm);
  round.rig.orderClient(isCalm ? 'calm' : 'load');
  const killAndStart = async ({ server, name }: Armed): Promise<void> => {
    await killAtPoint(round, server, name);
    void start(round, server);
  };
  await Promise.all(armed.map(killAndStart));
  round.rig.orderClient('load');
}

/** Whoever is not hit lives on, and takes up what the others left: but for points that only a lonely one passes. */
async function runCycle(
  round: Round,
  names: readonly Failpoint[],
  isAlone = (name: Failpoint): boolean => approachOf(name).isAlone,
): Promise<void> {
  const { servers } = round.rig;
  const hit = pickServers(round, names.length);
  await killAtRandom(round, hit);
  const alone = names.filter(isAlone);
  if (alone.length > 0) await Promise.all(servers.map((server) => server.kill()));
  for (const name of alone) await killAtPoint(round, servers[0] as KilledServer, name);
  for (const server of servers) if (!hit.includes(server)) void start(round, server);
  const others = names.filter((name) => !alone.includes(name));
  await killTogether(
    round,
    others.map((name, index) => ({ server: hit[index] as KilledServer, name })),
  );
  for (const server of hit) void start(round, server);
}

/** Kills the servers at random and at the named points, so often, while the client goes on. */
export async function killAndKill(rig: Rig, { cycles, seed, only, said }: RoundSettings): Promise<Kills> {
  const round: Round = { rig, kills: createKills(), random: seededRandom(seed), lives: 0 };
  const { kills } = round;
  await killInMigrations(round);
  await Promise.all(rig.servers.map((server) => start(round, server)));
  await rig.startClient();
  const migrations = migrationPointsOf(rig.store);
  const isWanted = (name: Failpoint): boolean => only.length === 0 || only.some((begin) => name.startsWith(begin));
  const names = pointsOf(rig.store).filter((name) => !migrations.includes(name) && isWanted(name));
  if (names.length === 0) throw new Error(`No failpoint begins with ${only.join(' or ')}.`);
  const points = roundOf(names, round.random);
  const words = (): string =>
    `${rig.store}: ${kills.atPoint.size} points, a start takes ${Math.round(kills.lastStartMs)} ms`;
  for (let cycle = 1; cycle <= cycles; cycle += 1) {
    await runCycle(
      round,
      Array.from({ length: killedIn(cycle, rig.store) }, () => points.next().value),
    );
    said(cycle, words());
  }
  for (let tries = 0; tries < MORE_TRIES; tries += 1) {
    for (const name of new Set(kills.notReached)) {
      if (!kills.atPoint.has(name)) await runCycle(round, [name], () => true);
    }
  }
  await Promise.all(rig.servers.map((server) => server.ready(startsWithin(kills))));
  return kills;
}
