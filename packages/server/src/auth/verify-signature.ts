import { compactVerify } from 'jose';
import type { CheckedHeader } from './check-header.ts';
import type { PublishedKey } from './key-set.ts';
import { importKey } from './key-set.ts';
import { invalidToken } from './refuse-token.ts';
import type { TrustedIssuer } from './trusted-issuer.ts';

const MAX_CANDIDATES = 4;

/** Entra publishes several issuers' keys in one set; each says whose it is. */
function isTheIssuers(key: PublishedKey, { keyIssuers, tenantId }: TrustedIssuer): boolean {
  if (keyIssuers === undefined || key.issuer === undefined) return true;
  return keyIssuers.includes(key.issuer.replaceAll('{tenantid}', tenantId ?? '{tenantid}'));
}

async function hasSigned(key: PublishedKey, token: string, { algorithm }: CheckedHeader): Promise<boolean> {
  const imported = await importKey(key, algorithm);
  if (!imported) return false;
  return compactVerify(token, imported, { algorithms: [algorithm] }).then(
    () => true,
    () => false,
  );
}

/**
 * The key of this very issuer that signed the token.
 *
 * @throws {Refusal} `InvalidAuthenticationToken`; `serviceUnavailable` where the issuer's keys cannot be fetched
 */
export async function getSigningKey(
  token: string,
  header: CheckedHeader,
  issuer: TrustedIssuer,
): Promise<PublishedKey> {
  const candidates = await issuer.keys.list(header.algorithm, header.kid);
  if (candidates.length === 0)
    throw invalidToken('The token names a key ("kid") that its issuer does not publish for this algorithm.');
  const own = candidates.filter((key) => isTheIssuers(key, issuer)).slice(0, MAX_CANDIDATES);
  if (own.length === 0) throw invalidToken('The token names a key that its publisher keeps for another issuer.');
  for (const key of own) if (await hasSigned(key, token, header)) return key;
  throw invalidToken("The token's signature is not its issuer's.");
}
