import type { ConnectorKind, ProviderSettings } from '../connector-kind.ts';
import { findDurationMs } from '../duration.ts';
import { Secret } from '../secret.ts';

export interface CrowdsecConfig {
  /** An origin. */
  readonly url: URL;
  readonly machine: string;
  readonly password: Secret;
  readonly bouncerKey: Secret;
  /** How long after a change every bouncer has pulled it. 0: nobody waits for bouncers. */
  readonly bouncerMs: number;
  /** How long after its end a decision ends by itself. */
  readonly graceMs: number;
  readonly ranges: boolean;
}

export const configSchema: ConnectorKind['configSchema'] = {
  type: 'object',
  properties: {
    url: { type: 'string', description: 'Where the local API listens, as in http://127.0.0.1:8080.' },
    machine: {
      type: 'string',
      minLength: 1,
      maxLength: 200,
      default: 'interdict',
      description: 'The machine account of "cscli machines add".',
    },
    password: { description: "The machine's password." },
    bouncerKey: { description: 'The key of "cscli bouncers add" with which decisions are read back.' },
    bouncerInterval: {
      type: 'string',
      default: 'PT10S',
      description:
        "The longest update_frequency of the bouncers, 10 s where they leave it alone: a change counts as enforced that long, and a second, after it. 'PT0S': as soon as the local API has it.",
    },
    ranges: {
      type: 'boolean',
      default: false,
      description:
        'Takes networks too. Only where every bouncer enforces them: the firewall bouncer in mode nftables blocks the first address alone.',
    },
    grace: {
      type: 'string',
      default: 'PT1H',
      description:
        "How long after its end a decision ends by itself, should the server be gone by then: ISO 8601, as in 'PT1H'.",
    },
    allowHttp: {
      type: 'boolean',
      default: false,
      description: 'Allows http:// beyond this machine: the password and the key cross the network in the clear.',
    },
  },
  required: ['url', 'password', 'bouncerKey'],
  additionalProperties: false,
};

const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;
/** What a bouncer needs to put into its firewall what it has pulled. */
const APPLYING_MS = 1_000;
const LEAST_GRACE_MS = 60_000;

function parseUrl(text: unknown, allowHttp: boolean): URL {
  const url = typeof text === 'string' ? URL.parse(text) : null;
  if (!url || !['https:', 'http:'].includes(url.protocol)) throw new Error("CrowdSec's url is no http or https URL.");
  if (url.username || url.password)
    throw new Error("CrowdSec's url has a user name or password; set machine and password instead.");
  if (url.pathname !== '/' || url.search || url.hash)
    throw new Error("CrowdSec's url is more than an origin, as in http://127.0.0.1:8080.");
  if (url.protocol === 'https:' || allowHttp || LOOPBACK.test(url.hostname)) return url;
  throw new Error(
    "CrowdSec's url is http beyond this machine, where its password could be read; set allowHttp: true to allow it.",
  );
}

function parseSecret(secret: unknown, key: string): Secret {
  if (secret instanceof Secret && secret.reveal() !== '') return secret;
  throw new Error(`CrowdSec needs ${key}, a secret that is not empty.`);
}

function parseKey(secret: unknown): Secret {
  const key = parseSecret(secret, 'bouncerKey');
  if (/^[\x20-\x7e]+$/.test(key.reveal())) return key;
  throw new Error("CrowdSec's bouncerKey has other than printable ASCII characters, so that no header could hold it.");
}

function parseMs(value: unknown, key: string, otherwise: string): number {
  const ms = findDurationMs(typeof value === 'string' ? value : otherwise);
  if (ms !== undefined) return ms;
  throw new Error(`${key} is ${JSON.stringify(value)}: a duration like "PT10S" or "PT1H" is wanted.`);
}

/** @throws {Error} with one sentence for the operator, which holds no secret */
export function parseConfig({ own }: ProviderSettings): CrowdsecConfig {
  const intervalMs = parseMs(own.bouncerInterval, 'bouncerInterval', 'PT10S');
  const graceMs = parseMs(own.grace, 'grace', 'PT1H');
  if (graceMs < LEAST_GRACE_MS)
    throw new Error('grace is under a minute: decisions would end that the server still holds.');
  return {
    url: parseUrl(own.url, own.allowHttp === true),
    machine: typeof own.machine === 'string' ? own.machine : 'interdict',
    password: parseSecret(own.password, 'password'),
    bouncerKey: parseKey(own.bouncerKey),
    bouncerMs: intervalMs === 0 ? 0 : intervalMs + APPLYING_MS,
    graceMs,
    ranges: own.ranges === true,
  };
}
