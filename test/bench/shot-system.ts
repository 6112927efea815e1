import type { Child } from './child.ts';
import type { Sent, Shot, ShotResult } from './load-generator.ts';
import type { BenchSettings } from './settings.ts';

/** A server that is ready to be measured. */
export interface ReadySystem {
  readonly url: string;
  readonly serverPid: number;
  readonly databasePid?: number;
  readonly sent: Sent;
  readonly status: number;
  /**
   * Looks whether all that was answered is there, takes the server away, and tells what else is to be known.
   * @throws {Error} where an answer was no true one
   */
  finish(answered: number, seconds: number): Promise<readonly string[]>;
}

/** Something that has one turn in each round. */
export interface ShotSystem {
  readonly name: string;
  start(): Promise<ReadySystem>;
}

export interface MeasuredSystem {
  readonly name: string;
  /** One for each round. */
  readonly results: readonly ShotResult[];
  readonly notes: readonly string[];
}

/** @throws {Error} where it had no turn */
export function systemOf(measured: readonly MeasuredSystem[], name: string): MeasuredSystem {
  const found = measured.find((each) => each.name === name);
  if (!found) throw new Error(`${name} was not measured.`);
  return found;
}

interface Running extends ReadySystem {
  readonly name: string;
  readonly results: ShotResult[];
  answered: number;
  loadedMs: number;
}

async function fire(
  generator: Child,
  running: Running,
  connections: number,
  runUp: number,
  seconds: number,
): Promise<ShotResult> {
  const { url, sent, status, serverPid, databasePid, answered } = running;
  const times = { runUpMs: runUp * 1_000, measureMs: seconds * 1_000 };
  const shot: Shot = { url, sent, status, serverPid, databasePid, connections, firstIndex: answered, ...times };
  const startedAt = performance.now();
  const result = (await generator.ask(shot)) as ShotResult;
  running.loadedMs += performance.now() - startedAt;
  running.answered += result.answered;
  return result;
}

/** A server whose turn it is not stands still, with all that it still had to do: nothing of it disturbs the others. */
const hold = ({ serverPid }: ReadySystem): void => void process.kill(serverPid, 'SIGSTOP');
const letGo = ({ serverPid }: ReadySystem): void => void process.kill(serverPid, 'SIGCONT');

const show = (name: string, { perSecond, p50Ms, p99Ms, cpuUs, othersCores }: ShotResult): string =>
  `${name}: ${perSecond.toFixed(0)}/s, p50 ${p50Ms.toFixed(1)} ms, p99 ${p99Ms.toFixed(1)} ms, ${cpuUs.toFixed(0)} µs CPU` +
  (othersCores > 0.15 ? `; others had ${othersCores.toFixed(1)} cores` : '');

async function startAll(systems: readonly ShotSystem[], generator: Child, settings: BenchSettings): Promise<Running[]> {
  const started: Running[] = [];
  for (const system of systems) {
    const ready = await system.start();
    // Two systems may be asked of one server.
    letGo(ready);
    const running: Running = { ...ready, name: system.name, results: [], answered: 0, loadedMs: 0 };
    console.error(
      `warm  ${show(system.name, await fire(generator, running, settings.connections, 0, settings.warmUpSeconds))}`,
    );
    hold(running);
    started.push(running);
  }
  return started;
}

/**
 * Short turns in many rounds, forwards and backwards: a machine that is slower for a while is slower for all of them. A
 * ratio is taken within a round.
 */
export async function measureInTurns(
  systems: readonly ShotSystem[],
  generator: Child,
  settings: BenchSettings,
): Promise<readonly MeasuredSystem[]> {
  const running = await startAll(systems, generator, settings);
  for (let round = 1; round <= settings.rounds; round += 1) {
    for (const system of round % 2 === 1 ? running : running.toReversed()) {
      letGo(system);
      const result = await fire(generator, system, settings.connections, settings.runUpSeconds, settings.seconds);
      hold(system);
      system.results.push(result);
      console.error(`${round}/${settings.rounds}  ${show(system.name, result)}`);
    }
  }
  const measured: MeasuredSystem[] = [];
  for (const system of running) {
    letGo(system);
    const notes = await system.finish(system.answered, system.loadedMs / 1_000);
    measured.push({ name: system.name, results: system.results, notes });
  }
  return measured;
}
