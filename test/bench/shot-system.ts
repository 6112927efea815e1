import type { Child } from './child.ts';
import type { Sent, Shot, ShotResult } from './load-generator.ts';
import type { BenchSettings } from './settings.ts';

/** A server as it stands ready for one shot. */
export interface ReadySystem {
  readonly url: string;
  readonly serverPid: number;
  readonly databasePid?: number;
  readonly sent: Sent;
  readonly status: number;
  /** Looks whether all that was answered is there, takes the server away, and tells what else is to be known. */
  finish(result: ShotResult): Promise<readonly string[]>;
}

/** Something that is measured once in each round. */
export interface ShotSystem {
  readonly name: string;
  ready(): Promise<ReadySystem>;
}

export interface Measured extends ShotResult {
  readonly notes: readonly string[];
}

/** What was measured, by system, one for each round. */
export type Rounds = Map<string, Measured[]>;

export async function measure(system: ShotSystem, generator: Child, settings: BenchSettings): Promise<Measured> {
  const ready = await system.ready();
  const { url, sent, status, serverPid, databasePid } = ready;
  const shot: Shot = {
    url,
    sent,
    status,
    serverPid,
    databasePid,
    connections: settings.connections,
    warmUpMs: settings.warmUpSeconds * 1_000,
    measureMs: settings.seconds * 1_000,
  };
  const result = (await generator.ask(shot)) as ShotResult;
  return { ...result, notes: await ready.finish(result) };
}

/** Interleaved: every system once in each round, forwards and backwards in turn, so that no one has the quiet hour. */
export async function runRounds(
  systems: readonly ShotSystem[],
  generator: Child,
  settings: BenchSettings,
): Promise<Rounds> {
  const rounds: Rounds = new Map(systems.map(({ name }) => [name, []]));
  for (let round = 1; round <= settings.rounds; round += 1) {
    const order = round % 2 === 1 ? systems : [...systems].reverse();
    for (const system of order) {
      const measured = await measure(system, generator, settings);
      rounds.get(system.name)?.push(measured);
      const { perSecond, p50Ms, p99Ms, cpuUs, othersCores } = measured;
      console.error(
        `round ${round}/${settings.rounds}  ${system.name}: ${perSecond.toFixed(0)}/s, p50 ${p50Ms.toFixed(1)} ms, ` +
          `p99 ${p99Ms.toFixed(1)} ms, ${cpuUs.toFixed(0)} µs CPU; others had ${othersCores.toFixed(2)} cores`,
      );
    }
  }
  return rounds;
}
