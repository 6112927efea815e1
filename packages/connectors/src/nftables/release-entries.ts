import type { Answer } from '../connector.ts';
import type { Ticket } from '../lane.ts';
import { answerOf, DONE, LEFT, SENT_BACK, toAnswer } from './answers.ts';
import { deleteCommands } from './element.ts';
import { type Entry, entryKey } from './entry.ts';
import { type Firewall, readOwner, readTable, transact } from './firewall.ts';
import { createPatience, inHalves, type Patience } from './in-halves.ts';
import type { FailureKind } from './nft-failure.ts';
import type { Owner } from './table-view.ts';

export type ReleaseTicket = Ticket<Entry, Answer>;

/** One element that left by itself makes the kernel refuse all. */
const BY_ONE: ReadonlySet<FailureKind> = new Set(['missing', 'rejected', 'busy', 'overflow']);

type OwnerOf = (entry: Entry) => Owner | undefined;

const signalsOf = (tickets: readonly ReleaseTicket[]): AbortSignal[] => tickets.map(({ signal }) => signal);

async function readOwners(firewall: Firewall, tickets: readonly ReleaseTicket[]): Promise<OwnerOf> {
  const [first] = tickets;
  if (first && tickets.length === 1) {
    const owner = await readOwner(firewall, first.item, first.signal);
    return () => owner;
  }
  const view = await readTable(firewall, signalsOf(tickets));
  return ({ set, network }) => view.sets.get(set)?.get(network.address);
}

function settleAll(tickets: readonly ReleaseTicket[], answer: Answer): void {
  for (const ticket of tickets) ticket.settle(answer);
}

function settleReleased(firewall: Firewall, tickets: readonly ReleaseTicket[]): void {
  for (const { item } of tickets) {
    firewall.releasing.delete(entryKey(item));
    firewall.ownEntries.delete(entryKey(item));
  }
  settleAll(tickets, DONE);
}

/** One transaction; undefined where it failed for what one of several tickets may have brought. */
async function tryDelete(firewall: Firewall, tickets: readonly ReleaseTicket[]): Promise<Answer | undefined> {
  const entries = new Map(tickets.map(({ item }) => [entryKey(item), item]));
  const commands = deleteCommands(firewall.settings.table, [...entries.values()]);
  const failure = await transact(firewall, commands, signalsOf(tickets));
  const isGone = failure?.kind === 'missing' && entries.size === 1;
  if (!failure || isGone) return DONE;
  return BY_ONE.has(failure.kind) && tickets.length > 1 ? undefined : toAnswer(failure, 'release');
}

async function deleteOwn(firewall: Firewall, tickets: readonly ReleaseTicket[], patience: Patience): Promise<void> {
  const answer = await tryDelete(firewall, tickets);
  if (answer?.kind === 'done') return settleReleased(firewall, tickets);
  if (answer) {
    patience.left -= 1;
    return settleAll(tickets, answer);
  }
  await inHalves(
    tickets,
    patience,
    (half) => releaseEntries(firewall, half, patience),
    (half) => settleAll(half, toAnswer(SENT_BACK, 'release')),
  );
}

/**
 * Takes entries back that carry our comment; what is not there, or is an administrator's, is released already.
 *
 * Whose they are is read just before. What remains: the kernel deletes by address alone, so an element of ours that
 * an administrator takes out and puts in again as his own within those milliseconds goes with ours.
 */
export async function releaseEntries(
  firewall: Firewall,
  tickets: readonly ReleaseTicket[],
  patience = createPatience(),
): Promise<void> {
  const left = tickets.filter(({ signal }) => signal.aborted);
  settleAll(left, toAnswer(LEFT, 'release'));
  const waiting = tickets.filter(({ signal }) => !signal.aborted);
  if (waiting.length === 0) return;
  const owners = await readOwners(firewall, waiting).catch(answerOf('release'));
  if (typeof owners !== 'function') return settleAll(waiting, owners);
  const isOurs = ({ item }: ReleaseTicket): boolean => owners(item) === 'ours';
  settleReleased(
    firewall,
    waiting.filter((ticket) => !isOurs(ticket)),
  );
  const ours = waiting.filter(isOurs);
  if (ours.length > 0) await deleteOwn(firewall, ours, patience);
}
