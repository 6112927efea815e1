import type { ListedEffect, Presence } from '../connector.ts';
import type { Ticket } from '../lane.ts';
import { type BlockSet, type Entry, entryKey, findSet } from './entry.ts';
import { type Firewall, probe, readOwner, readTable } from './firewall.ts';
import { findNetwork, type Network, networkText, overlap, widthOf } from './network.ts';
import { isEnforcing } from './structure.ts';
import type { Owner, TableView } from './table-view.ts';

/** What a look showed of one entry; of the whole table where none was named. */
export interface Sight {
  readonly view: TableView;
  readonly owner: Owner | undefined;
  /** Whether the rules around a set stand as made; asked once for all who look at the same view. */
  readonly isEnforced: (set: string) => boolean;
}

export type SightTicket = Ticket<Entry | undefined, Sight>;

function createIsEnforced(view: TableView): Sight['isEnforced'] {
  const known = new Map<string, boolean>();
  return (set) => {
    const isEnforced = known.get(set) ?? isEnforcing(view, set);
    known.set(set, isEnforced);
    return isEnforced;
  };
}

async function lookAtOne(firewall: Firewall, entry: Entry, signal: AbortSignal): Promise<Sight> {
  const { view, isThere } = await probe(firewall, entry, signal);
  const isEnforced = createIsEnforced(view);
  if (!isThere) return { view, isEnforced, owner: undefined };
  const isKnown = firewall.ownEntries.has(entryKey(entry));
  return { view, isEnforced, owner: isKnown ? 'ours' : await readOwner(firewall, entry, signal) };
}

/** One question is asked by itself; several are answered by one listing of the table. */
export async function look(firewall: Firewall, tickets: readonly SightTicket[]): Promise<void> {
  const taken = tickets.filter((ticket) => ticket.take());
  const [first] = taken;
  if (!first) return;
  if (taken.length === 1 && first.item) {
    first.settle(await lookAtOne(firewall, first.item, first.signal));
    return;
  }
  const view = await readTable(
    firewall,
    taken.map(({ signal }) => signal),
  );
  const isEnforced = createIsEnforced(view);
  for (const { item, settle } of taken) {
    settle({ view, isEnforced, owner: item && view.sets.get(item.set)?.get(item.network.address) });
  }
}

const sparedBy = (never: readonly Network[], network: Network): Network | undefined =>
  never.find((spared) => overlap(spared, network));

/** A sentence where the target is not to be blocked by this provider. */
export function refusalOf({ settings }: Firewall, { network }: Entry): string | undefined {
  const spared = sparedBy(settings.never, network);
  return (
    spared &&
    `${networkText(network)} is not blocked here: the provider's configuration spares ${networkText(spared)} (never).`
  );
}

/**
 * An entry whose rules are gone blocks nothing: it is `absent`, so that it is put in force again. After a release it
 * is not, for the next apply mends the rules and would bring it back to life.
 */
export function toPresence(firewall: Firewall, entry: Entry, { owner, isEnforced }: Sight): Presence {
  if (!owner) return { kind: 'absent' };
  const spared = refusalOf(firewall, entry);
  if (spared) return { kind: 'unknown', message: spared };
  if (isEnforced(entry.set)) return { kind: 'present', ...(owner === 'foreign' && { foreign: true }) };
  firewall.readySets.clear();
  if (!firewall.releasing.has(entryKey(entry))) return { kind: 'absent' };
  return {
    kind: 'unknown',
    message: `The entry is there still, though the rules of table inet ${firewall.settings.table} are not.`,
  };
}

/** What no target can name, as an address with host bits, is nobody's effect. */
function toEffect(firewall: Firewall, set: BlockSet, address: string, owner: Owner): ListedEffect[] {
  const isAddress = set.length === widthOf(set.version);
  const network = findNetwork(isAddress ? address : `${address}/${set.length}`);
  if (!network || sparedBy(firewall.settings.never, network)) return [];
  const target = { kind: isAddress ? ('ip' as const) : ('cidr' as const), value: networkText(network) };
  return [{ action: 'BlockIp', target, foreign: owner === 'foreign' }];
}

/** The tenant's entries that block something. */
export function toListed(firewall: Firewall, tenant: string, { view }: Sight): ListedEffect[] {
  return [...view.sets].flatMap(([name, elements]) => {
    const set = findSet(name);
    if (set?.tenant !== tenant) return [];
    if (isEnforcing(view, name))
      return [...elements].flatMap(([address, owner]) => toEffect(firewall, set, address, owner));
    firewall.readySets.clear();
    return [];
  });
}
