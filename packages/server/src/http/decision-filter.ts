import { type Decision, scenarioOf } from '../actions/decision-body.ts';
import { findPrefix } from '../actions/targets/ip-prefix.ts';
import { prefixText } from '../actions/targets/ip-text.ts';
import { Refusal } from '../errors.ts';

/** Which of a key's entries a bouncer asks for. */
export interface DecisionFilter {
  isWanted(decision: Decision): boolean;
  /** The first option that leaves something out of what would be told. */
  readonly leavesOut: string | undefined;
}

/** What a key opens, and is told. */
export interface Opened {
  readonly providers: readonly string[];
  readonly networks: boolean;
}

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

const twice = (name: string): Refusal =>
  new Refusal('badRequest', `"${name}" is there more than once: its values go into one, with commas.`, {
    inner: 'invalidQueryOption',
    target: name,
  });

/** Decisions that cover an address, or a whole network. */
function covers(name: string, text: string): Condition {
  const asked = findPrefix(text);
  if (!asked) throw badNetwork(name);
  const canonical = prefixText(asked);
  return (decision) => {
    const own = textOf(decision);
    // Most are single addresses, of which there may be hundreds of thousands.
    if (!own.includes('/')) return own === canonical;
    const network = findPrefix(own);
    return network?.version === asked.version && network.first <= asked.first && asked.last <= network.last;
  };
}

const always =
  (holds: boolean): Condition =>
  () =>
    holds;

function inScopes(text: string): Condition {
  const scopes = new Set(listOf(text));
  return (decision) => scopes.has(scopeOf(decision));
}

/** A key opens few providers: of each it is decided once. */
function inScenarios(text: string, isWanted: boolean): Condition {
  const parts = listOf(text);
  const decided = new Map<string, boolean>();
  return ({ provider }) => {
    const known = decided.get(provider);
    if (known !== undefined) return known;
    const holds = parts.some((part) => scenarioOf(provider).toLowerCase().includes(part)) === isWanted;
    decided.set(provider, holds);
    return holds;
  };
}

/** Each is asked of hundreds of thousands of decisions: the text is read once. */
const CONDITIONS: Readonly<Record<string, (text: string) => Condition>> = {
  scopes: inScopes,
  scope: inScopes,
  type: (text) => always(listOf(text).includes('ban')),
  types: (text) => always(listOf(text).includes('ban')),
  origins: (text) => always(listOf(text).includes('interdict')),
  value: (text) => (decision) => textOf(decision) === text,
  ip: (text) => covers('ip', text),
  range: (text) => covers('range', text),
  scenarios_containing: (text) => inScenarios(text, true),
  scenarios_not_containing: (text) => inScenarios(text, false),
};

/** What an option leaves out, it leaves out of these. */
const SAMPLES = { address: 'ip:203.0.113.9', network: 'cidr:2001:db8::/32' };

const samplesOf = ({ providers, networks }: Opened): readonly Decision[] =>
  [SAMPLES.address, ...(networks ? [SAMPLES.network] : [])].flatMap((target) =>
    providers.map((provider) => ({ target, provider, remainingMs: 0 })),
  );

/**
 * Which decisions a bouncer asks for, by the names of CrowdSec's local API. Names that it does not know it passes over,
 * as that does. An empty value asks for nothing in particular.
 * @throws {Refusal} badRequest where an address is none, and where an option is there twice
 */
export function readDecisionFilter(query: string, opened: Opened): DecisionFilter {
  const asked = new URLSearchParams(query);
  const conditions = [...new Set(asked.keys())].flatMap((name) => {
    const make = Object.hasOwn(CONDITIONS, name) ? CONDITIONS[name] : undefined;
    const [text = '', ...more] = make ? asked.getAll(name) : [];
    if (more.length > 0) throw twice(name);
    return make && text !== '' ? [{ name, holds: make(text) }] : [];
  });
  const samples = samplesOf(opened);
  return {
    isWanted: (decision) => conditions.every(({ holds }) => holds(decision)),
    leavesOut: conditions.find(({ holds }) => !samples.every(holds))?.name,
  };
}
