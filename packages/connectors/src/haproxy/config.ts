import path from 'node:path';
import type { JsonSchema } from '@interdict/contract';
import type { ConnectorKind, ProviderSettings } from '../connector-kind.ts';

/** A map by what it is asked for: the client's address, the name of the Host header, the whole URL. */
export type MapKind = 'ip' | 'domain' | 'url';

export interface Settings {
  /** The runtime socket. */
  readonly socket: string;
  /** Files of the maps, as HAProxy's configuration names them. */
  readonly maps: ReadonlyMap<MapKind, string>;
}

const mapOf = (what: string): JsonSchema => ({
  type: 'string',
  minLength: 1,
  description: `The map file of ${what}, by the path that HAProxy's configuration has. Absent: the action is not offered.`,
});

export const configSchema: ConnectorKind['configSchema'] = {
  type: 'object',
  additionalProperties: false,
  required: ['socket'],
  properties: {
    socket: { type: 'string', minLength: 1, description: "HAProxy's runtime socket; its least level is enough." },
    ipMap: mapOf('clients: BlockIp'),
    domainMap: mapOf('names in the Host header: BlockDomain'),
    urlMap: mapOf('URLs: BlockUrl'),
  },
};

/** Commands of the socket are divided by semicolons and line ends, and words by blanks. */
function parsePath(name: string, value: unknown): string {
  const text = String(value);
  if (path.isAbsolute(text) && /^[\x21-\x7e]+$/.test(text) && !/[;\\"'#]/.test(text)) return text;
  throw new Error(
    `${name} is ${JSON.stringify(text)}: an absolute path without blanks, quotes and semicolons is wanted.`,
  );
}

const KEYS: readonly (readonly [MapKind, string])[] = [
  ['ip', 'ipMap'],
  ['domain', 'domainMap'],
  ['url', 'urlMap'],
];

export const exclusiveOf = ({ own }: ProviderSettings): string => `the maps of the HAProxy at ${String(own.socket)}`;

/** @throws {Error} with one sentence for the operator */
export function readSettings({ own }: ProviderSettings): Settings {
  const given = KEYS.filter(([, key]) => own[key] !== undefined);
  if (given.length === 0) throw new Error('The haproxy connector needs a map: ipMap, domainMap or urlMap.');
  const maps = new Map(given.map(([kind, key]) => [kind, parsePath(key, own[key])] as const));
  if (new Set(maps.values()).size < maps.size) throw new Error('Two maps are one file: each needs a file of its own.');
  return { socket: String(own.socket), maps };
}
