import type { ConnectorTraits } from '@interdict/connectors';

/** What the connector promises; the server relies on every word. The suite holds it to most of them. */
export const TRAITS: ConnectorTraits = {
  actions: [{ name: 'BlockIp', targetKinds: ['ip'], reversible: true }],
  // It has `verify`: the server looks before it says "in force".
  verification: 'readBack',
  // The product keeps one entry for an id, however often it is PUT.
  idempotence: 'setlike',
  probe: 'byTarget',
  seesForeign: true,
  // The product drops an entry by itself at its `until`.
  keepsTime: true,
  // How long after a call was given up the product may still do what it was sent.
  maxLatenessMs: 30_000,
  timeoutMs: 10_000,
  limits: { concurrency: 8 },
  simulated: false,
};
