import type { Answer } from '../connector.ts';
import type { Ticket } from '../lane.ts';
import { answerOf, DONE, LEFT, SENT_BACK, toAnswer } from './answers.ts';
import { createCommands, renewCommands, type TimedEntry } from './element.ts';
import { entryKey } from './entry.ts';
import { type Firewall, readTable, transact } from './firewall.ts';
import { createPatience, inHalves, type Patience } from './in-halves.ts';
import type { FailureKind, NftFailure } from './nft-failure.ts';
import { structureCommands } from './structure.ts';
import type { TableView } from './table-view.ts';

export type ApplyTicket = Ticket<TimedEntry, Answer>;

/** Another process may change the table between the look and the transaction. */
const MAX_LOOKS = 3;

/** What one entry may bring upon all: a look, or a smaller transaction, may show which. */
const BY_ONE: ReadonlySet<FailureKind> = new Set(['exists', 'missing', 'rejected', 'busy', 'overflow']);

/** The table is not what it was taken for: another look, and the same may go. */
const BY_THE_VIEW: ReadonlySet<FailureKind> = new Set(['exists', 'missing', 'overflow']);

/** One element at most for each address, with the last of its ends. */
function distinct(tickets: readonly ApplyTicket[]): TimedEntry[] {
  const entries = new Map<string, TimedEntry>();
  for (const { item } of tickets) {
    const there = entries.get(entryKey(item));
    if (!there || there.timeoutSeconds < item.timeoutSeconds) entries.set(entryKey(item), item);
  }
  return [...entries.values()];
}

const signalsOf = (tickets: readonly ApplyTicket[]): AbortSignal[] => tickets.map(({ signal }) => signal);

function settleAll(tickets: readonly ApplyTicket[], answer: Answer): void {
  for (const ticket of tickets) ticket.settle(answer);
}

function remember(firewall: Firewall, entries: readonly TimedEntry[]): void {
  for (const entry of entries) {
    firewall.readySets.add(entry.set);
    firewall.ownEntries.add(entryKey(entry));
  }
}

function commandsFor(firewall: Firewall, view: TableView, entries: readonly TimedEntry[]) {
  const { table, never } = firewall.settings;
  const ownerOf = ({ set, network }: TimedEntry) => view.sets.get(set)?.get(network.address);
  const structure = structureCommands(
    table,
    view,
    entries.map(({ set }) => set),
    never,
  );
  const fresh = entries.filter((entry) => !ownerOf(entry));
  const held = entries.filter((entry) => ownerOf(entry) === 'ours');
  for (const entry of entries) if (ownerOf(entry) === 'foreign') firewall.ownEntries.delete(entryKey(entry));
  const commands = [...structure, ...createCommands(table, fresh), ...renewCommands(table, held)];
  return { commands, touched: [...fresh, ...held], makesStructure: structure.length > 0 };
}

/** A table that cannot be made is no fault of the target. */
function explained(failure: NftFailure, table: string): NftFailure {
  if (failure.kind === 'rejected')
    return { kind: 'misunderstood', message: `The table inet ${table} cannot be made: ${failure.message}` };
  if (failure.kind !== 'forbidden') return failure;
  const message = `nft was not permitted to make the table inet ${table}: grant the server CAP_NET_ADMIN, or load the ruleset of docs/connectors/nftables.md.`;
  return { kind: 'forbidden', message };
}

/** One transaction; undefined where it failed for what one of several tickets may have brought. */
async function tryAfterLook(
  firewall: Firewall,
  tickets: readonly ApplyTicket[],
  looks = 1,
): Promise<Answer | undefined> {
  const view = await readTable(firewall, signalsOf(tickets));
  const { commands, touched, makesStructure } = commandsFor(firewall, view, distinct(tickets));
  const failure = commands.length > 0 ? await transact(firewall, commands, signalsOf(tickets)) : undefined;
  if (!failure) {
    remember(firewall, touched);
    return DONE;
  }
  if (BY_THE_VIEW.has(failure.kind) && looks < MAX_LOOKS) return tryAfterLook(firewall, tickets, looks + 1);
  if (BY_ONE.has(failure.kind) && tickets.length > 1) return undefined;
  return toAnswer(makesStructure ? explained(failure, firewall.settings.table) : failure, 'apply');
}

/** Looks at the table, then makes what is missing in one transaction with the elements. An administrator's element stays. */
async function applyLooking(firewall: Firewall, tickets: readonly ApplyTicket[], patience: Patience): Promise<void> {
  const left = tickets.filter(({ signal }) => signal.aborted);
  settleAll(left, toAnswer(LEFT, 'apply'));
  const waiting = tickets.filter(({ signal }) => !signal.aborted);
  if (waiting.length === 0) return;
  const answer = await tryAfterLook(firewall, waiting).catch(answerOf('apply'));
  if (answer) {
    if (answer.kind !== 'done') patience.left -= 1;
    settleAll(waiting, answer);
    return;
  }
  await inHalves(
    waiting,
    patience,
    (half) => applyLooking(firewall, half, patience),
    (half) => settleAll(half, toAnswer(SENT_BACK, 'apply')),
  );
}

/** Puts entries in force: one run of nft where their sets are known to stand and hold none of them. */
export async function applyEntries(firewall: Firewall, tickets: readonly ApplyTicket[]): Promise<void> {
  const entries = distinct(tickets);
  if (!entries.every(({ set }) => firewall.readySets.has(set))) {
    return applyLooking(firewall, tickets, createPatience());
  }
  const failure = await transact(firewall, createCommands(firewall.settings.table, entries), signalsOf(tickets));
  if (!failure) {
    remember(firewall, entries);
    settleAll(tickets, DONE);
  } else if (BY_ONE.has(failure.kind)) {
    if (failure.kind === 'missing') firewall.readySets.clear();
    await applyLooking(firewall, tickets, createPatience());
  } else settleAll(tickets, toAnswer(failure, 'apply'));
}
