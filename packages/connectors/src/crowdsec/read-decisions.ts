import type { Failed } from './answers.ts';
import type { Decision } from './decision.ts';
import { type Entry, ORIGIN } from './entry.ts';
import type { Lapi } from './lapi.ts';

/** From so many on, one list of all costs less than a question for each. */
const MOST_QUESTIONS = 32;

export const isFailed = <T>(outcome: readonly T[] | Failed | undefined): outcome is Failed =>
  outcome !== undefined && !Array.isArray(outcome);

/** An address is asked for as `ip`, which finds the networks around it too: whoever asked looks at the value. */
const aboutOne = ({ scope, value }: Entry): Record<string, string> =>
  scope === 'Ip' ? { ip: value } : { range: value };

/** All bans that are about these entries, and maybe others; of ours alone where `who` says so. */
export async function readAbout(
  lapi: Lapi,
  entries: readonly (Entry | undefined)[],
  who: 'ours' | 'all',
  signal: AbortSignal,
): Promise<readonly Decision[] | Failed> {
  const terms = { type: 'ban', ...(who === 'ours' && { origins: ORIGIN }) };
  const ask = (more: Record<string, string>): Promise<readonly Decision[] | Failed> =>
    lapi.read(`?${new URLSearchParams({ ...terms, ...more })}`, signal);
  const known = entries.filter((entry) => entry !== undefined);
  if (known.length < entries.length || known.length > MOST_QUESTIONS) return ask({});
  const answers = await Promise.all(known.map((entry) => ask(aboutOne(entry))));
  const failed = answers.find(isFailed);
  if (failed) return failed;
  // Two questions may find the same.
  const all = answers.flatMap((answer) => (isFailed(answer) ? [] : answer));
  return [...new Map(all.map((decision) => [decision.id, decision])).values()];
}

/** Ours, by the key of their entry. */
export function groupOurs(decisions: readonly Decision[]): ReadonlyMap<string, readonly Decision[]> {
  const groups = new Map<string, Decision[]>();
  for (const decision of decisions) {
    if (!decision.ours) continue;
    const key = `${decision.ours.tenant} ${decision.value}`;
    const group = groups.get(key);
    if (group) group.push(decision);
    else groups.set(key, [decision]);
  }
  return groups;
}
