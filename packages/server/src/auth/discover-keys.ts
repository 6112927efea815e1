import { findEntraIssuer } from './entra-issuer.ts';
import { fetchJson } from './fetch-json.ts';
import type { PublishedKey } from './key-set.ts';
import { parseKeySet } from './key-set.ts';
import { parseKeyUrl } from './key-url.ts';

/** Where an issuer's keys are found. */
export interface KeyAddress {
  readonly issuer: string;
  readonly jwksUri: string | undefined;
}

/**
 * The address of an issuer's metadata.
 *
 * @see https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderConfigurationRequest
 */
export const metadataUrlOf = (issuer: string): string =>
  findEntraIssuer(issuer)?.metadataUrl ?? `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;

async function discoverJwksUri(issuer: string, signal: AbortSignal): Promise<string> {
  const url = metadataUrlOf(issuer);
  const metadata = (await fetchJson(url, signal)) as { issuer?: unknown; jwks_uri?: unknown } | null;
  if (metadata?.issuer !== issuer)
    throw new Error(
      `${url} speaks for another issuer than "${issuer}": its "issuer" has to be the same, letter by letter.`,
    );
  const { jwks_uri: jwksUri } = metadata;
  if (typeof jwksUri !== 'string' || !parseKeyUrl(jwksUri))
    throw new Error(`${url} names no address for the keys that is https, or http on this machine.`);
  return jwksUri;
}

/**
 * An issuer's keys, fetched anew, by way of its metadata unless their address is configured.
 *
 * @throws {Error} that says what is wrong with the issuer's answers
 */
export async function discoverKeys(address: KeyAddress, signal: AbortSignal): Promise<readonly PublishedKey[]> {
  const jwksUri = address.jwksUri ?? (await discoverJwksUri(address.issuer, signal));
  return parseKeySet(await fetchJson(jwksUri, signal));
}
