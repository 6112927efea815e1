import type { Finding } from '../../campaign.ts';
import type { DayCall } from './day-product.ts';
import { type Asked, BIG, type Traffic } from './day-traffic.ts';
import type { Day } from './open-day.ts';

interface DayTimes {
  readonly awayAt: number;
  readonly backAt: number;
  /** The limit of the provider that was away. */
  readonly perMinute: number;
}

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
/** Of the rate at which requests come. */
const MOST_RETRIES = 1.2;
const LEAST_DRAIN = 0.8;
const FINE_WITHIN_MS = 1_000;
/** After its return a release that waits is tried within its longest pause and a time-out; then the limit decides. */
const RELEASES_WITHIN_MS = 60_000;

const brokenBy = (found: readonly string[]): string | undefined =>
  found.length === 0 ? undefined : `${found.length}: ${found.slice(0, 5).join('; ')}`;
const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
const inSpan = (calls: readonly DayCall[], from: number, to: number): readonly DayCall[] =>
  calls.filter(({ at }) => at >= from && at < to);
const most = (calls: readonly DayCall[], from: number, to: number, spanMs: number): number => {
  const counts = Map.groupBy(inSpan(calls, from, to), ({ at }) => Math.floor((at - from) / spanMs));
  return Math.max(0, ...[...counts.values()].map(({ length }) => length));
};

interface Stored {
  readonly id: string;
  readonly status: string;
  readonly state: string;
}

const RESTING: ReadonlySet<string> = new Set(['none', 'inForce', 'released']);

/** What became of each: nothing is lost, and nothing waits. */
function judgeFates({ database, away, fine }: Day, { asked, refused }: Traffic): readonly Finding[] {
  const rows = database.prepare('select id, status, state from action').all() as unknown as Stored[];
  const stored = new Map(rows.map((row) => [row.id, row]));
  const lost: string[] = [];
  const holding = new Set<string>();
  for (const { id, target, provider, cancelledAt, endsAt } of asked) {
    const { status = 'absent', state = 'absent' } = stored.get(id) ?? {};
    const isWanted = cancelledAt === undefined && endsAt === undefined;
    const isOver = status === 'Completed' || (status === 'Failed' && !isWanted);
    if (!isOver || !RESTING.has(state) || (isWanted && state !== 'inForce')) lost.push(`${id}: ${status} ${state}`);
    if (state === 'inForce') holding.add(`${provider} ${target}`);
  }
  const there = [away, fine].flatMap(({ name, inForce }) => [...inForce].map((target) => `${name} ${target}`));
  const strays = there.filter((target) => !holding.has(target));
  const inForce = new Set(there);
  const missing = [...holding].filter((target) => !inForce.has(target));
  return [
    { promise: 'nothing that was accepted is lost', broken: brokenBy(lost), seen: `${asked.length} accepted` },
    { promise: 'nothing is refused', broken: brokenBy(refused.map(String)) },
    { promise: 'what is in force is what is wanted', broken: brokenBy([...strays, ...missing]) },
  ];
}

const isWantedAt = ({ cancelledAt, endsAt }: Asked, at: number): boolean =>
  (cancelledAt === undefined || cancelledAt > at) && (endsAt === undefined || endsAt > at);

/** What was sent: nothing too late, nothing that nobody wants, and each target in order. */
function judgeCalls({ away }: Day, { asked }: Traffic): readonly Finding[] {
  const byId = new Map<string, Asked>(asked.map((each) => [each.id, each]));
  const applies = away.calls.filter(({ kind }) => kind === 'apply');
  const late = applies.filter(({ at, until }) => at >= until);
  const unwanted = applies.filter(
    ({ at, actionId }) => (byId.get(actionId)?.cancelledAt ?? Number.POSITIVE_INFINITY) < at,
  );
  const disordered: string[] = [...away.overlapped];
  for (const [target, calls] of Map.groupBy(applies, (call) => call.target)) {
    let newest: Asked | undefined;
    for (const { at, actionId } of calls) {
      const next = byId.get(actionId);
      if (newest && next && next.order < newest.order && isWantedAt(newest, at)) disordered.push(target);
      newest = next;
    }
  }
  const again = asked.length - new Set(asked.map(({ target }) => target)).size;
  const ended = asked.filter(({ endsAt }) => endsAt !== undefined).length;
  return [
    {
      promise: 'nothing is sent behind its own end',
      broken: brokenBy(late.map(({ target }) => target)),
      seen: `${ended} had one`,
    },
    { promise: 'nothing is sent that was cancelled', broken: brokenBy(unwanted.map(({ target }) => target)) },
    { promise: 'each target in order', broken: brokenBy(disordered), seen: `${again} wanted a target again` },
  ];
}

