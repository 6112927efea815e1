import { setTimeout as delay } from 'node:timers/promises';
import { ask, type TestServer } from '../../server.ts';
import type { Finding } from '../campaign.ts';
import { ACTIONS, readState, some, type Told } from './told.ts';

/** What clients were told of cancels, by the action's id. */
export interface ToldCancels {
  /** 200: it is taken back, or will be. */
  readonly accepted: Set<string>;
  /** 503 or 507: nothing was changed. */
  readonly refused: Set<string>;
  readonly unknown: Set<string>;
  readonly wrong: string[];
}

export const noCancelTold = (): ToldCancels => ({
  accepted: new Set(),
  refused: new Set(),
  unknown: new Set(),
  wrong: [],
});

/** Cancels an action, once; what was answered is noted. @returns the status; 0 where no answer came */
export async function cancelOne(told: ToldCancels, server: TestServer, id: string): Promise<number> {
  try {
    const signal = AbortSignal.timeout(20_000);
    const { status, text } = await ask(server, `${ACTIONS}/${id}/cancelSecurityAction`, { method: 'POST', signal });
    if (status === 200) told.accepted.add(id);
    else if (status === 503 || status === 507) told.refused.add(id);
    else {
      told.unknown.add(id);
      if (!(status === 500 && text.includes('not known'))) told.wrong.push(`${status}: ${text.slice(0, 300)}`);
    }
    return status;
  } catch {
    told.unknown.add(id);
    return 0;
  }
}

/** Cancels every other accepted action until the signal. */
export async function cancelUntil(
  told: Told,
  cancels: ToldCancels,
  server: TestServer,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    const { accepted, refused, unknown } = cancels;
    const isNew = (id: string): boolean => !accepted.has(id) && !refused.has(id) && !unknown.has(id);
    const next = [...told.accepted].find(([index, id]) => index % 2 === 0 && isNew(id));
    if (next) await cancelOne(cancels, server, next[1]);
    await delay(10);
  }
}

const RELEASED_WITHIN_MS = 20_000;

/** Compares what was told of cancels with what is there. */
export async function compareCancels(told: ToldCancels, server: TestServer): Promise<readonly Finding[]> {
  const ended = ['releasing', 'released'];
  const ghosts: string[] = [];
  for (const id of told.refused) {
    const state = await readState(server, id);
    if (ended.includes(state)) ghosts.push(`${id} is ${state}`);
  }
  const lost: string[] = [];
  const deadline = Date.now() + RELEASED_WITHIN_MS;
  for (const id of told.accepted) {
    let state = await readState(server, id);
    while (state !== 'released' && Date.now() < deadline) {
      await delay(20);
      state = await readState(server, id);
    }
    if (state !== 'released') lost.push(`${id} is ${state}`);
  }
  const { accepted, refused, unknown } = told;
  const seen = `${accepted.size} accepted, ${refused.size} refused, ${unknown.size} not known`;
  return [
    { promise: 'what was cancelled is released', broken: some(lost), seen },
    { promise: 'a cancel that was refused has done nothing', broken: some(ghosts) },
    { promise: 'cancels are answered by the truth', broken: some(told.wrong) },
  ];
}
