import { access, constants } from 'node:fs/promises';
import path from 'node:path';
import type { Answer, Call, Connector, ListedEffect, Presence } from '../connector.ts';
import type { ConnectorKind, ProviderSettings } from '../connector-kind.ts';
import { createLane, type Lane, type Ticket } from '../lane.ts';
import { withLock } from '../lock.ts';
import { DONE, GIVEN_UP, toAnswer, toUnknown } from './answers.ts';
import { askSquid, urlOf } from './ask-squid.ts';
import { readUri } from './asked-uri.ts';
import { BlockList, type WhileAlone } from './block-list.ts';
import { CONFIG_SCHEMA, exclusiveOf, hostsOf, readSettings, type Settings } from './config.ts';
import { IcapServer } from './icap-server.ts';
import type { Entry } from './list-text.ts';
import { type Asker, findDeafness, lookAt } from './look.ts';
import { createSlots } from './slots.ts';
import { TRAITS } from './traits.ts';
import { findTenant, isInTls, refusalOf, toEntry, toListed } from './translate.ts';

/** Probes at once: each is a connection to Squid, and one from there. */
const PROBES = 64;
/** Less than a call may take: what was not begun can be said. */
const LOCK_MS = 5_000;

type Change = { readonly kind: 'put' | 'drop'; readonly entry: Entry } | { readonly kind: 'key' };

/** Of the processes that may write a list. */
const alone =
  (list: string): WhileAlone =>
  async (run) => {
    // Its own words say what is wrong with the folder; those of a lock do not.
    await access(`${path.dirname(list)}/.`, constants.W_OK);
    return await withLock(`${list}.lock`, AbortSignal.timeout(LOCK_MS), run);
  };

/** Blocks domains and URLs in a Squid, which asks us, or a helper that reads the same list. */
class SquidConnector implements Connector {
  readonly traits = TRAITS;
  readonly #settings: Settings;
  readonly #list: BlockList;
  readonly #icap: IcapServer | undefined;
  readonly #changes: Lane<Change, Answer>;
  readonly #inSlot = createSlots(PROBES);
  readonly #closing = new AbortController();

  constructor(settings: Settings) {
    this.#settings = settings;
    this.#list = new BlockList(settings.list, alone(settings.list));
    this.#icap = settings.icap && new IcapServer(settings.icap, this.#list);
    this.#changes = createLane({
      run: (tickets) => this.#change(tickets),
      giveUp: ({ settle }) => settle(GIVEN_UP),
    });
    void this.#icap?.open();
  }

  async apply(call: Call, signal: AbortSignal): Promise<Answer> {
    const entry = toEntry(call);
    const message = typeof entry === 'string' ? entry : refusalOf(entry, this.#settings.interceptsTls);
    if (typeof entry === 'string' || message) return { kind: 'refused', message: message ?? '' };
    return await this.#changes.submit({ kind: 'put', entry }, signal);
  }

  async release(call: Call, signal: AbortSignal): Promise<Answer> {
    const entry = toEntry(call);
    if (typeof entry === 'string') return { kind: 'refused', message: entry };
    return await this.#changes.submit({ kind: 'drop', entry }, signal);
  }

  async verify(call: Call, signal: AbortSignal): Promise<Presence> {
    const entry = toEntry(call);
    if (typeof entry === 'string' || refusalOf(entry, this.#settings.interceptsTls)) return { kind: 'absent' };
    const ready = await this.#asker(signal);
    if ('kind' in ready) return ready;
    const presence = await lookAt(ready, entry, this.#list.content.holdersOf(entry.value));
    return this.#withProblem(presence);
  }

  async list(tenantId: string, signal: AbortSignal): Promise<readonly ListedEffect[]> {
    const tenant = findTenant(tenantId);
    if (!tenant) throw new Error(`${JSON.stringify(tenantId)} is no tenant's GUID.`);
    const ready = await this.#asker(signal);
    if ('kind' in ready) throw new Error('message' in ready ? ready.message : 'The list cannot be read.');
    const deafness = await findDeafness(ready);
    if (deafness) throw new Error(deafness.message);
    const entries = [...this.#list.content.entries()];
    const shown = entries.filter((entry) => this.#isShown(entry, tenant));
    return shown.map(toListed);
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await Promise.all([this.#changes.close(), this.#icap?.close()]);
  }

  /** Ours, and what others put there that we have not. */
  #isShown({ value, tenant: holder }: Entry, tenant: string): boolean {
    if (isInTls(value) && !this.#settings.interceptsTls) return false;
    return holder === tenant || (holder === '' && !this.#list.content.holdersOf(value).has(tenant));
  }

  /** How to ask Squid, with a list that was read just now and has a key. */
  async #asker(signal: AbortSignal): Promise<Asker | Presence> {
    const ended = AbortSignal.any([signal, this.#closing.signal]);
    await this.#icap?.open();
    try {
      await this.#list.refresh();
    } catch (error) {
      return toUnknown(this.#settings.list, error as Error);
    }
    const made = this.#list.content.key ? DONE : await this.#changes.submit({ kind: 'key' }, ended);
    const { key } = this.#list.content;
    if (!key) return { kind: 'unknown', message: 'message' in made ? made.message : 'The list has no key.' };
    const ask: Asker['ask'] = (request) =>
      this.#inSlot(ended, () => askSquid(this.#settings.proxy, key, request, ended)).catch((error: Error) => ({
        kind: 'nothing',
        message: `Squid was not asked: ${error.message}.`,
      }));
    const explains = (value: string): boolean => this.#list.blocks(readUri('TRACE', urlOf(value)));
    return { ask, explains, refusesTunnels: this.#icap !== undefined || !this.#settings.interceptsTls };
  }

  #withProblem(presence: Presence): Presence {
    const problem = this.#icap?.problem;
    if (presence.kind !== 'unknown' || problem === undefined) return presence;
    return { kind: 'unknown', message: `${presence.message} ${problem}`, fault: 'ours' };
  }

  async #change(tickets: readonly Ticket<Change, Answer>[]): Promise<void> {
    const taken = tickets.filter((ticket) => ticket.take());
    const entriesOf = (kind: 'put' | 'drop'): Entry[] =>
      taken.flatMap(({ item }) => (item.kind === kind ? [item.entry] : []));
    const answer = await this.#list.change(entriesOf('put'), entriesOf('drop')).then(
      () => DONE,
      (error: Error) => toAnswer(this.#settings.list, error),
    );
    for (const { settle } of taken) settle(answer);
  }
}

export const squid: ConnectorKind = {
  name: 'squid',
  configSchema: CONFIG_SCHEMA,
  secretKeys: [],
  hostsOf,
  exclusiveOf,
  behindAgent: TRAITS,
  open: (settings: ProviderSettings) => new SquidConnector(readSettings(settings)),
};
