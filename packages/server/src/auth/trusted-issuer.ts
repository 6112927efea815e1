import type { ClaimName } from './claim-name.ts';
import type { EntraVersion } from './entra-issuer.ts';
import { findEntraIssuer } from './entra-issuer.ts';
import { parseGuid } from './guid.ts';
import { expandIssuer } from './issuer-faults.ts';
import type { KeySource } from './issuer-keys.ts';
import type { AppOnlyWhen, IssuerSettings } from './issuer-settings.ts';

/** One value that `iss` may have, and how tokens of that issuer are read. */
export interface TrustedIssuer {
  readonly issuer: string;
  /** Set where its tokens follow Entra's rules; their `ver` has to be this. */
  readonly entraVersion: EntraVersion | undefined;
  readonly audience: readonly string[];
  /** The tenant of all its callers; undefined where the token names it. */
  readonly tenantId: string | undefined;
  /** The only tenants that the token may name; undefined: any. */
  readonly tenants: ReadonlySet<string> | undefined;
  /** Values that the `issuer` property of its keys may have; undefined: the property means nothing. */
  readonly keyIssuers: readonly string[] | undefined;
  readonly claims: TrustedClaims;
  readonly appOnlyWhen: AppOnlyWhen | undefined;
  readonly keys: KeySource;
}

/** Which claims are read, the first that the token has. */
export interface TrustedClaims {
  readonly tenant: readonly ClaimName[];
  readonly roles: readonly ClaimName[];
  readonly scope: readonly ClaimName[];
  readonly appId: readonly ClaimName[];
  readonly user: readonly ClaimName[];
  readonly subject: readonly ClaimName[];
}

const USER_NAMES = ['upn', 'preferred_username', 'unique_name'] as const;

/** Where Entra puts what is asked; only the client's id moved between its versions. */
export function entraClaims(version: EntraVersion, userClaim?: ClaimName): TrustedClaims {
  return {
    tenant: ['tid'],
    roles: ['roles'],
    scope: ['scp'],
    appId: [version === '1.0' ? 'appid' : 'azp'],
    user: userClaim === undefined ? USER_NAMES : [userClaim],
    subject: ['oid'],
  };
}

const orElse = (configured: ClaimName | undefined, usual: readonly ClaimName[]): readonly ClaimName[] =>
  configured === undefined ? usual : [configured];

const otherClaims = (settings: IssuerSettings): TrustedClaims => ({
  tenant: orElse(settings.tenantClaim, []),
  roles: orElse(settings.rolesClaim, ['roles']),
  scope: orElse(settings.scopeClaim, ['scope', 'scp']),
  appId: orElse(settings.appIdClaim, ['azp', 'client_id', 'appid']),
  user: orElse(settings.userClaim, USER_NAMES),
  subject: ['sub'],
});

/** Gives the keys of an issuer; `jwksUri` undefined where its metadata names it. */
export type OpenKeySource = (issuer: string, jwksUri: string | undefined) => KeySource;

function toTrusted(
  settings: IssuerSettings,
  issuer: string,
  tenant: string | undefined,
  open: OpenKeySource,
): TrustedIssuer {
  const entra = findEntraIssuer(issuer);
  const allowed = settings.tenants?.map((tenantId) => tenantId.toLowerCase());
  return {
    issuer,
    entraVersion: entra?.version,
    audience: settings.audience,
    tenantId: entra ? parseGuid(entra.tenant) : parseGuid(settings.tenant ?? tenant),
    tenants: allowed && new Set(allowed),
    keyIssuers: entra?.keyIssuers,
    claims: entra ? entraClaims(entra.version, settings.userClaim) : otherClaims(settings),
    appOnlyWhen: settings.appOnlyWhen,
    keys: open(issuer, settings.jwksUri?.replaceAll('{tid}', tenant ?? '{tid}')),
  };
}

/** The configured issuers by the value of `iss`. The settings have passed `findIssuerFaults`. */
export function toTrustedIssuers(all: readonly IssuerSettings[], open: OpenKeySource): Map<string, TrustedIssuer> {
  const trusted = all.flatMap((settings) =>
    expandIssuer(settings).map((issuer, index) => {
      const tenant = settings.issuer.includes('{tid}') ? settings.tenants?.[index]?.toLowerCase() : undefined;
      return toTrusted(settings, issuer, tenant, open);
    }),
  );
  return new Map(trusted.map((issuer) => [issuer.issuer, issuer]));
}