/** "Steady" is what it is asked in normal work at the same rate of requests: decision 31. */
function judgeTraffic({ away: { calls } }: Day, { awayAt, backAt, perMinute }: DayTimes): readonly Finding[] {
  const steady = inSpan(calls, awayAt - HOUR_MS, awayAt).length;
  const worst = most(calls, awayAt + HOUR_MS, backAt, HOUR_MS) / steady;
  const all = inSpan(calls, awayAt, backAt).length / (24 * steady);
  // A limit is each tenant's own.
  const byTenant = [...Map.groupBy(calls, ({ tenantId }) => tenantId).values()];
  const storm = Math.max(...byTenant.map((own) => most(own, backAt, Number.POSITIVE_INFINITY, MINUTE_MS)));
  return [
    {
      promise: `while it is away it is asked at most ${MOST_RETRIES} × as often as in steady work, in each hour`,
      broken: worst > MOST_RETRIES ? `${worst.toFixed(2)} ×` : undefined,
      seen: `steady ${steady} an hour; the worst hour ${worst.toFixed(2)} ×, the day ${all.toFixed(2)} ×`,
    },
    {
      promise: 'no minute after its return sees more of a tenant than its limit',
      broken: storm > perMinute ? `${storm}` : undefined,
      seen: `${storm} of ${perMinute}`,
    },
  ];
}

/** How what had waited came through once it answered again, of the tenant that has nearly all of it. */
function judgeDrain({ away: { calls } }: Day, { asked }: Traffic, { backAt, perMinute }: DayTimes): readonly Finding[] {
  const waited = new Set(
    asked.filter(({ askedAt, provider }) => provider === 'away' && askedAt < backAt).map(({ id }) => id),
  );
  const done = calls.filter(({ tenantId, doneAt }) => tenantId === BIG && doneAt !== undefined && doneAt >= backAt);
  const foundAt = done[0]?.doneAt ?? Number.POSITIVE_INFINITY;
  const queue = done.filter(({ kind, actionId }) => kind === 'apply' && waited.has(actionId));
  const emptyAt = queue[Math.floor(0.98 * queue.length)]?.doneAt ?? foundAt;
  const share = inSpan(done, backAt, emptyAt).length / ((perMinute * (emptyAt - foundAt)) / MINUTE_MS);
  const ending = new Set(
    asked
      .filter(
        ({ endsAt, cancelledAt }) =>
          Math.min(endsAt ?? Number.POSITIVE_INFINITY, cancelledAt ?? Number.POSITIVE_INFINITY) < backAt,
      )
      .map(({ id }) => id),
  );
  const releases = done.filter(({ kind, actionId }) => kind === 'release' && ending.has(actionId));
  const releasedMs = (releases.at(-1)?.doneAt ?? backAt) - backAt;
  const allowedMs = RELEASES_WITHIN_MS + (releases.length * MINUTE_MS) / (LEAST_DRAIN * perMinute);
  const before = inSpan(done, backAt, backAt + releasedMs).length;
  return [
    {
      promise: `what waited goes out at ${percent(LEAST_DRAIN)} of the limit at least`,
      broken: share < LEAST_DRAIN ? percent(share) : undefined,
      seen: `${queue.length} applies at ${percent(share)} of ${perMinute} a minute, from ${Math.round((foundAt - backAt) / 1_000)} s after its return on, over ${((emptyAt - foundAt) / MINUTE_MS).toFixed(1)} min`,
    },
    {
      promise: 'releases go first',
      broken: releasedMs > allowedMs || releases.length === 0 ? `${releases.length} after ${releasedMs} ms` : undefined,
      seen: `${releases.length} waited, all done ${Math.round(releasedMs / 1_000)} s after its return; by then ${before - releases.length} others had gone`,
    },
  ];
}

function judgeFine({ fine: { calls } }: Day, { asked }: Traffic, { awayAt, backAt }: DayTimes): Finding {
  const doneAt = new Map(calls.flatMap((call) => (call.kind === 'apply' ? [[call.actionId, call.doneAt]] : [])));
  const mine = asked.filter(({ provider, askedAt }) => provider === 'fine' && askedAt >= awayAt && askedAt < backAt);
  const took = mine.map(({ id, askedAt }) => (doneAt.get(id) ?? Number.POSITIVE_INFINITY) - askedAt);
  const slow = took.filter((ms) => !(ms <= FINE_WITHIN_MS)).length;
  return {
    promise: `the other provider does each of its own within ${FINE_WITHIN_MS / 1_000} s meanwhile`,
    broken: slow > 0 || mine.length === 0 ? `${slow} of ${mine.length}` : undefined,
    seen: `${mine.length} within ${Math.max(...took)} ms`,
  };
}

export function judgeDay(day: Day, traffic: Traffic, times: DayTimes): readonly Finding[] {
  return [
    ...judgeFates(day, traffic),
    ...judgeCalls(day, traffic),
    ...judgeTraffic(day, times),
    ...judgeDrain(day, traffic, times),
    judgeFine(day, traffic, times),
    { promise: 'the server meets no fault of its own', broken: brokenBy(day.faults.map(String)) },
  ];
}
