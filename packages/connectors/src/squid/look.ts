import type { Presence } from '../connector.ts';
import { type Seen, traceOf, traceOfNowhere, tunnelToNowhere } from './ask-squid.ts';
import type { Entry } from './list-text.ts';
import { isTunnelled } from './translate.ts';

/** How to ask Squid, and what may be asked. */
export interface Asker {
  readonly ask: (request: string) => Promise<Seen>;
  /** Whether the list, as it stands, blocks it: by this entry or by another. */
  readonly explains: (value: string) => boolean;
  /** False: Squid opens a tunnel that it refuses, so as to tell why within. What goes through is asked about by itself. */
  readonly refusesTunnels: boolean;
}

type Nothing = Extract<Seen, { kind: 'nothing' }>;

const DENIED: Nothing = {
  kind: 'nothing',
  message:
    'Squid refuses the probe by a rule of its own: let the address of Interdict pass in http_access, with TRACE.',
  fault: 'ours',
};

const nothingOf = (seen: readonly Seen[]) => seen.find((each) => each.kind === 'nothing');

/** Whether Squid asks about all that the list may hold; a sentence where it does not. */
export async function findDeafness({ ask, refusesTunnels }: Asker): Promise<Nothing | undefined> {
  const tunnel = refusesTunnels ? [ask(tunnelToNowhere())] : [];
  const seen = await Promise.all([ask(traceOfNowhere()), ...tunnel]);
  const denied = seen.some(({ kind }) => kind === 'refusedBefore');
  return nothingOf(denied ? [...seen, DENIED] : seen);
}

const toUnknown = ({ message, fault }: Nothing): Presence => ({
  kind: 'unknown',
  message,
  ...(fault && { fault }),
});

/** As of a helper that may not read the list any more, and goes by what it read last. */
const ANOTHER_LIST: Presence = {
  kind: 'unknown',
  message: 'Squid refuses what the list does not: its helper goes by another list. Let it read this one.',
  fault: 'ours',
};

/** A rule of the administrator's for this target, or for all that we ask? */
async function refusedBefore({ ask }: Asker, present: Presence): Promise<Presence> {
  const general = await ask(traceOfNowhere());
  return general.kind === 'verdict' ? present : toUnknown(nothingOf([general, DENIED]) ?? DENIED);
}

/** What Squid does about a target; `holders` are those who have it on the list. */
export async function lookAt(asker: Asker, { value, tenant }: Entry, holders: ReadonlySet<string>): Promise<Presence> {
  const { ask, refusesTunnels } = asker;
  const tunnel = refusesTunnels && isTunnelled(value) ? [ask(tunnelToNowhere())] : [];
  const [seen = DENIED as Seen, ...rest] = await Promise.all([ask(traceOf(value)), ...tunnel]);
  const nothing = nothingOf([seen, ...rest.map((each) => (each.kind === 'refusedBefore' ? DENIED : each))]);
  if (nothing) return toUnknown(nothing);
  const present: Presence = holders.has(tenant) ? { kind: 'present' } : { kind: 'present', foreign: true };
  if (seen.kind === 'refusedBefore') return await refusedBefore(asker, present);
  if (seen.kind !== 'verdict' || seen.verdict !== 'blocked') return { kind: 'absent' };
  if (holders.has(tenant) || holders.has('')) return present;
  return asker.explains(value) ? { kind: 'absent' } : ANOTHER_LIST;
}
