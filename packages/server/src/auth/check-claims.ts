import { checkTimes } from './check-times.ts';
import type { Claims } from './claim-name.ts';
import { findClaim, findFirstClaim, showClaimName } from './claim-name.ts';
import { PERSONAL_TENANT_ID, parseGuid } from './guid.ts';
import { invalidToken, quote } from './refuse-token.ts';
import type { TrustedIssuer } from './trusted-issuer.ts';

/** A token whose signature is its issuer's. */
export interface SignedToken {
  readonly claims: Claims;
  readonly issuer: TrustedIssuer;
  /** From the header, see `checkHeader`. */
  readonly saysAccessToken: boolean;
}

/** A sentence that says what is wrong, or nothing. */
type ClaimCheck = (token: SignedToken, nowMs: number) => string | undefined;

const versionFits: ClaimCheck = ({ claims, issuer: { entraVersion } }) =>
  entraVersion === undefined || claims.ver === entraVersion
    ? undefined
    : `The token's version is ${quote(claims.ver)}; its issuer signs version "${entraVersion}".`;

const isText = (value: unknown): boolean => typeof value === 'string';
const saysBearer = ({ typ }: Claims): boolean => typeof typ === 'string' && typ.toLowerCase() === 'bearer';

/** Keycloak's word for what a token is: `Bearer`, and `ID`, `Refresh`, `Logout`, `DPoP` for what no bearer may use. */
const payloadTypeFits: ClaimCheck = ({ claims }) =>
  !Object.hasOwn(claims, 'typ') || saysBearer(claims)
    ? undefined
    : `The token says that it is of the type ${quote(claims.typ)}; an access token is expected.`;

const HASHES = ['at_hash', 'c_hash', 's_hash'] as const;

const bindsNothingElse: ClaimCheck = ({ claims }) => {
  const found = HASHES.find((name) => Object.hasOwn(claims, name));
  return found && `The token holds "${found}", so it is an ID token; an access token is expected.`;
};

/** Keycloak copied the sign-in's nonce into access tokens for years, so it marks only what does not say what it is. */
const nonceIsExplained: ClaimCheck = ({ claims, saysAccessToken }) =>
  Object.hasOwn(claims, 'nonce') && !saysAccessToken && !saysBearer(claims)
    ? 'The token holds a "nonce", so it is an ID token; an access token is expected.'
    : undefined;

const namesItsClient: ClaimCheck = ({ claims, issuer }) => {
  const appId = findFirstClaim(claims, issuer.claims.appId);
  if (isText(appId) && appId !== '') return undefined;
  const names = issuer.claims.appId.map(showClaimName).join(' or ');
  return `The token does not name the application that it was given to (${names}), so it is an ID token or none of use here.`;
};

/** Whoever cannot check the proof must not take the token without it. */
const isBearersOwn: ClaimCheck = ({ claims }) =>
  Object.hasOwn(claims, 'cnf')
    ? 'The token is bound to a key ("cnf"), which this server cannot check; ask for a plain bearer token.'
    : undefined;

const audienceFits: ClaimCheck = ({ claims: { aud }, issuer: { audience } }) => {
  const named: readonly unknown[] = Array.isArray(aud) ? aud : [aud];
  if (named.length > 0 && named.every(isText) && audience.some((own) => named.includes(own))) return undefined;
  return `The token is for the audience ${quote(aud)}; ${audience.map(quote).join(' or ')} is expected.`;
};

/** The tenant that a signed token speaks for, in lower case; undefined where it names none. */
export function findTenantId({ claims, issuer }: SignedToken): string | undefined {
  return issuer.claims.tenant.length === 0 ? issuer.tenantId : parseGuid(findFirstClaim(claims, issuer.claims.tenant));
}

const tenantIsNamed: ClaimCheck = (token) => {
  if (findTenantId(token) !== undefined) return undefined;
  return `The token names no tenant: "${token.issuer.claims.tenant.map(showClaimName).join(' or ')}" has to be a GUID.`;
};

const tenantIsTheIssuers: ClaimCheck = (token) => {
  const { issuer } = token;
  const tenantId = findTenantId(token) ?? '';
  const fits = issuer.tenantId === undefined || issuer.tenantId === tenantId;
  if (fits && (issuer.tenants === undefined || issuer.tenants.has(tenantId))) return undefined;
  return `The token's tenant is ${quote(tenantId)}, for which its issuer may not speak here.`;
};

const isNobodysPersonal: ClaimCheck = (token) =>
  [findTenantId(token), parseGuid(findClaim(token.claims, 'tid'))].includes(PERSONAL_TENANT_ID)
    ? "The token is a personal Microsoft account's. Sign in with an account of an organisation."
    : undefined;

const CLAIM_CHECKS: readonly ClaimCheck[] = [
  versionFits,
  payloadTypeFits,
  bindsNothingElse,
  nonceIsExplained,
  namesItsClient,
  isBearersOwn,
  audienceFits,
  ({ claims }, nowMs) => checkTimes(claims, nowMs),
  tenantIsNamed,
  tenantIsTheIssuers,
  isNobodysPersonal,
];

/** @throws {Refusal} `InvalidAuthenticationToken` */
export function checkClaims(token: SignedToken, nowMs: number): void {
  for (const check of CLAIM_CHECKS) {
    const fault = check(token, nowMs);
    if (fault !== undefined) throw invalidToken(fault);
  }
}
