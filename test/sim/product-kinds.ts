import type { ConnectorTraits } from '../../packages/connectors/src/connector.ts';

type Promised = Pick<
  ConnectorTraits,
  'verification' | 'idempotence' | 'probe' | 'seesForeign' | 'keepsTime' | 'simulated'
>;

/** A kind of product, by what its connector promises. */
export interface ProductKind {
  readonly name: string;
  readonly promised: Promised;
  readonly lists: boolean;
  /** It may answer "pending", and go on by itself. */
  readonly takesTime: boolean;
}

const kind = (name: string, promised: Partial<Promised>, lists = false, takesTime = false): ProductKind => ({
  name,
  promised: {
    verification: 'readBack',
    idempotence: 'setlike',
    probe: 'byTarget',
    seesForeign: true,
    keepsTime: false,
    simulated: false,
    ...promised,
  },
  lists,
  takesTime,
});

const ANSWERS = { probe: 'none', seesForeign: false, verification: 'reported' } as const;

/** Every combination of traits that the dispatcher tells apart. */
export const PRODUCT_KINDS: readonly ProductKind[] = [
  kind('simulator', {}, true),
  kind('nftables', { keepsTime: true }, true),
  kind('looked at one by one', { keepsTime: true }),
  kind('blind to strangers', { seesForeign: false }, true),
  kind('native', { idempotence: 'native' }, false, true),
  kind('blocklist', { seesForeign: false, verification: 'reported' }, false, true),
  kind('once, and can be looked at', { idempotence: 'none' }),
  kind('webhook', { ...ANSWERS, idempotence: 'native' }, false, true),
  kind('webhook that keeps time', { ...ANSWERS, keepsTime: true }, false, true),
  kind('once', { ...ANSWERS, idempotence: 'none', verification: 'accepted' }),
];

export const traitsOf = ({ promised }: ProductKind, timeoutMs: number, maxLatenessMs: number): ConnectorTraits => ({
  ...promised,
  actions: [{ name: 'BlockIp', targetKinds: ['ip'], reversible: true }],
  maxLatenessMs,
  timeoutMs,
  limits: { concurrency: 4 },
});
