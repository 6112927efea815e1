import { writeSync } from 'node:fs';

/**
 * Points in the life of an action, of a change and of a process at which a test may end or hold this process. Each is
 * passed in one place of the code, those of the two databases each in its own.
 */
export const FAILPOINTS = [
  'accept.beforeStore',
  'accept.afterStore',
  'accept.beforeAnswer',
  'accept.keyUsed',
  'cancel.beforeStore',
  'cancel.afterStore',
  'cancel.beforeAnswer',
  'delete.beforeStore',
  'delete.afterStore',
  'sqlite.beforeBegin',
  'sqlite.afterBegin',
  'sqlite.beforeCommit',
  'sqlite.afterCommit',
  'sqlite.beforeMigration',
  'sqlite.inMigration',
  'sqlite.afterMigration',
  'sqlite.beforeEpoch',
  'sqlite.afterEpoch',
  'sqlite.inEpochFile',
  'sqlite.afterEpochFile',
  'postgres.beforeBegin',
  'postgres.afterLock',
  'postgres.beforeCommit',
  'postgres.inCommit',
  'postgres.afterCommit',
  'postgres.beforeMigration',
  'postgres.inMigration',
  'postgres.afterMigration',
  'expiry.beforeStore',
  'expiry.afterStore',
  'dispatch.beforeIntent',
  'dispatch.afterIntent',
  'call.beforeSend',
  'call.sent',
  'call.answered',
  'call.looked',
  'release.beforeSend',
  'release.sent',
  'release.answered',
  'settle.beforeStore',
  'settle.afterStore',
  'notify.taken',
  'notify.beforeSend',
  'notify.afterSend',
  'notify.afterSettle',
  'feed.begun',
  'feed.sent',
  'index.beforeStore',
  'index.afterStore',
  'start.storeOpen',
  'start.listening',
  'start.beforeLeasesFreed',
  'start.afterLeasesFreed',
  'start.ready',
  'stop.begun',
  'stop.answered',
  'stop.drained',
] as const;

export type Failpoint = (typeof FAILPOINTS)[number];

/** What happens at a point: `exit` is `kill -9`, `pause` holds the thread, `say` writes the point's name to stderr. */
export type Deed = 'exit' | 'say' | { readonly pauseMs: number };

export interface ArmedFailpoint {
  readonly name: Failpoint;
  readonly deed: Deed;
  /** At which pass through the point in this thread, from 1. */
  readonly pass: number;
}

interface Waiting {
  readonly deed: Deed;
  passesLeft: number;
}

const armed = { any: false, waiting: new Map<Failpoint, Waiting>() };

/** Arms points in this thread, in place of those armed before. */
export function armFailpoints(points: readonly ArmedFailpoint[]): void {
  armed.waiting = new Map(points.map(({ name, deed, pass }) => [name, { deed, passesLeft: pass }]));
  armed.any = points.length > 0;
}

/** The process passes a point. Where none is armed, which is always so in production, it costs one comparison. */
export function failpoint(name: Failpoint): void {
  if (armed.any) pass(name);
}

function pass(name: Failpoint): void {
  const waiting = armed.waiting.get(name);
  if (!waiting) return;
  waiting.passesLeft -= 1;
  if (waiting.passesLeft > 0) return;
  armed.waiting.delete(name);
  carryOut(name, waiting.deed);
}

const STDERR = 2;

function carryOut(name: Failpoint, deed: Deed): void {
  writeSync(STDERR, `failpoint ${name}\n`);
  if (deed === 'say') return;
  if (deed === 'exit') process.kill(process.pid, 'SIGKILL');
  // The kill reaches the thread at its next step: nothing more must be done until then.
  const wait = deed === 'exit' ? Number.POSITIVE_INFINITY : deed.pauseMs;
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, wait);
}
