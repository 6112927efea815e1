import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { startServer, type TestServer, until } from '../../server.ts';
import type { Finding } from '../campaign.ts';
import { armIo, type IoControl, type IoFault } from './io-control.ts';
import { compareFile } from './read-file.ts';
import { compareTold, nothingTold, postOne, postUntil, repeatUnknown, type Told } from './told.ts';
import { cancelUntil, compareCancels, noCancelTold, type ToldCancels } from './told-cancels.ts';

/** G-R14. */
const BACK_WITHIN_MS = 10_000;
const LOAD_ENDS_AFTER_MS = 60_000;

/** A server, and the one fault that its database's files meet. */
export interface IoCase {
  readonly words: string;
  readonly fault: IoFault;
  /** Killed at once after the fault, before another commit may cover it. */
  readonly isKilled: boolean;
  /** A whole server is started on what is left, which costs more than a look into the file. */
  readonly isStartedAgain: boolean;
  readonly folder: string;
  readonly shim: string;
}

export interface IoCaseState extends IoCase {
  readonly told: Told;
  readonly cancels: ToldCancels;
  readonly control: IoControl;
  readonly findings: Finding[];
  /** The fault took place. */
  hasMet: boolean;
}

const data = (of: IoCase): string => path.join(of.folder, 'data');

const isGone = ({ pid }: TestServer): boolean => {
  try {
    return !process.kill(pid, 0);
  } catch {
    return true;
  }
};

/** What a start that the fault meets must do: end, and say so in a sentence. */
async function startUnder(state: IoCaseState): Promise<TestServer | undefined> {
  try {
    return await startServer({ data: data(state), env: state.control.env });
  } catch (error) {
    const output = error instanceof Error ? error.message : String(error);
    const isClear = /disk/i.test(output) && !/\n\s+at .*:\d+:\d+/.test(output);
    const broken = state.control.failed() > 0 && isClear ? undefined : output.slice(0, 1_500);
    state.findings.push({ promise: 'a start that fails says why in a sentence', broken });
    return undefined;
  }
}

async function loadUntilFault(state: IoCaseState, server: TestServer): Promise<void> {
  const { told, cancels, control, isKilled } = state;
  const stop = new AbortController();
  const load = [postUntil(told, server, stop.signal, 4), cancelUntil(told, cancels, server, stop.signal)];
  const deadline = Date.now() + LOAD_ENDS_AFTER_MS;
  while (control.failed() === 0 && Date.now() < deadline) await delay(2);
  // Long enough for answers, and for an end by its own decision.
  await delay(isKilled ? 30 : 500);
  if (isKilled && state.fault.error === 'ENOSPC') await server.kill();
  stop.abort();
  await Promise.all(load);
}

/** After an I/O error the process ends by itself; without room it goes on, and is well once there is room. */
async function judgeServer(state: IoCaseState, server: TestServer): Promise<void> {
  const { fault, told, findings, isKilled } = state;
  if (fault.error === 'EIO') {
    const gone = await until(() => isGone(server), Boolean, 5_000).catch(() => false);
    const code = gone ? await server.stop() : null;
    const says = server.output().includes('The embedded store has failed. The process ends');
    const broken = code === 1 && says ? undefined : `gone ${gone}, code ${code}: ${server.output().slice(-1_000)}`;
    findings.push({ promise: 'after an I/O error the process ends with code 1 and says why', broken });
  } else if (!isKilled) {
    state.control.heal();
    const began = performance.now();
    const back = await until(
      () => postOne(told, server),
      (status) => status === 201,
      2 * BACK_WITHIN_MS,
    ).catch(String);
    const took = performance.now() - began;
    const broken = back === 201 && took < BACK_WITHIN_MS ? undefined : `${back} after ${Math.round(took)} ms`;
    findings.push({ promise: 'it accepts by itself within 10 s of there being room', broken });
  }
  await server.kill();
}

/** A new server, on what is there, is asked about what was told. */
async function judgeAgain(state: IoCaseState): Promise<void> {
  const { told, cancels, findings } = state;
  const server = await startServer({ data: data(state) });
  try {
    await repeatUnknown(told, server);
    await postOne(told, server);
    findings.push(...(await compareTold(told, server)), ...(await compareCancels(cancels, server)));
  } finally {
    await server.kill();
  }
}

export async function runIoCase(of: IoCase): Promise<IoCaseState> {
  const control = armIo(of.shim, path.join(of.folder, 'control'), of.fault);
  const state: IoCaseState = {
    ...of,
    control,
    told: nothingTold(),
    cancels: noCancelTold(),
    findings: [],
    hasMet: false,
  };
  const server = await startUnder(state);
  if (server) {
    try {
      await loadUntilFault(state, server);
      if (control.failed() > 0) await judgeServer(state, server);
    } finally {
      await server.kill();
    }
  }
  state.hasMet = control.failed() > 0;
  state.findings.push(...compareFile(data(state), state.told, state.cancels));
  if (of.isStartedAgain || !server) await judgeAgain(state);
  return state;
}
