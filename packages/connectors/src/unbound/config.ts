import { isIP } from 'node:net';
import type { ConnectorKind, ProviderSettings } from '../connector-kind.ts';

export interface UnboundConfig {
  readonly socket: string;
  /** Where clients ask it. */
  readonly probe: { readonly host: string; readonly port: number };
}

export const CONFIG_SCHEMA: ConnectorKind['configSchema'] = {
  type: 'object',
  additionalProperties: false,
  properties: {
    socket: {
      type: 'string',
      pattern: '^/',
      maxLength: 107,
      default: '/run/unbound.ctl',
      description: "Unbound's control-interface: the path of a Unix socket, which needs no certificates.",
    },
    probe: {
      type: 'string',
      default: '127.0.0.1:53',
      description:
        'Where this Unbound answers queries, as address:port, IPv6 in brackets. Every block is looked at there, over TCP, as a client would.',
    },
  },
};

const PROBE = /^(?:\[([0-9a-fA-F:.]+)\]|([0-9.]+)):(\d{1,5})$/;

function parseProbe(text: string): UnboundConfig['probe'] {
  const [, v6, v4, digits] = PROBE.exec(text) ?? [];
  const host = v6 ?? v4 ?? '';
  const port = Number(digits);
  if (isIP(host) !== (v6 ? 6 : 4) || port < 1 || port > 65_535) {
    throw new Error(
      `probe is ${JSON.stringify(text)}: an address and a port like "127.0.0.1:53" or "[::1]:53" are wanted.`,
    );
  }
  return { host, port };
}

/** @throws {Error} with one sentence for the operator */
export function readConfig({ own }: ProviderSettings): UnboundConfig {
  const { socket = '/run/unbound.ctl', probe = '127.0.0.1:53' } = own as Readonly<Record<string, string>>;
  return { socket, probe: parseProbe(probe) };
}
