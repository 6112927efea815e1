import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { cpuOf } from '../../bench/cpu-time.ts';
import type { LoadPlan, Stream, StreamResult } from './load-plan.ts';

/** Fewer than the machine has, where whoever started this said so. */
const CORES = os.availableParallelism();

/**
 * From now on this process, and what it starts, runs on one core: the server on the first, whoever sends on the others.
 * Where there is one only, they share it.
 */
export function moveTo(whose: 'server' | 'senders'): void {
  if (CORES < 2) return;
  const list = whose === 'server' ? '0' : `1-${CORES - 1}`;
  execFileSync('taskset', ['-a', '-pc', list, String(process.pid)], { stdio: 'ignore' });
}

/** A process that sends. */
export interface Generator {
  run(streams: readonly Stream[]): Promise<readonly StreamResult[]>;
  end(): void;
}

export function startGenerator(url: string, provider: string): Generator {
  const script = path.join(import.meta.dirname, 'generator-process.ts');
  const stdio = ['ignore', 'inherit', 'inherit', 'ipc'] as const;
  const child: ChildProcess = spawn(process.execPath, ['--conditions=source', script], {
    stdio: [...stdio],
    serialization: 'advanced',
  });
  const { hostname, port } = new URL(url);
  return {
    run: async (streams) => {
      const plan: LoadPlan = { host: hostname, port: Number(port), provider, streams };
      child.send(plan);
      const [results] = (await once(child, 'message')) as [readonly StreamResult[]];
      return results;
    },
    end: () => child.kill(),
  };
}

function rssOf(pid: number): number {
  const kb = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1];
  return Number(kb ?? 0) / 1_024;
}

const LOOK_EVERY_MS = 250;

export interface Measured<Value> {
  readonly value: Value;
  /** The most memory that the process had meanwhile. */
  readonly mb: number;
  readonly cpuSeconds: number;
}

/** What a process needs while something goes on. */
export async function measure<Value>(pid: number, during: () => Promise<Value>): Promise<Measured<Value>> {
  const before = cpuOf(pid);
  let mb = rssOf(pid);
  const timer = setInterval(() => {
    mb = Math.max(mb, rssOf(pid));
  }, LOOK_EVERY_MS);
  try {
    const value = await during();
    return { value, mb, cpuSeconds: (cpuOf(pid) - before) / 1_000_000 };
  } finally {
    clearInterval(timer);
  }
}
