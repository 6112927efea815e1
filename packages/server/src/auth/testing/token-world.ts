import type { Authenticator, AuthenticatorOptions } from '../authenticate.ts';
import { createAuthenticator } from '../authenticate.ts';
import type { HandClock } from './hand-clock.ts';
import { createHandClock } from './hand-clock.ts';
import type { OidcIssuer } from './oidc-issuer.ts';
import { KEYS_PATH, openOidcIssuer } from './oidc-issuer.ts';
import type { TokenBase } from './token-bases.ts';
import { issuerSettings, KEYS, tokenBases } from './token-bases.ts';

/** All kinds of issuers at once, on loopback, and an authenticator that trusts them. */
export interface TokenWorld {
  readonly authenticator: Authenticator;
  readonly clock: HandClock;
  readonly bases: readonly TokenBase[];
  close(): Promise<void>;
}

const jwksUriOf = ({ issuer }: OidcIssuer): string => issuer.replace('/realms/test', KEYS_PATH);

export async function openTokenWorld(options: Partial<AuthenticatorOptions> = {}): Promise<TokenWorld> {
  const clock = createHandClock();
  const [v1, v2, keycloak, oidc] = await Promise.all([
    openOidcIssuer(KEYS.entraOld),
    openOidcIssuer(KEYS.entra, KEYS.entraTenantB, KEYS.entraPersonal),
    openOidcIssuer(KEYS.keycloak, KEYS.keycloakEc),
    openOidcIssuer(KEYS.oidc),
  ]);
  const places = { keycloak: keycloak.issuer, oidc: oidc.issuer };
  const issuers = issuerSettings(places, { v1: jwksUriOf(v1), v2: jwksUriOf(v2) });
  const authenticator = createAuthenticator({ issuers, clock, ...options });
  return {
    authenticator,
    clock,
    bases: tokenBases(places, clock.now()),
    close: async () => {
      authenticator.close();
      await Promise.all([v1, v2, keycloak, oidc].map((issuer) => issuer.stop()));
    },
  };
}
