import type { JsonSchema } from '@interdict/contract';
import type { ProviderSettings } from '../connector-kind.ts';
import { findProgram } from '../nftables/find-program.ts';
import { findNetwork, type Network, networkText, overlap } from '../nftables/network.ts';
import { parseGrace, parseProgram, TABLE, textOr } from '../nftables/settings.ts';

/** An address and a port of TCP. */
export interface Endpoint {
  readonly network: Network;
  readonly port: number;
}

/** Which host it is, and what it may still speak to while it is isolated. */
export interface Settings {
  /** The only target that is taken: this host. */
  readonly host: string;
  /** Where the server, or what leads to it, is reached. */
  readonly server: readonly Endpoint[];
  readonly allow: readonly Network[];
  readonly table: string;
  readonly nft: string;
  readonly graceMs: number;
}

export const CONFIG_SCHEMA = {
  type: 'object',
  additionalProperties: false,
  required: ['host', 'server'],
  properties: {
    host: {
      type: 'string',
      minLength: 1,
      maxLength: 255,
      description: 'What requests call this host, in lower case: the only target that is taken.',
    },
    server: {
      type: 'array',
      minItems: 1,
      items: { type: 'string' },
      description:
        'Addresses and ports of the server, as in "192.0.2.10:443" or "[2001:db8::10]:443": what stays open over TCP.',
    },
    allow: {
      type: 'array',
      items: { type: 'string' },
      default: [],
      description: 'Addresses and networks that stay open in both directions, whatever the protocol: management, DNS.',
    },
    table: {
      type: 'string',
      pattern: TABLE,
      default: 'interdict_isolation',
      description: 'The table of family inet that the connector makes and owns. No other provider uses it.',
    },
    nft: {
      type: 'string',
      minLength: 1,
      default: 'nft',
      description:
        'The program nft: an absolute path, or a name that is looked up on PATH and in the sbin directories.',
    },
    grace: {
      type: 'string',
      default: 'PT1H',
      description: 'How long after its end the isolation is over by itself, should the server stay silent.',
    },
  },
} as const satisfies JsonSchema;

/** A host that comes back by itself soon is worth more than clocks that need not agree. */
const LEAST_GRACE_MS = 1_000;

const ENDPOINT = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/;

function parseEndpoint(text: string): Endpoint {
  const [, v6, v4, digits = ''] = ENDPOINT.exec(text) ?? [];
  const network = findNetwork(v6 ?? v4 ?? '');
  const port = Number(digits);
  const isOne = network !== undefined && network.length === (network.version === 4 ? 32 : 128);
  if (isOne && port > 0 && port <= 65_535) return { network, port };
  throw new Error(
    `server lists ${JSON.stringify(text)}: an address with a port is wanted, as in "192.0.2.10:443". A name would have to be looked up, which an isolated host cannot do.`,
  );
}

function parseAllowed(text: string): Network {
  const network = findNetwork(text);
  if (network) return network;
  throw new Error(`allow lists ${JSON.stringify(text)}: an address or a network without host bits is wanted.`);
}

/** nft takes no set in which one lies in another. */
function withoutOverlap(networks: readonly Network[]): readonly Network[] {
  for (const [index, network] of networks.entries()) {
    const other = networks.slice(0, index).find((each) => overlap(each, network));
    if (other) throw new Error(`allow lists ${networkText(other)} and ${networkText(network)}: one lies in the other.`);
  }
  return networks;
}

function eachOnce(endpoints: readonly Endpoint[]): readonly Endpoint[] {
  return [...new Map(endpoints.map((each) => [`${each.network.address} ${each.port}`, each])).values()];
}

const listOf = (value: unknown): readonly string[] => (Array.isArray(value) ? value.map(String) : []);

export const exclusiveOf = ({ own }: ProviderSettings): string =>
  `the table "${textOr(own.table, 'interdict_isolation')}" of ${findProgram(textOr(own.nft, 'nft'))}`;

/** @throws {Error} with one sentence for the operator */
export function readSettings({ own }: ProviderSettings): Settings {
  return {
    host: String(own.host).toLowerCase(),
    server: eachOnce(listOf(own.server).map(parseEndpoint)),
    allow: withoutOverlap(listOf(own.allow).map(parseAllowed)),
    table: textOr(own.table, 'interdict_isolation'),
    nft: parseProgram(textOr(own.nft, 'nft')),
    graceMs: parseGrace(textOr(own.grace, 'PT1H'), LEAST_GRACE_MS),
  };
}
