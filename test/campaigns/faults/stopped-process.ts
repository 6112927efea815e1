import { setTimeout as delay } from 'node:timers/promises';
import { openAppendLog } from '../../crash/append-log.ts';
import { checkHistory } from '../../crash/check-history.ts';
import type { Columns } from '../../crash/evidence.ts';
import { gatherEvidence } from '../../crash/gather-evidence.ts';
import type { KilledServer } from '../../crash/killed-server.ts';
import type { Ended, Invoked } from '../../crash/records.ts';
import { openRig, type Rig } from '../../crash/rig.ts';
import { ask } from '../../server.ts';
import type { Finding } from '../campaign.ts';
import type { Fault, FaultRun } from './fault.ts';
import { type LeaseWatch, type Taken, watchLeases } from './watch-leases.ts';

/** Twice the time-out of a second, and 15 s, as `lease-call.ts` has it. */
const LEASE_MS = 17_000;
const LEASES = 3;
const STARTS_WITHIN_MS = 120_000;
const PATIENCE_MS = 90_000;
/** Of three processes; one goes on. */
const MOST_AT_ONCE = 2;

/** Actions that were cancelled beside the history's client, just when a process goes on. */
interface Cancels {
  readonly rig: Rig;
  readonly log: ReturnType<typeof openAppendLog>;
  made: number;
}

const FIRST_OP = 1_000_000_000;

async function cancel(cancels: Cancels, server: KilledServer, { id, target }: Taken): Promise<void> {
  const op = FIRST_OP + cancels.made;
  cancels.made += 1;
  const invoked: Invoked = { at: Date.now(), kind: 'invoke', op, verb: 'cancel', target, id, attempt: 1 };
  await cancels.log.append(invoked);
  const asked = { method: 'POST', signal: AbortSignal.timeout(20_000) };
  const url = `/beta/security/securityActions/${id}/cancelSecurityAction`;
  const status = await ask(server.asTestServer(), url, asked).then(
    (reply) => reply.status,
    () => 0,
  );
  const kind = status === 200 ? 'ok' : status >= 400 && status < 500 ? 'fail' : 'info';
  await cancels.log.append({ at: Date.now(), op, attempt: 1, kind, httpStatus: status, id } satisfies Ended);
}

/** The one that goes on may be behind with its work on a busy machine. */
const TAKEN_WITHIN_MS = 15_000;
/** So many at once, that the releases are under way when the process goes on. */
const CANCELS = 12;

async function stopAndGoOn(cancels: Cancels, watch: LeaseWatch, stopped: readonly KilledServer[]): Promise<void> {
  const { servers } = cancels.rig;
  const since = Date.now();
  for (const server of stopped) server.signal('SIGSTOP');
  await delay(LEASES * LEASE_MS);
  const living = servers.find((server) => !stopped.includes(server));
  let taken = await watch.takenSince(since);
  for (const giveUpAt = Date.now() + TAKEN_WITHIN_MS; taken.length === 0 && Date.now() < giveUpAt; await delay(500)) {
    taken = await watch.takenSince(since);
  }
  const cancelling = taken.slice(0, CANCELS).map((each) => living && cancel(cancels, living, each));
  await delay(50);
  for (const server of stopped) server.signal('SIGCONT');
  await Promise.all(cancelling);
}

const COUNTED = [
  ['lost', 'what was acknowledged is there'],
  ['illegalTransitions', 'each action is seen to finish once'],
  ['uncancelled', 'what was cancelled does not come to be'],
  ['zombies', 'nothing is in force that nobody wants: late effects are repaired'],
  ['missing', 'what reads inForce is in force'],
  ['phantoms', 'nothing is Completed that was never applied'],
  ['stuck', 'nothing is stuck'],
  ['prematureReleases', 'nothing is released before its end'],
  ['duplicatedByKey', 'a key makes one action'],
  ['unaudited', 'every change and every call is in the journal, before it'],
] as const satisfies readonly (readonly [keyof Columns, string])[];

const brokenBy = (found: readonly string[]): string | undefined =>
  found.length === 0 ? undefined : `${found.length}: ${found.slice(0, 5).join('; ')}`;

async function judge(rig: Rig, watch: LeaseWatch, cases: number, cancelled: number): Promise<readonly Finding[]> {
  const evidence = await gatherEvidence(rig, { patienceMs: PATIENCE_MS, said: () => undefined });
  const columns = checkHistory(evidence);
  const { cleared, taken } = await watch.counts();
  const dead = rig.servers.filter((server) => !server.isAlive()).length;
  return [
    {
      promise: 'no stale commit is accepted',
      broken: brokenBy(await watch.stale()),
      seen: `${cases} stops of ${LEASES} leases, ${cleared} leases ended, ${taken} of them ran out and were taken over`,
    },
    // Else nothing was under way, and nothing is shown.
    { promise: 'calls were under way in the processes that stood still', broken: taken === 0 ? 'none' : undefined },
    { promise: 'every process goes on', broken: dead === 0 ? undefined : `${dead} ended` },
    ...COUNTED.map(([name, promise]): Finding => ({ promise, broken: brokenBy(columns[name]) })),
    {
      promise: 'there was load',
      broken: columns.ok < 50 ? `${columns.ok} actions` : undefined,
      seen: `${columns.ok} actions, ${columns.repeatedCalls} calls sent again, ${cancelled} cancelled at SIGCONT`,
    },
  ];
}

async function disturb({ count, say }: FaultRun, rig: Rig): Promise<readonly Finding[]> {
  for (const server of rig.servers) server.spawn();
  const ready = await Promise.all(rig.servers.map((server) => server.ready(STARTS_WITHIN_MS)));
  const late = rig.servers.find((_, index) => ready[index] !== 'ready');
  if (late || !rig.postgres) throw new Error(`A server did not start:\n${late?.output()}`);
  const watch = await watchLeases(rig.postgres);
  const cancels: Cancels = { rig, log: openAppendLog(rig.history), made: 0 };
  await rig.startClient();
  await delay(4_000);
  for (let done = 0; done < count; ) {
    const stopped = [...rig.servers, ...rig.servers].slice(done % 3, (done % 3) + Math.min(MOST_AT_ONCE, count - done));
    await stopAndGoOn(cancels, watch, stopped);
    done += stopped.length;
    say(done, `${cancels.made} cancels at SIGCONT`);
    await delay(3_000);
  }
  const findings = await judge(rig, watch, count, cancels.made);
  cancels.log.close();
  await watch.close();
  return findings;
}

/** Of three processes on PostgreSQL one or two stand still for three leases, in the midst of calls, and go on. */
export const stoppedProcess: Fault = {
  name: 'stopped-process',
  cases: { long: 100, short: 2 },
  run: async (fault) => {
    const rig = await openRig('PostgreSQL', fault.seed);
    try {
      return await disturb(fault, rig);
    } finally {
      await rig.close();
    }
  },
};
