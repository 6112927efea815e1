import { createHash } from 'node:crypto';
import type { Target } from '@interdict/contract';
import type { Effect } from '../connector.ts';
import { findNetwork, networkText, widthOf } from '../nftables/network.ts';

/** Where an effect stands in the zone. All names are relative to it. */
export interface Entry {
  readonly action: string;
  readonly target: Target;
  /** The names that get a policy record each: the domain and all below it, or one trigger. */
  readonly owners: readonly string[];
  /** The name that says for whom they are there. */
  readonly mark: string;
}

/**
 * What lies below is ours. The label can never be a top-level domain (RFC 5890 reserves two hyphens there), and no name
 * sorts behind it: BIND takes a zone in that order, so what is seen here was preceded by all that came with it.
 */
export const RESERVED = 'zz--interdict';

export const TRIGGERS: Readonly<Record<string, string>> = { BlockIp: 'rpz-ip', QuarantineDnsClient: 'rpz-client-ip' };

const LABEL = '[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?';
const DOMAIN = new RegExp(`^${LABEL}(?:\\.${LABEL})+$`);
/** A name that ends so would be a trigger of another kind. */
const TRIGGER_LABEL = /(?:^|\.)(?:rpz-[^.]*|zz--interdict)$/;
const MOST_NAME = 253;

const markOf = (owner: string): string =>
  `${createHash('sha256').update(owner).digest('hex').slice(0, 32)}.${RESERVED}`;

/** As BIND wants it: the groups backwards, `zz` for the longest run of zeros. */
function reversed(address: string, version: 4 | 6): string {
  if (version === 4) return address.split('.').reverse().join('.');
  const [head = '', tail] = address.split('::');
  const groups = (text: string): string[] => (text === '' ? [] : text.split(':'));
  const all = tail === undefined ? groups(head) : [...groups(head), 'zz', ...groups(tail)];
  return all.reverse().join('.');
}

function domainOwners(value: string): readonly string[] | undefined {
  return DOMAIN.test(value) && !TRIGGER_LABEL.test(value) ? [value, `*.${value}`] : undefined;
}

function ipOwners({ kind, value }: Target, trigger: string): readonly string[] | undefined {
  const network = findNetwork(value);
  if (!network || networkText(network) !== value) return undefined;
  if (kind !== (network.length === widthOf(network.version) ? 'ip' : 'cidr')) return undefined;
  return [`${network.length}.${reversed(network.address, network.version)}.${trigger}`];
}

function ownersOf(action: string, target: Target): readonly string[] | undefined {
  if (action === 'BlockDomain') return target.kind === 'domain' ? domainOwners(target.value) : undefined;
  const trigger = Object.hasOwn(TRIGGERS, action) ? TRIGGERS[action] : undefined;
  return trigger === undefined ? undefined : ipOwners(target, trigger);
}

/** Whatever a caller checked before: the target is checked once more. A sentence says why not. */
export function toEntry({ action, target }: Pick<Effect, 'action' | 'target'>, zone: string): Entry | string {
  const [owner, ...more] = ownersOf(action, target) ?? [];
  const shown = JSON.stringify(`${target.kind}:${target.value}`.slice(0, 80));
  if (owner === undefined) return `The zone takes no ${action.slice(0, 64)} of the target ${shown}.`;
  const owners = [owner, ...more];
  const longest = Math.max(...owners.map((name) => name.length)) + 1 + zone.length;
  if (longest > MOST_NAME) {
    return `The target ${shown} and the zone ${zone} make a name of ${longest} characters; DNS has room for ${MOST_NAME}.`;
  }
  return { action, target, owners, mark: markOf(owner) };
}

function addressFrom(labels: readonly string[]): string {
  const groups = labels.toReversed();
  const zeros = groups.indexOf('zz');
  if (groups.length === 4 && zeros === -1) return groups.join('.');
  if (zeros === -1) return groups.join(':');
  return `${groups.slice(0, zeros).join(':')}::${groups.slice(zeros + 1).join(':')}`;
}

/** The effect that a policy record at this name is, or is a part of; undefined where it is none of ours. */
export function effectAt(owner: string): Pick<Effect, 'action' | 'target'> | undefined {
  const [action] = Object.entries(TRIGGERS).find(([, trigger]) => owner.endsWith(`.${trigger}`)) ?? [];
  if (action === undefined) return { action: 'BlockDomain', target: { kind: 'domain', value: owner } };
  const [length = '', ...labels] = owner.split('.').slice(0, -1);
  const address = addressFrom(labels);
  const isWhole = length === (address.includes(':') ? '128' : '32');
  return { action, target: isWhole ? { kind: 'ip', value: address } : { kind: 'cidr', value: `${address}/${length}` } };
}
