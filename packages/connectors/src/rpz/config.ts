import { createSecretKey } from 'node:crypto';
import { isIP } from 'node:net';
import type { ConnectorKind, ProviderSettings } from '../connector-kind.ts';
import { Secret } from '../secret.ts';
import { ALGORITHMS, type Algorithm, type TsigKey } from './tsig.ts';

/** How a name or an address is blocked, as the target of a CNAME says it. */
export const POLICIES = { nxdomain: '.', nodata: '*', drop: 'rpz-drop' } as const;
export type Policy = keyof typeof POLICIES;

/** A machine and its port. */
export interface Place {
  readonly host: string;
  readonly port: number;
}

export interface RpzConfig {
  readonly server: Place;
  /** In lower case, without the trailing dot. */
  readonly zone: string;
  readonly key: TsigKey;
  readonly ttl: number;
  readonly policy: Policy;
  /** All of them must go by the zone before an effect counts as in force. */
  readonly resolvers: readonly Place[];
}

const NAME = /^(?=.{1,200}$)[a-z0-9_](?:[a-z0-9_-]{0,62})(?:\.[a-z0-9_](?:[a-z0-9_-]{0,62}))*$/;
const LEAST_SECRET_BYTES = 16;
const PORT = { type: 'integer', minimum: 1, maximum: 65_535, default: 53 } as const;

export const configSchema: ConnectorKind['configSchema'] = {
  type: 'object',
  properties: {
    server: { type: 'string', minLength: 1, description: 'Name or address of the primary name server of the zone.' },
    port: { ...PORT, description: 'Its port, over TCP.' },
    zone: { type: 'string', minLength: 1, description: 'The response policy zone. No other provider writes to it.' },
    keyName: { type: 'string', minLength: 1, description: 'The name of the TSIG key.' },
    secret: { description: 'The secret of the TSIG key, in base64 as name servers write it: 16 bytes or more.' },
    algorithm: {
      type: 'string',
      enum: [...ALGORITHMS],
      default: 'hmac-sha256',
      description: 'The algorithm of the TSIG key.',
    },
    ttl: {
      type: 'integer',
      minimum: 1,
      maximum: 86_400,
      default: 60,
      description: 'The TTL of the records, in seconds.',
    },
    policy: {
      type: 'string',
      enum: Object.keys(POLICIES),
      default: 'nxdomain',
      description: 'What a client is told: that the name does not exist, that it has no such data, or nothing at all.',
    },
    probe: {
      type: 'array',
      minItems: 1,
      items: {
        type: 'object',
        description: 'A resolver.',
        properties: {
          address: { type: 'string', minLength: 1, description: 'Name or address of a resolver that uses the zone.' },
          port: { ...PORT, description: 'Its port, over TCP.' },
        },
        required: ['address'],
        additionalProperties: false,
      },
      description:
        'The resolvers that must all go by the zone before an effect is in force. Absent: the server itself.',
    },
  },
  required: ['server', 'zone', 'keyName', 'secret'],
  additionalProperties: false,
};

function parseName(value: unknown, key: string): string {
  const name = String(value).toLowerCase().replace(/\.$/, '');
  if (NAME.test(name)) return name;
  throw new Error(
    `${key} is ${JSON.stringify(String(value).slice(0, 80))}: a domain name is wanted, as "rpz.example".`,
  );
}

function parsePlace(host: unknown, port: unknown, key: string): Place {
  const text = String(host);
  if (isIP(text) === 0 && !NAME.test(text.toLowerCase())) {
    throw new Error(`${key} is ${JSON.stringify(text.slice(0, 80))}: a name or an address without its port is wanted.`);
  }
  return { host: text, port: typeof port === 'number' ? port : 53 };
}

function parseSecret(secret: unknown): Buffer {
  if (!(secret instanceof Secret)) throw new Error('The rpz connector needs the secret of its TSIG key.');
  const text = secret.reveal().trim();
  const bytes = Buffer.from(text, 'base64');
  if (bytes.toString('base64').replace(/=+$/, '') !== text.replace(/=+$/, '')) {
    throw new Error('The secret of the TSIG key is not base64: take what stands between the quotes after "secret".');
  }
  if (bytes.length >= LEAST_SECRET_BYTES) return bytes;
  throw new Error(`The secret of the TSIG key has ${bytes.length} bytes; ${LEAST_SECRET_BYTES} are wanted at least.`);
}

export const serverOf = ({ own }: ProviderSettings): Place => parsePlace(own.server, own.port, 'server');

export function resolversOf(settings: ProviderSettings): readonly Place[] {
  const { probe } = settings.own;
  if (!Array.isArray(probe)) return [serverOf(settings)];
  return probe.map(({ address, port }) => parsePlace(address, port, 'probe.address'));
}

export const exclusiveOf = (settings: ProviderSettings): string => {
  const { host, port } = serverOf(settings);
  return `the zone "${parseName(settings.own.zone, 'zone')}" of ${host}:${port}`;
};

/** @throws {Error} with one sentence for the operator, which holds no secret */
export function parseConfig(settings: ProviderSettings): RpzConfig {
  const { own } = settings;
  const policy = Object.keys(POLICIES).find((each) => each === own.policy) as Policy | undefined;
  return {
    server: serverOf(settings),
    zone: parseName(own.zone, 'zone'),
    key: {
      name: parseName(own.keyName, 'keyName'),
      algorithm: ALGORITHMS.find((each) => each === own.algorithm) ?? ('hmac-sha256' satisfies Algorithm),
      secret: createSecretKey(parseSecret(own.secret)),
    },
    ttl: typeof own.ttl === 'number' ? own.ttl : 60,
    policy: policy ?? 'nxdomain',
    resolvers: resolversOf(settings),
  };
}
