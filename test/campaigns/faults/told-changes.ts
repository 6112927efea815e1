import { ask, type TestServer } from '../../server.ts';
import type { Finding } from '../campaign.ts';
import { ACTIONS, some } from './told.ts';

/** What clients were told of changes of `actionReason`, by the action's id. */
export interface ToldChanges {
  /** 200, with the reason that is there now. */
  readonly accepted: Map<string, string>;
  /** 503 or 507: nothing was changed. */
  readonly refused: Map<string, string>;
  readonly wrong: string[];
}

export const noChangeTold = (): ToldChanges => ({ accepted: new Map(), refused: new Map(), wrong: [] });

/** Changes an action, once; what was answered is noted. @returns the status; 0 where no answer came */
export async function changeOne(told: ToldChanges, server: TestServer, id: string): Promise<number> {
  const actionReason = `changed ${id}`;
  try {
    const signal = AbortSignal.timeout(20_000);
    const { status, text } = await ask(server, `${ACTIONS}/${id}`, { method: 'PATCH', body: { actionReason }, signal });
    if (status === 200) told.accepted.set(id, actionReason);
    else if (status === 503 || status === 507) told.refused.set(id, actionReason);
    else if (!(status === 500 && text.includes('not known'))) told.wrong.push(`${status}: ${text.slice(0, 300)}`);
    return status;
  } catch {
    return 0;
  }
}

/** Compares what was told of changes with what is there. */
export async function compareChanges(told: ToldChanges, server: TestServer): Promise<readonly Finding[]> {
  const reads = async (id: string): Promise<unknown> => (await ask(server, `${ACTIONS}/${id}`)).json.actionReason;
  const lost: string[] = [];
  for (const [id, reason] of told.accepted) if ((await reads(id)) !== reason) lost.push(id);
  const ghosts: string[] = [];
  for (const [id, reason] of told.refused) if ((await reads(id)) === reason) ghosts.push(id);
  return [
    { promise: 'what was changed reads so', broken: some(lost), seen: `${told.accepted.size} changes` },
    { promise: 'a change that was refused was not made', broken: some(ghosts) },
    { promise: 'changes are answered by the truth', broken: some(told.wrong) },
  ];
}
