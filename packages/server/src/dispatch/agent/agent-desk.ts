import type { AgentWork, WorkReport } from '@interdict/connectors';
import type { AgentAsking, AgentDesk, ReportedWork } from '../../actions/agent-work.ts';
import { wait } from '../../lib/timers.ts';
import type { CommitWatch } from '../../store/watch-commits.ts';
import type { LeasedCall } from '../call-result.ts';
import { noteHealth } from '../carry-call.ts';
import type { Dispatcher } from '../dispatcher.ts';
import { leaseMs } from '../lease-call.ts';
import { wake } from '../run-turn.ts';
import type { Settled } from '../settle-call.ts';
import type { Terms } from '../terms.ts';
import { agentOwner } from './agent-owner.ts';
import { leaseDue } from './lease-work.ts';
import { parseWorkId, type WorkKey, workId } from './work-id.ts';
import { completeWork, renewWork } from './work-units.ts';

/** What a process next door does is told by hints that may be lost, and what comes due is told by nobody. */
const LOOK_EVERY_MS = 1_000;
/** A busy tenant commits all the time. */
const GATHER_MS = 5;

function termsOf({ deps }: Dispatcher, { provider }: AgentAsking): Terms {
  const found = deps.providers.find(({ key }) => key === provider.key);
  if (!found) throw new Error(`The dispatcher knows no provider ${provider.key}.`);
  return found.terms;
}

function toWork(leased: LeasedCall, terms: Terms): AgentWork {
  const { kind, inDoubt, call } = leased;
  const leaseSeconds = leaseMs(terms) / 1_000;
  return { id: workId(leased), kind, leaseSeconds, timeoutSeconds: terms.timeoutMs / 1_000, inDoubt, call };
}

async function settle(
  dispatcher: Dispatcher,
  asking: AgentAsking,
  key: WorkKey,
  result: WorkReport & { readonly protection?: string },
): Promise<Settled> {
  const { store, random, onAlarms } = dispatcher.deps;
  const terms = termsOf(dispatcher, asking);
  const settlement = { ...key, result, random: random(), owner: agentOwner(asking.appId), terms };
  const settled = await store.run(asking.tenantId, completeWork, settlement, { urgent: true });
  onAlarms(asking.tenantId, settled.alarms ?? []);
  return settled;
}

/** The guard-rails are asked before every apply is given away: what they forbid is settled as that, here and now. */
async function unlessProtected(
  dispatcher: Dispatcher,
  asking: AgentAsking,
  leased: LeasedCall,
): Promise<LeasedCall | undefined> {
  const { kind, call, enforcementId, fence } = leased;
  const protection = kind === 'apply' ? dispatcher.deps.refusalFor(asking.tenantId, call.target) : undefined;
  if (!protection) return leased;
  const { next } = await settle(
    dispatcher,
    asking,
    { enforcementId, fence, toldUntil: 0 },
    { protection: protection.message },
  );
  return next && unlessProtected(dispatcher, asking, next);
}

async function leaseNow(
  dispatcher: Dispatcher,
  asking: AgentAsking,
  most: number,
): Promise<readonly AgentWork[] | undefined> {
  const terms = termsOf(dispatcher, asking);
  const leased = await leaseDue(dispatcher, asking, most);
  if (!leased) return undefined;
  const allowed = await Promise.all(leased.map((each) => unlessProtected(dispatcher, asking, each)));
  return allowed.flatMap((each) => (each ? [toWork(each, terms)] : []));
}

/** Until something of the tenant was committed, or the time is over. */
async function nextChange(dispatcher: Dispatcher, commits: CommitWatch, tenantId: string, ms: number): Promise<void> {
  const changed = new AbortController();
  const unwatch = commits.watch(tenantId, () => changed.abort());
  try {
    await wait(dispatcher.deps.timers, ms, AbortSignal.any([changed.signal, dispatcher.stopping.signal]));
  } finally {
    unwatch();
  }
}

/** Who asks more at once waits for a moment only. */
const MOST_WAITING = 64;

interface Waiting {
  readonly dispatcher: Dispatcher;
  readonly commits: CommitWatch;
  /** How many requests of an application wait. */
  readonly counts: Map<string, number>;
}

async function lease(
  { dispatcher, commits }: Waiting,
  asking: AgentAsking,
  most: number,
  { ms, isOpen }: Parameters<AgentDesk['lease']>[2],
): Promise<readonly AgentWork[]> {
  const { timers, health } = dispatcher.deps;
  const until = timers.monotonicMs() + ms;
  health.up(asking.provider.key);
  for (;;) {
    if (dispatcher.stopped) return [];
    const changed = nextChange(dispatcher, commits, asking.tenantId, LOOK_EVERY_MS);
    const work = await leaseNow(dispatcher, asking, most);
    if (work?.length || timers.monotonicMs() >= until) return work ?? [];
    // What is due and may not go was looked at by a unit, whose own commit is no news.
    await (work ? wait(timers, LOOK_EVERY_MS, dispatcher.stopping.signal) : changed);
    await wait(timers, GATHER_MS);
    if (!isOpen()) return [];
  }
}

async function leaseInTurn(
  waiting: Waiting,
  asking: AgentAsking,
  most: number,
  wish: Parameters<AgentDesk['lease']>[2],
): Promise<readonly AgentWork[]> {
  const { counts } = waiting;
  const key = `${asking.tenantId} ${asking.appId} ${asking.provider.key}`;
  const count = counts.get(key) ?? 0;
  counts.set(key, count + 1);
  try {
    return await lease(
      waiting,
      asking,
      most,
      count < MOST_WAITING ? wish : { ...wish, ms: Math.min(wish.ms, LOOK_EVERY_MS) },
    );
  } finally {
    const left = (counts.get(key) ?? 1) - 1;
    if (left === 0) counts.delete(key);
    else counts.set(key, left);
  }
}

async function complete(
  dispatcher: Dispatcher,
  asking: AgentAsking,
  id: string,
  report: WorkReport,
): Promise<ReportedWork | undefined> {
  const key = parseWorkId(id);
  if (!key) return undefined;
  const settled = await settle(dispatcher, asking, key, report);
  if (!settled.held) return undefined;
  noteHealth(dispatcher, asking.provider.key, report);
  wake(dispatcher, asking.tenantId);
  const next = settled.next && (await unlessProtected(dispatcher, asking, settled.next));
  return { next: next ? toWork(next, termsOf(dispatcher, asking)) : null };
}

/** Where agents take their work from: the same ledger, leases and fences as for calls of this process. */
export function createAgentDesk(dispatcher: Dispatcher, commits: CommitWatch): AgentDesk {
  const waiting: Waiting = { dispatcher, commits, counts: new Map() };
  return {
    lease: (asking, most, wish) => leaseInTurn(waiting, asking, most, wish),
    complete: (asking, id, report) => complete(dispatcher, asking, id, report),
    async renew(asking, id) {
      const key = parseWorkId(id);
      if (!key) return undefined;
      const terms = termsOf(dispatcher, asking);
      const held = { ...key, owner: agentOwner(asking.appId), terms };
      const renewed = await dispatcher.deps.store.run(asking.tenantId, renewWork, held, { urgent: true });
      return renewed && { leaseSeconds: leaseMs(terms) / 1_000, isWanted: renewed.isWanted };
    },
  };
}
