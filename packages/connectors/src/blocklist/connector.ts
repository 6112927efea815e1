import type { Answer, Call, Connector, ConnectorTraits, Presence } from '../connector.ts';
import type { ConnectorKind, FeedHolders, FeedLedger, ProviderSettings } from '../connector-kind.ts';
import { toApplyAnswer, toPresence, toReleaseAnswer } from './answers.ts';
import { configSchema } from './config.ts';

/** The ledger answers in milliseconds; a firewall that fetches wakes whatever waits for it. */
const TIMEOUT_MS = 10_000;
const CONCURRENCY = 64;

const traits: ConnectorTraits = {
  actions: [
    { name: 'BlockIp', targetKinds: ['ip', 'cidr'], reversible: true },
    { name: 'BlockDomain', targetKinds: ['domain'], reversible: true },
    { name: 'BlockUrl', targetKinds: ['url'], reversible: true },
    { name: 'BlockFile', targetKinds: ['sha256', 'sha1', 'md5'], reversible: true },
  ],
  verification: 'reported',
  idempotence: 'setlike',
  probe: 'byTarget',
  seesForeign: false,
  keepsTime: false,
  maxLatenessMs: 0,
  timeoutMs: TIMEOUT_MS,
  limits: { concurrency: CONCURRENCY },
  simulated: false,
};

const NOT_READ = 'The record of what firewalls have fetched could not be read.';

/**
 * The lists that firewalls poll. An effect is on its list from its intent on: there is nothing to send, only to learn
 * who has fetched it.
 */
class Blocklist implements Connector {
  readonly traits = traits;
  readonly #provider: string;
  readonly #feeds: FeedLedger;
  readonly #closing = new AbortController();

  constructor({ name }: ProviderSettings, feeds: FeedLedger) {
    this.#provider = name;
    this.#feeds = feeds;
  }

  async apply(call: Call, signal: AbortSignal): Promise<Answer> {
    const holders = await this.#holdersOf(call, signal);
    return holders ? toApplyAnswer(holders) : { kind: 'unknown', message: NOT_READ };
  }

  async release(call: Call, signal: AbortSignal): Promise<Answer> {
    const holders = await this.#holdersOf(call, signal);
    return holders ? toReleaseAnswer(holders) : { kind: 'unknown', message: NOT_READ };
  }

  async verify(call: Call, signal: AbortSignal): Promise<Presence> {
    const holders = await this.#holdersOf(call, signal);
    return holders ? toPresence(holders) : { kind: 'unknown', message: NOT_READ };
  }

  async close(): Promise<void> {
    this.#closing.abort();
  }

  /** Undefined where the ledger does not answer. */
  async #holdersOf({ tenantId, action, target }: Call, signal: AbortSignal): Promise<FeedHolders | undefined> {
    const offer = this.traits.actions.find((each) => each.name === action);
    if (!offer?.targetKinds.includes(target.kind)) {
      throw new Error(`The blocklist offers no ${action} of a target of kind ${target.kind}.`);
    }
    const ended = AbortSignal.any([signal, this.#closing.signal]);
    if (ended.aborted) return undefined;
    const asked = this.#feeds.holdersOf(this.#provider, { tenantId, action, target: `${target.kind}:${target.value}` });
    return await Promise.race([asked, aborted(ended)]).catch(() => undefined);
  }
}

function aborted(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(undefined), { once: true }));
}

export const openBlocklist = (settings: ProviderSettings, feeds: FeedLedger): Connector =>
  new Blocklist(settings, feeds);

export const blocklist: ConnectorKind = {
  name: 'blocklist',
  configSchema,
  secretKeys: [],
  open: (settings, { feeds }) => openBlocklist(settings, feeds),
};
