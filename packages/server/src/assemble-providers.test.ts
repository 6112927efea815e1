import { CONNECTOR_KINDS, type ConnectorKind } from '@interdict/connectors';
import { expect, it } from 'vitest';
import { assembleProviders } from './assemble-providers.ts';
import { plainProvider } from './config/provider-config.ts';

it.each([
  [undefined, 'PT0S', 0],
  [2_000, 'PT2S', 3_500],
  [30_000, 'PT30S', 45_500],
])(
  'of a lateness of %s ms requests see %s, and the dispatcher waits %i ms by a clock that may be corrected',
  (latenessMs, seen, waited) => {
    const config = CONNECTOR_KINDS.filter(({ name }) => name === 'simulator').map((kind) => ({
      ...plainProvider('one', kind),
      latenessMs,
    }));
    const feeds = { holdersOf: () => Promise.reject(new Error('There are no feeds.')) };
    const [assembled] = assembleProviders(config, { feeds }, false);
    expect(assembled?.provider.offers[0]?.lateness).toBe(seen);
    expect(assembled?.dispatched.terms.latenessMs).toBe(waited);
  },
);

it.each([
  [{}, {}, undefined, undefined],
  [{ perMinute: 60 }, {}, 60, undefined],
  [{ perMinute: 60, perHour: 100 }, { perMinute: 30, perHour: 1_000 }, 30, 100],
  [{ perMinute: 60 }, { perMinute: 90, perHour: 1_000 }, 60, 1_000],
])(
  'of the limits %o of the operator and %o of the connector the lower ones hold',
  (limits, own, perMinute, perHour) => {
    const [simulator] = CONNECTOR_KINDS.filter(({ name }) => name === 'simulator');
    const kind = {
      ...(simulator as ConnectorKind),
      open: (...of: Parameters<ConnectorKind['open']>) => {
        const connector = (simulator as ConnectorKind).open(...of);
        const { traits } = connector;
        return { ...connector, traits: { ...traits, limits: { ...traits.limits, ...own } } };
      },
    };
    const feeds = { holdersOf: () => Promise.reject(new Error('There are no feeds.')) };
    const [assembled] = assembleProviders([{ ...plainProvider('one', kind), limits }], { feeds }, false);
    expect(assembled?.dispatched.limits).toMatchObject({ perMinute, perHour });
  },
);

it.each([
  [undefined, 256],
  [40, 40],
  [400, 400],
])('of %o calls at once by the operator’s word there are %i', (concurrency, seen) => {
  const [simulator] = CONNECTOR_KINDS.filter(({ name }) => name === 'simulator');
  const feeds = { holdersOf: () => Promise.reject(new Error('There are no feeds.')) };
  const limits = concurrency === undefined ? {} : { concurrency };
  const config = { ...plainProvider('one', simulator as ConnectorKind), limits };
  const [assembled] = assembleProviders([config], { feeds }, false);
  expect(assembled?.dispatched.limits?.concurrency).toBe(seen);
});

it.each([
  [undefined, false],
  [['a'], true],
  [['a', 'b'], false],
])('a connector that cannot keep tenants apart takes the tenants %o: %s', (tenants, isTaken) => {
  const [simulator] = CONNECTOR_KINDS.filter(({ name }) => name === 'simulator');
  const feeds = { holdersOf: () => Promise.reject(new Error('There are no feeds.')) };
  const kind: ConnectorKind = {
    ...(simulator as ConnectorKind),
    open: (...of) => {
      const connector = (simulator as ConnectorKind).open(...of);
      return { ...connector, traits: { ...connector.traits, tenants: 'one' } };
    },
  };
  const assemble = () => assembleProviders([{ ...plainProvider('one', kind), tenants }], { feeds }, false);
  if (isTaken) expect(assemble()).toHaveLength(1);
  else expect(assemble).toThrow('cannot keep tenants apart: name the one that it serves');
});
