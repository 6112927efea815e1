import type { Answer } from '../connector.ts';
import type { Ticket } from '../lane.ts';
import { applyEntries } from './apply-entries.ts';
import type { TimedEntry } from './element.ts';
import type { Entry } from './entry.ts';
import type { Firewall } from './firewall.ts';
import { releaseEntries } from './release-entries.ts';

export type Change = ({ readonly kind: 'apply' } & TimedEntry) | ({ readonly kind: 'release' } & Entry);

/** A transaction of this size is in the kernel for some 50 ms. */
const MAX_ELEMENTS = 4_000;

type ChangeTicket = Ticket<Change, Answer>;

async function inParts<Item extends Change>(
  tickets: readonly Ticket<Item, Answer>[],
  run: (part: readonly Ticket<Item, Answer>[]) => Promise<void>,
): Promise<void> {
  for (let start = 0; start < tickets.length; start += MAX_ELEMENTS) {
    const part = tickets.slice(start, start + MAX_ELEMENTS).filter((ticket) => ticket.take());
    if (part.length > 0) await run(part);
  }
}

const isOf =
  <Kind extends Change['kind']>(kind: Kind) =>
  (ticket: ChangeTicket): ticket is Ticket<Extract<Change, { kind: Kind }>, Answer> =>
    ticket.item.kind === kind;

/** Carries out what has gathered. Calls of one effect never overlap, so that the order of kinds does not matter. */
export async function change(firewall: Firewall, tickets: readonly ChangeTicket[]): Promise<void> {
  await inParts(tickets.filter(isOf('apply')), (part) => applyEntries(firewall, part));
  await inParts(tickets.filter(isOf('release')), (part) => releaseEntries(firewall, part));
}
