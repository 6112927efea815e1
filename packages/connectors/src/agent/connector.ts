import type { Connector, ConnectorTraits } from '../connector.ts';
import type { ConnectorKind, ProviderSettings } from '../connector-kind.ts';
import { together } from './together.ts';

/** What an agent's link and a busy host may add to a call. */
const LINK_MS = 10_000;

function traitsOf(kinds: readonly ConnectorKind[], { own }: ProviderSettings): ConnectorTraits {
  const named = own.runs as readonly string[];
  const [first, ...rest] = named.map((name) => {
    const traits = kinds.find((kind) => kind.name === name)?.behindAgent;
    if (traits) return traits;
    const able = kinds.filter(({ behindAgent }) => behindAgent).map((kind) => kind.name);
    throw new Error(`An agent runs no connector "${name}". It runs: ${able.join(', ')}.`);
  });
  if (!first) throw new Error('"runs" names no connector.');
  const traits = together([first, ...rest]);
  const names = traits.actions.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined)
    throw new Error(`Two of the connectors in "runs" offer ${twice}: an agent has one for each action.`);
  const timeoutMs = traits.timeoutMs + LINK_MS;
  return { ...traits, timeoutMs, maxLatenessMs: traits.maxLatenessMs + timeoutMs };
}

const notHere = (): Promise<never> => Promise.reject(new Error('An agent takes its calls itself.'));

/**
 * Calls that are made elsewhere: an agent with nothing but outbound HTTPS leases them, makes them with the connectors that
 * `runs` names, and reports. Here nothing is called.
 */
export const agentOver = (kinds: readonly ConnectorKind[]): ConnectorKind => ({
  name: 'agent',
  configSchema: {
    type: 'object',
    additionalProperties: false,
    required: ['runs'],
    properties: {
      runs: {
        type: 'array',
        minItems: 1,
        items: { type: 'string' },
        description: 'The connectors that the agent runs: what it offers, and how that is verified, follows from them.',
      },
    },
  },
  secretKeys: [],
  open: (settings): Connector => {
    const traits = traitsOf(kinds, settings);
    return {
      traits,
      isPulled: true,
      apply: notHere,
      release: notHere,
      ...(traits.probe === 'byTarget' && { verify: notHere }),
      close: async () => undefined,
    };
  },
});
