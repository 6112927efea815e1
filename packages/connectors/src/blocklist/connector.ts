import type { Call, Connector, ConnectorTraits, Presence } from '../connector.ts';
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

/**
 * The lists that firewalls poll. An effect is on its list from its intent on: there is nothing to send, only to learn
 * who has fetched it.
 */
export function openBlocklist({ name, actions }: ProviderSettings, feeds: FeedLedger): Connector {
  const offered = traits.actions.filter((action) => actions === undefined || actions.includes(action.name));
  const refuse = ({ action }: Call): void => {
    if (!offered.some((each) => each.name === action)) throw new Error(`The blocklist has no action ${action}.`);
  };
  const holdersOf = ({ tenantId, action, target }: Call): Promise<FeedHolders> =>
    feeds.holdersOf(name, { tenantId, action, target: `${target.kind}:${target.value}` });
  return {
    traits: { ...traits, actions: offered },
    apply: async (call) => {
      refuse(call);
      return toApplyAnswer();
    },
    release: async (call) => {
      refuse(call);
      return toReleaseAnswer(await holdersOf(call));
    },
    verify: async (call): Promise<Presence> => {
      refuse(call);
      return toPresence(await holdersOf(call));
    },
    close: async () => undefined,
  };
}

export const blocklist: ConnectorKind = {
  name: 'blocklist',
  configSchema,
  secretKeys: [],
  open: (settings, { feeds }) => openBlocklist(settings, feeds),
};
