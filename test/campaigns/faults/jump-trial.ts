import { setTimeout as delay } from 'node:timers/promises';
import type { FakeTime } from '../../fake-time.ts';
import { ask, type Json, type TestServer } from '../../server.ts';
import type { WebhookReceiver } from '../../webhook-receiver.ts';

/** One server whose clock is set, and the product behind it, which keeps the true time. */
interface Jumped {
  readonly server: TestServer;
  readonly time: FakeTime;
  readonly receiver: WebhookReceiver;
  readonly random: () => number;
  readonly jumpSeconds: number;
  /** Numbers the targets. */
  targets: number;
}

export interface TrialFound {
  accepted: number;
  /** Applies that the product answered while the clock stood elsewhere. */
  whileJumped: number;
  latestMs: number;
  readonly premature: string[];
  readonly lost: string[];
  readonly unfinished: string[];
  readonly backwards: string[];
}

export const nothingFound = (): TrialFound => ({
  ...{ accepted: 0, whileJumped: 0, latestMs: 0 },
  ...{ premature: [], lost: [], unfinished: [], backwards: [] },
});

interface Posted {
  readonly id: string;
  readonly target: string;
  readonly postedAt: number;
  readonly ttlMs: number;
}

const ACTIONS = '/beta/security/securityActions';
const SHORT_MS = 6_000;
const LONG_MS = 3_600_000;
const SHORT_SHARE = 0.6;
const BEFORE_MS = 2_000;
/** A clock that stays elsewhere is in doubt for a minute, in which nothing ends. */
const DOUBT_MS = 60_000;
/** What is not back so long after its end and the doubt is lost. */
const LOST_AFTER_MS = 60_000;

/** Undefined where it was refused: a year ahead no token is good. */
async function post(of: Jumped): Promise<Posted | undefined> {
  of.targets += 1;
  const value = `198.18.${of.targets >> 8}.${of.targets & 255}`;
  const ttlMs = of.random() < SHORT_SHARE ? SHORT_MS : LONG_MS;
  const [postedAt, parameters] = [Date.now(), [{ name: 'IP', value }]];
  const body = { name: 'BlockIp', parameters, vendorInformation: { provider: 'edge' }, ttl: `PT${ttlMs / 1_000}S` };
  const { status, json } = await ask(of.server, ACTIONS, { body });
  if (status === 401) return undefined;
  if (status !== 201) throw new Error(`A request was answered with ${status}.`);
  return { id: String(json.id), target: `ip:${value}`, postedAt, ttlMs };
}

/** Requests one after the other, on two connections, until the signal. */
async function load(of: Jumped, posted: Posted[], signal: AbortSignal): Promise<void> {
  const work = async (): Promise<void> => {
    while (!signal.aborted) {
      const one = await post(of);
      if (one) posted.push(one);
      await delay(40 + of.random() * 80);
    }
  };
  await Promise.all([work(), work()]);
}

function judgeTimes({ id, states, status }: Json, found: TrialFound): void {
  if (String(status) !== 'Completed') found.unfinished.push(`${id}: ${String(status)}`);
  const times = (states as unknown as Json[]).map(({ updatedDateTime }) => String(updatedDateTime));
  if (times.some((time, index) => index > 0 && time <= (times[index - 1] ?? ''))) found.backwards.push(times.join(' '));
}

async function judge(of: Jumped, posted: readonly Posted[], found: TrialFound, doubtMs: number): Promise<void> {
  for (const { id, target, postedAt, ttlMs } of posted) {
    const endsAt = postedAt + ttlMs;
    const isOver = (): boolean => of.receiver.of('release', target).length > 0;
    while (ttlMs === SHORT_MS && !isOver() && Date.now() < endsAt + doubtMs + LOST_AFTER_MS) await delay(50);
    const [first] = of.receiver.of('release', target);
    if (first && first.at < endsAt) found.premature.push(`${id}: ${endsAt - first.at} ms too soon`);
    if (ttlMs === SHORT_MS && !first) found.lost.push(id);
    if (first) found.latestMs = Math.max(found.latestMs, first.at - endsAt);
    judgeTimes((await ask(of.server, `${ACTIONS}/${id}`)).json, found);
  }
}

/** The clock is set under load at a random moment, and set right again after `staysMs`. */
export async function tryJump(of: Jumped, found: TrialFound, staysMs: number): Promise<void> {
  const posted: Posted[] = [];
  const stop = new AbortController();
  const loading = load(of, posted, stop.signal);
  await delay(BEFORE_MS + of.random() * 1_000);
  const jumpedAt = Date.now();
  of.time.set(of.jumpSeconds);
  await delay(Math.min(staysMs, BEFORE_MS));
  stop.abort();
  await loading;
  await delay(Math.max(0, staysMs - BEFORE_MS));
  const backAt = Date.now();
  of.time.set(0);
  found.accepted += posted.length;
  const during = of.receiver.of('apply').filter(({ at }) => at >= jumpedAt && at < backAt);
  found.whileJumped += during.length;
  await judge(of, posted, found, Math.min(staysMs, DOUBT_MS));
}
