import { BlockList, isIP } from 'node:net';
import { type Decision, scenarioOf } from '../actions/decision-body.ts';
import type { DecisionFilter } from '../actions/decisions.ts';
import { Refusal } from '../errors.ts';

type Condition = (decision: Decision) => boolean;

const listOf = (text: string): readonly string[] =>
  text
    .split(',')
    .map((part) => part.trim().toLowerCase())
    .filter((part) => part !== '');

const scopeOf = ({ target }: Decision): string => (target.startsWith('ip:') ? 'ip' : 'range');
const textOf = ({ target }: Decision): string => target.slice(target.indexOf(':') + 1);

const badNetwork = (name: string): Refusal =>
  new Refusal('badRequest', `"${name}" is no IP address or network.`, { inner: 'invalidQueryOption', target: name });

const familyOf = (address: string): 'ipv4' | 'ipv6' => (isIP(address) === 4 ? 'ipv4' : 'ipv6');

/** Decisions that cover an address, or a whole network. */
function covers(name: string, text: string): Condition {
  const [address = '', length, ...more] = text.split('/');
  const version = isIP(address);
  const width = version === 4 ? 32 : 128;
  const prefix = length === undefined ? width : /^\d{1,3}$/.test(length) ? Number(length) : Number.NaN;
  if (version === 0 || more.length > 0 || !(prefix >= 0 && prefix <= width)) throw badNetwork(name);
  return (decision) => {
    const [base = '', own] = textOf(decision).split('/');
    if (isIP(base) !== version) return false;
    const ownPrefix = own === undefined ? width : Number(own);
    if (ownPrefix > prefix) return false;
    const network = new BlockList();
    network.addSubnet(base, ownPrefix, familyOf(base));
    return network.check(address, familyOf(address));
  };
}

const CONDITIONS: Readonly<Record<string, (text: string) => Condition>> = {
  scopes: (text) => (decision) => listOf(text).includes(scopeOf(decision)),
  scope: (text) => (decision) => listOf(text).includes(scopeOf(decision)),
  type: (text) => () => listOf(text).includes('ban'),
  types: (text) => () => listOf(text).includes('ban'),
  origins: (text) => () => listOf(text).includes('interdict'),
  value: (text) => (decision) => textOf(decision) === text,
  ip: (text) => covers('ip', text),
  range: (text) => covers('range', text),
  scenarios_containing:
    (text) =>
    ({ provider }) =>
      listOf(text).some((part) => scenarioOf(provider).toLowerCase().includes(part)),
  scenarios_not_containing:
    (text) =>
    ({ provider }) =>
      !listOf(text).some((part) => scenarioOf(provider).toLowerCase().includes(part)),
};

/** What these leave out, for two entries that are as different as can be. */
const SAMPLES = ['ip:203.0.113.9', 'cidr:2001:db8::/32'];

/**
 * Which decisions a bouncer asks for, by the names of CrowdSec's local API. Names that it does not know it passes over,
 * as that does. An empty value asks for nothing in particular.
 * @throws {Refusal} badRequest where an address is none
 */
export function readDecisionFilter(query: string, providers: readonly string[]): DecisionFilter {
  const conditions = [...new URLSearchParams(query)].flatMap(([name, text]) => {
    const make = Object.hasOwn(CONDITIONS, name) ? CONDITIONS[name] : undefined;
    return make && text !== '' ? [make(text)] : [];
  });
  const isWanted: Condition = (decision) => conditions.every((holds) => holds(decision));
  const isAll = providers.every((provider) =>
    SAMPLES.every((target) => isWanted({ target, provider, remainingMs: 0 })),
  );
  return { isWanted, isAll };
}
