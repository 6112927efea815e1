import path from 'node:path';
import type { ConnectorKind, ProviderSettings } from '../connector-kind.ts';

export interface ClamavConfig {
  /** clamd's `LocalSocket`. */
  readonly socket: string;
  /** clamd's `DatabaseDirectory`. */
  readonly folder: string;
}

export const CONFIG_SCHEMA: ConnectorKind['configSchema'] = {
  type: 'object',
  properties: {
    socket: {
      type: 'string',
      description: "clamd's LocalSocket, an absolute path: the server needs the right to write to it.",
    },
    folder: {
      type: 'string',
      description:
        "clamd's DatabaseDirectory, an absolute path: the server writes interdict.hsb and interdict.hdb into it.",
    },
  },
  required: ['socket', 'folder'],
  additionalProperties: false,
};

function absolute(name: string, value: unknown): string {
  if (typeof value === 'string' && path.isAbsolute(value) && !value.includes('\0')) return path.normalize(value);
  throw new Error(`${name} is ${JSON.stringify(value)}: an absolute path is wanted.`);
}

/** @throws {Error} with one sentence for the operator */
export const parseConfig = ({ own }: ProviderSettings): ClamavConfig => ({
  socket: absolute('socket', own.socket),
  folder: absolute('folder', own.folder).replace(/(?<=.)\/$/, ''),
});

/** Names of signatures say the tenant, and not the provider. */
export const exclusiveOf = (settings: ProviderSettings): string =>
  `the signature files of Interdict in ${parseConfig(settings).folder}`;
