import { setTimeout as delay } from 'node:timers/promises';
import { ApiError, type Transport } from '@interdict/client';
import type { AgentWork, WorkReport } from '@interdict/server/operate';

/** What an agent works with. */
export interface Agent {
  readonly transport: Transport;
  readonly provider: string;
  /** Calls at once. */
  readonly most: number;
  readonly carry: (work: AgentWork, stop: AbortSignal) => Promise<WorkReport>;
  readonly say: (line: string) => void;
  /** Ends it: calls under way are broken off and reported. */
  readonly stop: AbortSignal;
}

/** What comes late in it still has the rest of its lease. */
const WAIT_SECONDS = 10;
/** A connection that has died without a word is given up. */
const ANSWER_MS = 15_000;
const LONGEST_PAUSE_MS = 30_000;
const REPORT_TRIES = 5;

async function ask<Reply>(
  { transport, provider }: Agent,
  verb: string,
  body: object,
  signal?: AbortSignal,
): Promise<Reply> {
  const path = `security/work/${verb}`;
  const patience = AbortSignal.timeout(ANSWER_MS + (verb === 'lease' ? WAIT_SECONDS * 1_000 : 0));
  const ended = signal ? AbortSignal.any([signal, patience]) : patience;
  const response = await transport(path, { method: 'POST', body: { provider, ...body }, signal: ended });
  return (await response.json()) as Reply;
}

/** The lease is another's by now, or what was said is no report: to say it again brings nothing. */
const isFinal = (error: unknown): boolean => error instanceof ApiError && [400, 404, 409].includes(error.status);
const isLost = (error: unknown): boolean => error instanceof ApiError && error.status === 409;
const words = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** What is left of the lease covers the call and the look behind it. */
const isInTime = ({ leaseSeconds, timeoutSeconds }: AgentWork, askedAt: number): boolean =>
  (performance.now() - askedAt) / 1_000 + 2 * timeoutSeconds < leaseSeconds;

/** Prolongs the lease for as long as the call lasts, and breaks it off where nobody wants it any more, or it is lost. */
async function keepLease(agent: Agent, work: AgentWork, abort: AbortController, over: AbortSignal): Promise<void> {
  for (;;) {
    await delay((work.leaseSeconds * 1_000) / 3, undefined, { signal: over }).catch(() => undefined);
    if (over.aborted) return;
    try {
      const { isWanted } = await ask<{ readonly isWanted: boolean }>(agent, 'renew', { id: work.id }, over);
      if (!isWanted) abort.abort(new Error('Nobody wants it any more.'));
    } catch (error) {
      if (isLost(error)) abort.abort(new Error('The lease is lost.'));
    }
  }
}

async function make(agent: Agent, work: AgentWork): Promise<WorkReport> {
  const [abort, over] = [new AbortController(), new AbortController()];
  void keepLease(agent, work, abort, over.signal);
  try {
    return await agent.carry(work, AbortSignal.any([abort.signal, agent.stop]));
  } finally {
    over.abort();
  }
}

function tooLate({ kind }: AgentWork): WorkReport {
  const message = 'Its turn came too late: nothing was sent.';
  const isLook = kind === 'look' || kind === 'verify';
  return isLook ? { presence: { kind: 'unknown', message } } : { answer: { kind: 'unavailable', message } };
}

/** As the server takes it: a sentence without controls, and whole numbers. */
function told({ answer, presence }: WorkReport): WorkReport {
  const clean = <Said extends object>(said: Said): Said =>
    Object.fromEntries(
      Object.entries(said).map(([name, value]) => {
        if (name === 'message')
          return [
            name,
            String(value)
              .replace(/\p{Cc}+/gu, ' ')
              .trim()
              .slice(0, 1_000) || 'It failed.',
          ];
        return [name, typeof value === 'number' ? Math.min(Math.ceil(Math.max(0, value)), 86_400_000) : value];
      }),
    ) as Said;
  return { ...(answer && { answer: clean(answer) }), ...(presence && { presence: clean(presence) }) };
}

/** Undefined where the lease is lost, or the report could not be brought: the server looks at it anew. */
async function report(agent: Agent, { id }: AgentWork, outcome: WorkReport): Promise<AgentWork | undefined> {
  for (let tries = 1; ; tries += 1) {
    try {
      const body = { id, ...outcome };
      return (await ask<{ readonly next: AgentWork | null }>(agent, 'complete', body)).next ?? undefined;
    } catch (error) {
      if (isFinal(error) || tries === REPORT_TRIES) {
        agent.say(`A report was not taken: ${words(error)}`);
        return undefined;
      }
      await delay(1_000 * tries);
    }
  }
}

const messageIn = (said: object | undefined): string | undefined =>
  said && 'message' in said ? String(said.message) : undefined;

function tell({ kind, call }: AgentWork, { answer, presence }: WorkReport): string {
  const message = messageIn(answer) ?? messageIn(presence);
  return [kind, call.action, `${call.target.kind}:${call.target.value}`, '→', answer?.kind, presence?.kind, message]
    .filter((word) => word !== undefined)
    .join(' ');
}

/** One leased call, and what follows from it at once. */
async function carryOut(agent: Agent, first: AgentWork, leasedAt: number): Promise<void> {
  let askedAt = leasedAt;
  for (let work: AgentWork | undefined = first; work !== undefined; ) {
    const outcome = told(isInTime(work, askedAt) ? await make(agent, work) : tooLate(work));
    agent.say(tell(work, outcome));
    askedAt = performance.now();
    work = await report(agent, work, outcome);
  }
}

/** How long to wait behind so many failures in a row, with full jitter. */
const pauseMs = (failures: number): number => Math.random() * Math.min(LONGEST_PAUSE_MS, 500 * 2 ** failures);

/** Leases and carries out calls until the signal aborts; then what is under way is reported. */
export async function runAgent(agent: Agent): Promise<void> {
  const underWay = new Set<Promise<void>>();
  for (let failures = 0; !agent.stop.aborted; ) {
    const askedAt = performance.now();
    try {
      const wish = { max: Math.min(100, agent.most - underWay.size), waitSeconds: WAIT_SECONDS };
      const { value } = await ask<{ readonly value: readonly AgentWork[] }>(agent, 'lease', wish, agent.stop);
      failures = 0;
      for (const work of value) {
        const done = carryOut(agent, work, askedAt).finally(() => underWay.delete(done));
        underWay.add(done);
      }
    } catch (error) {
      if (agent.stop.aborted) break;
      failures += 1;
      agent.say(`No work could be leased: ${words(error)}`);
      await delay(pauseMs(failures), undefined, { signal: agent.stop }).catch(() => undefined);
    }
    if (underWay.size >= agent.most) await Promise.race(underWay);
  }
  await Promise.all(underWay);
}
