import { readFileSync } from 'node:fs';
import type { TestServer } from '../server.ts';
import type { Child } from './child.ts';
import type { Shot, ShotResult } from './load-generator.ts';
import { median } from './quantile.ts';
import type { BenchSettings } from './settings.ts';

export interface Memory {
  readonly medianMb: number;
  readonly mostMb: number;
  readonly perSecond: number;
}

const EVERY_MS = 200;

/** Of a process, at this moment. */
export function residentMb(pid: number): number {
  const found = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Number(found?.[1] ?? Number.NaN) / 1_024;
}

/** Resident memory of the whole process while it takes POSTs as fast as it can, and dispatches them. */
export async function measureMemory(server: TestServer, generator: Child, settings: BenchSettings): Promise<Memory> {
  const seen: number[] = [];
  const watch = setInterval(() => seen.push(residentMb(server.pid)), EVERY_MS);
  const shot: Shot = {
    url: server.url,
    sent: { kind: 'request', provider: 'blocklist', path: '/beta/security/securityActions', token: server.token() },
    status: 201,
    connections: settings.connections,
    firstIndex: 0,
    runUpMs: 1_000,
    measureMs: settings.memorySeconds * 1_000,
    serverPid: server.pid,
    databasePid: undefined,
  };
  try {
    const { perSecond } = (await generator.ask(shot)) as ShotResult;
    return { medianMb: median(seen), mostMb: Math.max(...seen), perSecond };
  } finally {
    clearInterval(watch);
  }
}
