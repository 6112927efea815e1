import type { KeyObject } from 'node:crypto';
import { isIP } from 'node:net';
import { VOCABULARY } from '@interdict/contract';
import type { ConnectorKind, ProviderSettings } from '../connector-kind.ts';
import { isPublicAddress } from '../http/public-address.ts';
import { Secret } from '../secret.ts';
import { parseSigningKey } from './sign.ts';

export interface WebhookConfig {
  readonly url: URL;
  readonly key: KeyObject;
  /** The spellings of the secret that no message may hold. */
  readonly secrets: readonly string[];
  readonly verify: boolean;
  readonly allowPrivate: boolean;
}

export const configSchema: ConnectorKind['configSchema'] = {
  type: 'object',
  properties: {
    url: {
      type: 'string',
      description: 'Where every call is POSTed to: https, with path and query if need be.',
    },
    secret: {
      description:
        'Signs every call. What follows "whsec_" is base64; any other text counts as its UTF-8. 24 bytes or more.',
    },
    verify: {
      type: 'boolean',
      default: false,
      description: 'The receiver answers securityAction.verify: what is in force is read back, and drift is seen.',
    },
    allowPrivate: {
      type: 'boolean',
      default: false,
      description: 'Allows http:// and receivers with addresses that are not public.',
    },
  },
  required: ['url', 'secret'],
  additionalProperties: false,
};

function parseUrl(text: unknown, allowPrivate: boolean): URL {
  const url = typeof text === 'string' ? URL.parse(text) : null;
  if (!url || !['https:', 'http:'].includes(url.protocol)) throw new Error("The webhook's url is no https URL.");
  if (url.username || url.password)
    throw new Error("The webhook's url has a user name or password; calls are signed instead.");
  if (url.hash) throw new Error("The webhook's url has a fragment, which is never sent.");
  if (allowPrivate) return url;
  if (url.protocol !== 'https:')
    throw new Error("The webhook's url is not https; set allowPrivate: true to allow http.");
  const host = url.hostname.replace(/^\[|\]$/g, '');
  if (isIP(host) !== 0 && !isPublicAddress(host)) {
    throw new Error(`The webhook's address ${host} is not public; set allowPrivate: true to allow it.`);
  }
  return url;
}

function parseSecret(secret: unknown): string {
  if (secret instanceof Secret) return secret.reveal();
  throw new Error('The webhook needs a secret that signs its calls.');
}

function checkActions(actions: readonly string[]): void {
  const unknown = actions.find((name) => !Object.hasOwn(VOCABULARY, name));
  if (unknown === undefined) return;
  throw new Error(`A webhook offers no action ${unknown}; it offers ${Object.keys(VOCABULARY).join(', ')}.`);
}

/** @throws {Error} with one sentence for the operator, which holds no secret */
export function parseConfig(settings: ProviderSettings): WebhookConfig {
  const { url, secret, verify, allowPrivate } = settings.own;
  checkActions(settings.actions ?? []);
  const text = parseSecret(secret);
  return {
    url: parseUrl(url, allowPrivate === true),
    key: parseSigningKey(text),
    secrets: [text, text.replace(/^whsec_/, '')],
    verify: verify === true,
    allowPrivate: allowPrivate === true,
  };
}
