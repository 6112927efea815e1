import type { Target } from '@interdict/contract';
import type { IpPrefix } from '../targets/ip-prefix.ts';
import { createDomainIndex, type DomainIndex } from './domain-index.ts';
import type { Guarded, Hit } from './guarded.ts';
import { createNameIndex, type NameIndex } from './name-index.ts';
import { createNetworkIndex, type NetworkIndex } from './network-index.ts';

/** All that one source protects: the rules built in, the server's own surroundings, or the configuration. */
export interface Layer {
  readonly networks: NetworkIndex;
  readonly domains: DomainIndex;
  readonly users: NameIndex;
  readonly hosts: NameIndex;
  readonly hashes: ReadonlyMap<string, Guarded>;
}

export function createLayer(entries: readonly Guarded[]): Layer {
  const hashes = entries.filter(({ kind }) => kind === 'sha256' || kind === 'sha1' || kind === 'md5');
  return {
    networks: createNetworkIndex(entries),
    domains: createDomainIndex(entries),
    users: createNameIndex('user', entries),
    hosts: createNameIndex('host', entries),
    hashes: new Map(hashes.map((guarded) => [guarded.value, guarded])),
  };
}

/** A protected domain does not protect the hosts in it, since every laptop is in one; only the host of its very name. */
const findHostHit = (layer: Layer, value: string): Hit | undefined =>
  layer.hosts.findHit(value) ?? layer.domains.findSame(value);

/** What the layer says of a host name or an address inside a target, or of a target of any other kind. */
export function findLayerHit(layer: Layer, { kind, value }: Target): Hit | undefined {
  if (kind === 'domain') return layer.domains.findHit(value);
  if (kind === 'user') return layer.users.findHit(value);
  if (kind === 'host') return findHostHit(layer, value);
  const guarded = layer.hashes.get(value);
  return guarded && { rule: guarded.rule, how: `${value} is ${guarded.what}` };
}

/** What the layer says of an address or a network. */
export const findNetworkHit = (layer: Layer, prefix: IpPrefix): Hit | undefined => layer.networks.findHit(prefix);

/** What decides the layer's verdicts, in a fixed order and spelling. */
export function factsOf(layer: Layer): readonly string[] {
  const mark = (kind: string, values: Iterable<string>): string[] => [...values].map((value) => `${kind} ${value}`);
  return [
    ...mark('network', layer.networks.outermost),
    ...mark('domain', layer.domains.outermost),
    ...mark('user', layer.users.names),
    ...mark('host', layer.hosts.names),
    ...mark('hash', layer.hashes.keys()),
  ].sort();
}
