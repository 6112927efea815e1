import { isIP } from 'node:net';
import path from 'node:path';
import type { JsonSchema } from '@interdict/contract';
import type { ProviderSettings } from '../connector-kind.ts';
import { type IcapSettings, isLoopback } from './icap-server.ts';

/** What one provider of this connector was configured to do. */
export interface Settings {
  /** The file that holds what is blocked. */
  readonly list: string;
  /** Where Squid takes requests of clients. */
  readonly proxy: { readonly host: string; readonly port: number };
  /** Absent: a helper of Squid reads the list. */
  readonly icap?: IcapSettings;
  /** Squid sees the paths of https URLs. */
  readonly interceptsTls: boolean;
}

const PROXY = 'http://127.0.0.1:3128';
const ICAP_ADDRESS = '127.0.0.1';
const ICAP_PORT = 1344;

export const CONFIG_SCHEMA = {
  type: 'object',
  additionalProperties: false,
  required: ['list'],
  properties: {
    list: {
      type: 'string',
      minLength: 1,
      description: 'The file that holds what is blocked: an absolute path. Two providers never share one.',
    },
    proxy: {
      type: 'string',
      default: PROXY,
      description: 'Where Squid takes requests of clients (http_port). Blocks are verified through it.',
    },
    icap: {
      type: 'object',
      additionalProperties: false,
      description: 'Where Interdict answers Squid over ICAP. Without it Squid runs the helper, which reads the list.',
      properties: {
        address: { type: 'string', default: ICAP_ADDRESS, description: 'The address that it listens on.' },
        port: { type: 'integer', minimum: 1, maximum: 65_535, default: ICAP_PORT, description: 'The port.' },
        allow: {
          type: 'array',
          items: { type: 'string' },
          default: [],
          description: 'Addresses of Squids on other hosts that may ask. Loopback always may.',
        },
      },
    },
    interceptsTls: {
      type: 'boolean',
      default: false,
      description: 'Squid opens TLS (ssl-bump). Without it an https URL with a path or a query is refused.',
    },
  },
} as const satisfies JsonSchema;

function parseProxy(text: string): Settings['proxy'] {
  const url = URL.parse(text);
  if (url?.protocol !== 'http:' || url.pathname !== '/' || url.search || url.hash || url.username || url.password) {
    throw new Error(`proxy is ${JSON.stringify(text)}: a URL like "${PROXY}" is wanted, without path and user.`);
  }
  return { host: url.hostname.replace(/^\[|\]$/g, ''), port: Number(url.port || 80) };
}

function parseIcap(icap: Readonly<Record<string, unknown>>): IcapSettings {
  const { address = ICAP_ADDRESS, port = ICAP_PORT, allow = [] } = icap;
  const allowed = Array.isArray(allow) ? allow.map(String) : [];
  const strange = [String(address), ...allowed].find((each) => isIP(each) === 0);
  if (strange !== undefined) throw new Error(`icap names ${JSON.stringify(strange)}: an address is wanted.`);
  if (!isLoopback(String(address)) && allowed.length === 0) {
    throw new Error(`icap.address ${address} is not loopback: name in icap.allow the addresses of Squid that may ask.`);
  }
  return { address: String(address), port: Number(port), allow: allowed };
}

function parseList(list: unknown): string {
  if (typeof list === 'string' && path.isAbsolute(list) && !/[\0\r\n]/.test(list) && !list.endsWith('/')) return list;
  throw new Error(`list is ${JSON.stringify(list)}: the absolute path of a file is wanted.`);
}

/** Two who write one file would undo each other. */
export const exclusiveOf = ({ own }: ProviderSettings): string => `the list ${path.resolve(String(own.list))}`;

export const hostsOf = (settings: ProviderSettings): readonly string[] => [readSettings(settings).proxy.host];

/** @throws {Error} with one sentence for the operator */
export function readSettings({ own }: ProviderSettings): Settings {
  return {
    list: parseList(own.list),
    proxy: parseProxy(typeof own.proxy === 'string' ? own.proxy : PROXY),
    interceptsTls: own.interceptsTls === true,
    ...(typeof own.icap === 'object' && own.icap && { icap: parseIcap(own.icap as Record<string, unknown>) }),
  };
}
