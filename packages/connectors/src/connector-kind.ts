import type { JsonSchema } from '@interdict/contract';
import type { Connector, ConnectorTraits } from './connector.ts';

/** What every provider of the configuration has, whatever its connector. */
export interface ProviderSettings {
  readonly name: string;
  /** Canonical names of the actions that the operator lets it take; absent: all that the connector offers. */
  readonly actions?: readonly string[];
  /** The connector's own keys, checked against its schema; a key of type secret holds a {@link Secret}. */
  readonly own: Readonly<Record<string, unknown>>;
}

/** How the blocklist learns what firewalls have fetched; the server hands it in. */
export interface FeedLedger {
  /**
   * What the configured keys of the provider hold of one effect, by the last version of its list that each got.
   * `recent` counts the keys that got the list within 24 hours.
   */
  holdersOf(
    provider: string,
    effect: { readonly tenantId: string; readonly action: string; readonly target: string },
  ): Promise<FeedHolders>;
}

export interface FeedHolders {
  /** The entry stands on the list that the next fetch gets. */
  readonly listed: boolean;
  /** Keys that got the list within the last 24 hours. */
  readonly recent: number;
  /** Of those, the keys whose firewalls surely have the entry, whichever of their fetches they ended with. */
  readonly recentWithEntry: number;
  /** Configured keys, however long silent, that may have the entry by any of their fetches. */
  readonly withEntry: number;
  /** Of those, the keys that were silent for 24 hours. */
  readonly silentWithEntry: number;
}

/** What the server offers to connectors that need more than the network. */
export interface ConnectorPorts {
  readonly feeds: FeedLedger;
}

/** One kind of connector, as `connector:` names it in the configuration. */
export interface ConnectorKind {
  readonly name: string;
  /** JSON Schema of the connector's own keys: an object whose properties carry a `description` each. */
  readonly configSchema: JsonSchema & { readonly properties: Readonly<Record<string, JsonSchema>> };
  /** Which of those keys hold secrets, given as `{ env }` or `{ file }`. */
  readonly secretKeys: readonly string[];
  /** Names or addresses of machines that it will speak to: nobody may block them. */
  hostsOf?(settings: ProviderSettings): readonly string[];
  /**
   * What at the product one provider has for itself alone, in words that name it: two providers of which this says the
   * same would take back what the other holds, and are refused.
   */
  exclusiveOf?(settings: ProviderSettings): string;
  /**
   * What it promises whatever its settings are: all that the server knows of it where an agent runs it. What the agent's
   * settings do not offer is refused there. Absent: it runs in the server alone.
   */
  readonly behindAgent?: ConnectorTraits;
  /**
   * Makes the connector. Opens no connection: a product that is down must not hinder the start.
   * @throws {Error} with one sentence for the operator, where the settings contradict themselves
   */
  open(settings: ProviderSettings, ports: ConnectorPorts): Connector;
}
