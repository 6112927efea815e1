import type { Permission } from '@interdict/contract';
import { DELEGATED_ONLY, PERMISSIONS } from '@interdict/contract';
import type { Caller, CallerKind } from './caller.ts';
import type { SignedToken } from './check-claims.ts';
import { findTenantId } from './check-claims.ts';
import type { ClaimName, Claims } from './claim-name.ts';
import { findClaim, findFirstClaim, showClaimName } from './claim-name.ts';
import { parseGuid } from './guid.ts';
import type { AppOnlyWhen } from './issuer-settings.ts';
import { invalidToken, quote } from './refuse-token.ts';

const isText = (value: unknown): value is string => typeof value === 'string';

/** A claim that is a list of texts, or one text with spaces between its words. */
function readWords(claims: Claims, names: readonly ClaimName[]): readonly string[] {
  const value = findFirstClaim(claims, names) ?? [];
  if (isText(value)) return value.split(' ').filter((word) => word !== '');
  if (Array.isArray(value) && value.every(isText)) return value;
  throw invalidToken(`The token's "${names.map(showClaimName).join(' or ')}" is neither a text nor a list of texts.`);
}

const isPresent = (claims: Claims, names: readonly ClaimName[]): boolean =>
  names.some((name) => findClaim(claims, name) !== undefined);

/** Entra: a user's app brings `scp`, whatever is in it; the rest is an application, unless `idtyp` says otherwise. */
function entraKindOf({ claims, issuer }: SignedToken): CallerKind {
  if (isPresent(claims, issuer.claims.scope)) return 'delegated';
  const { idtyp, oid, sub } = claims;
  if (idtyp !== undefined && idtyp !== 'app')
    throw invalidToken(
      `The token has no "scp", so no app acts for a user, and its "idtyp" is ${quote(idtyp)}, not "app".`,
    );
  if (idtyp === undefined && oid !== undefined && sub !== undefined && oid !== sub)
    throw invalidToken('The token has no "scp", and its "sub" differs from its "oid", as only a user\'s does.');
  return 'application';
}

function isAppOnly(claims: Claims, when: AppOnlyWhen | undefined): boolean {
  if (!when) return false;
  const value = findClaim(claims, when.claim);
  if (when.startsWith !== undefined) return isText(value) && value.startsWith(when.startsWith);
  return value !== undefined && value === when.equals;
}

function kindOf(token: SignedToken): CallerKind {
  if (token.issuer.entraVersion !== undefined) return entraKindOf(token);
  return isAppOnly(token.claims, token.issuer.appOnlyWhen) ? 'application' : 'delegated';
}

const MAX_NAME = 256;

/** Names go into rows, logs and headers of other systems, so they are one line. */
export const isName = (value: unknown): value is string =>
  isText(value) && value.length <= MAX_NAME && !/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u.test(value);

function readName(value: unknown, what: string): string {
  if (isName(value)) return value;
  throw invalidToken(`The token's name of ${what} is no text of one line and at most ${MAX_NAME} characters.`);
}

function subjectOf({ claims, issuer }: SignedToken, kind: CallerKind): string | null {
  const subject = findFirstClaim(claims, issuer.claims.subject);
  if (subject !== undefined && subject !== '') return parseGuid(subject) ?? readName(subject, 'the caller');
  if (kind === 'application') return null;
  const names = issuer.claims.subject.map(showClaimName).join(' or ');
  throw invalidToken(`The token is a user's, but does not say whose: it has no "${names}".`);
}

/** Scopes are what a user let an app do; read as roles they would say that the user may do it. */
function rolesOf({ claims, issuer }: SignedToken, kind: CallerKind): readonly string[] {
  const scopes = issuer.claims.scope.map(showClaimName);
  const isScope = issuer.claims.roles.some((name) => scopes.includes(showClaimName(name)));
  return kind === 'delegated' && isScope ? [] : readWords(claims, issuer.claims.roles);
}

function permissionsOf({ claims, issuer }: SignedToken, kind: CallerKind): readonly Permission[] {
  const granted = readWords(claims, kind === 'application' ? issuer.claims.roles : issuer.claims.scope);
  const isApp = kind === 'application' || (issuer.entraVersion !== undefined && claims.idtyp === 'app');
  return PERMISSIONS.filter((name) => granted.includes(name) && !(isApp && DELEGATED_ONLY.includes(name)));
}

/**
 * Who asks, by a token that has passed every check.
 *
 * @throws {Refusal} `InvalidAuthenticationToken` where it is neither an application's nor a user's
 */
export function toCaller(token: SignedToken): Caller {
  const { claims, issuer } = token;
  const kind = kindOf(token);
  const appId = readName(findFirstClaim(claims, issuer.claims.appId), 'the application');
  const oid = subjectOf(token, kind);
  const user = findFirstClaim(claims, issuer.claims.user);
  return {
    issuer: issuer.issuer,
    tenantId: findTenantId(token) ?? '',
    appId: parseGuid(appId) ?? appId,
    user: kind === 'application' ? null : readName(user === undefined || user === '' ? oid : user, 'the user'),
    oid,
    kind,
    permissions: new Set(permissionsOf(token, kind)),
    roles: new Set(rolesOf(token, kind)),
    issuedAtMs: typeof claims.iat === 'number' ? claims.iat * 1_000 : null,
    expiresAtMs: Number(claims.exp) * 1_000,
  };
}
