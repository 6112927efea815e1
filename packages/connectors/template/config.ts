import { type ConnectorKind, type ProviderSettings, Secret } from '@interdict/connectors';

export interface MyProductConfig {
  readonly url: URL;
  readonly token: Secret;
  readonly allowPrivate: boolean;
}

/** The keys that a provider of this connector has in the configuration, beside those that every provider has. */
export const CONFIG_SCHEMA: ConnectorKind['configSchema'] = {
  type: 'object',
  properties: {
    url: { type: 'string', description: 'The API of MyProduct, as in https://my-product.example/api.' },
    // A key of `secretKeys`: the operator gives it as { env } or { file }, and it comes as a Secret.
    token: { description: 'The token of MyProduct with the right to write entries, and no other.' },
    allowPrivate: {
      type: 'boolean',
      default: false,
      description: 'Allows http:// and addresses that are not public.',
    },
  },
  required: ['url', 'token'],
  additionalProperties: false,
};

/** @throws {Error} with one sentence for the operator, who reads it at the start */
export function parseConfig({ own }: ProviderSettings): MyProductConfig {
  const url = typeof own.url === 'string' ? URL.parse(own.url) : null;
  const allowPrivate = own.allowPrivate === true;
  if (!url || !['https:', 'http:'].includes(url.protocol)) throw new Error('The url of MyProduct is no https URL.');
  if (url.protocol === 'http:' && !allowPrivate) {
    throw new Error('The url of MyProduct is not https; set allowPrivate: true to allow http.');
  }
  if (!(own.token instanceof Secret)) throw new Error('MyProduct needs a token.');
  return { url, token: own.token, allowPrivate };
}
