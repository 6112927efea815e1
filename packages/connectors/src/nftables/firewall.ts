import type { JsonSchema } from '@interdict/contract';
import { type Entry, entryKey } from './entry.ts';
import { findFailure, NftError, type NftFailure } from './nft-failure.ts';
import { NftShell } from './nft-shell.ts';
import { parseElements } from './parse-element.ts';
import { type NftRun, runNft } from './run-nft.ts';
import { sendJson } from './send-json.ts';
import type { Settings } from './settings.ts';
import { NO_TABLE, type Owner, parseTable, type TableView } from './table-view.ts';

/** One table of this host's kernel, and what this process remembers of it. Nothing in it is relied on as the truth. */
export interface Firewall {
  readonly settings: Settings;
  /** Ends all runs of nft. */
  readonly closing: AbortController;
  /** For changes. */
  readonly shell: NftShell;
  /** Sets that stood with their rules when they were last seen: an element goes there without a look before. */
  readonly readySets: Set<string>;
  /** Entries that this process made or saw to be ours: their comment need not be read to tell that they are there. */
  readonly ownEntries: Set<string>;
  /** Entries whose release was asked and has not succeeded. */
  readonly releasing: Set<string>;
}

export function createFirewall(settings: Settings): Firewall {
  const closing = new AbortController();
  const shell = new NftShell(settings.nft, closing.signal);
  return { settings, closing, shell, readySets: new Set(), ownEntries: new Set(), releasing: new Set() };
}

/** 50,000 elements are listed in 8 MB. */
const MAX_LISTING_BYTES = 256 * 1024 * 1024;
const MAX_ANSWER_BYTES = 1024 * 1024;

function order(firewall: Firewall, signals: readonly AbortSignal[], maxBytes: number) {
  return { nft: firewall.settings.nft, closing: firewall.closing.signal, signals, maxBytes };
}

const lost = (why: unknown): NftError =>
  new NftError({ kind: 'lost', message: why instanceof Error ? why.message.slice(0, 200) : String(why) });

/** What nft printed cannot be trusted where it cannot be read. */
function parsed<Value>(parse: () => Value): Value {
  try {
    return parse();
  } catch (error) {
    throw error instanceof SyntaxError ? lost('nft answered no whole JSON.') : lost(error);
  }
}

/** Under a steady stream of other changes one run in a hundred was interrupted. */
const MOST_RUNS = 5;

interface Outcome {
  readonly run: NftRun;
  readonly failure: NftFailure | undefined;
}

/** What another change of the ruleset interrupted has done nothing, and is run again. */
async function uninterrupted(start: () => Promise<NftRun>, runs = 1): Promise<Outcome> {
  const run = await start();
  const failure = findFailure(run);
  return failure?.kind === 'interrupted' && runs < MOST_RUNS ? uninterrupted(start, runs + 1) : { run, failure };
}

/** All or nothing: the failure, where there is one, of the whole transaction. */
export async function transact(
  firewall: Firewall,
  commands: readonly JsonSchema[],
  signals: readonly AbortSignal[],
): Promise<NftFailure | undefined> {
  const sender = { ...order(firewall, signals, MAX_ANSWER_BYTES), shell: firewall.shell };
  const { run, failure } = await uninterrupted(() => sendJson(commands, sender));
  if (failure || run.kind !== 'exited' || run.stdout.trim() === '') return failure;
  return { kind: 'lost', message: 'nft answered to a change with text that it never has: what it did is not known.' };
}

interface Listing {
  readonly stdout: string;
  readonly failure: 'missing' | 'exists' | undefined;
}

/** @throws {NftError} */
async function listing(start: () => Promise<NftRun>): Promise<Listing> {
  const { run, failure } = await uninterrupted(start);
  const isTold = !failure || failure.kind === 'missing' || failure.kind === 'exists';
  if (!isTold || run.kind !== 'exited') throw failure ? new NftError(failure) : lost('nft did not exit.');
  return { stdout: run.stdout, failure: failure?.kind as Listing['failure'] };
}

/** Our whole table with all elements. @throws {NftError} */
export async function readTable(firewall: Firewall, signals: readonly AbortSignal[]): Promise<TableView> {
  const { table } = firewall.settings;
  const list = [{ list: { table: { family: 'inet', name: table } } }];
  const { stdout, failure } = await listing(() => sendJson(list, order(firewall, signals, MAX_LISTING_BYTES)));
  if (failure === 'missing') return NO_TABLE;
  const view = parsed(() => parseTable(stdout, table));
  if (failure || !view.exists) throw lost('nft listed our table without naming it.');
  return view;
}

export interface Probe {
  /** Without elements. */
  readonly view: TableView;
  readonly isThere: boolean;
}

/**
 * One entry and the rules around it in one run, however many elements there are: nft lists the rules and checks,
 * without doing it, whether the element could be created. To `get` it nft would read all elements of the table.
 * @throws {NftError}
 */
export async function probe(firewall: Firewall, { set, network }: Entry, signal: AbortSignal): Promise<Probe> {
  const { table } = firewall.settings;
  const commands = [
    { list: { ruleset: { family: 'inet' } } },
    { create: { element: { family: 'inet', table, name: set, elem: [network.address] } } },
  ];
  const sender = { ...order(firewall, [signal], MAX_LISTING_BYTES), flags: ['-c', '-t'] };
  const { stdout, failure } = await listing(() => sendJson(commands, sender));
  if (failure === 'missing') return { view: NO_TABLE, isThere: false };
  const view = parsed(() => parseTable(stdout, table));
  if (!view.sets.has(set)) throw lost('nft answered for a set that it did not list.');
  return { view, isThere: failure === 'exists' };
}

/** Whose the entry is; undefined where it is not there. @throws {NftError} */
export async function readOwner(firewall: Firewall, entry: Entry, signal: AbortSignal): Promise<Owner | undefined> {
  const { set, network } = entry;
  const command = `get element inet ${firewall.settings.table} ${set} { ${network.address} }`;
  const sender = { ...order(firewall, [signal], MAX_ANSWER_BYTES), args: ['-j', command] };
  const { stdout, failure } = await listing(() => runNft(sender));
  if (failure === 'missing') return undefined;
  const owner = parsed(() => parseElements(stdout, set)).get(network.address);
  if (failure || !owner) throw lost('nft was asked for one element and answered without it.');
  if (owner === 'ours') firewall.ownEntries.add(entryKey(entry));
  return owner;
}
