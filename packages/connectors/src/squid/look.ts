import type { Presence } from '../connector.ts';
import { type Seen, traceOf, traceOfNowhere, tunnelToNowhere } from './ask-squid.ts';
import type { Entry } from './list-text.ts';
import { isTunnelled } from './translate.ts';

/** How to ask Squid, and what may be asked. */
export interface Asker {
  readonly ask: (request: string) => Promise<Seen>;
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

/** What Squid does about a target; `holders` are those who have it on the list. */
export async function lookAt(asker: Asker, { value, tenant }: Entry, holders: ReadonlySet<string>): Promise<Presence> {
  const { ask, refusesTunnels } = asker;
  const tunnel = refusesTunnels && isTunnelled(value) ? [ask(tunnelToNowhere())] : [];
  const [seen = DENIED as Seen, ...rest] = await Promise.all([ask(traceOf(value)), ...tunnel]);
  const nothing = nothingOf([seen, ...rest.map((each) => (each.kind === 'refusedBefore' ? DENIED : each))]);
  if (nothing) return toUnknown(nothing);
  const present: Presence = holders.has(tenant) ? { kind: 'present' } : { kind: 'present', foreign: true };
  if (seen.kind === 'refusedBefore') {
    // A rule of the administrator's for this target, or for all that we ask?
    const general = await ask(traceOfNowhere());
    if (general.kind === 'verdict') return present;
    return toUnknown(nothingOf([general, DENIED]) ?? DENIED);
  }
  const isBlocked = seen.kind === 'verdict' && seen.verdict === 'blocked';
  return isBlocked && (holders.has(tenant) || holders.has('')) ? present : { kind: 'absent' };
}
