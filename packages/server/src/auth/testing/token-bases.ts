import type { IssuerSettings } from '../issuer-settings.ts';
import type { SigningKey } from './signing-key.ts';
import { createSigningKey } from './signing-key.ts';

export const TENANT_A = 'aaaaaaaa-1111-4111-8111-111111111111';
export const TENANT_B = 'bbbbbbbb-2222-4222-8222-222222222222';
export const PERSONAL = '9188040d-6c67-4c5b-b112-36a304b66dad';
export const APP = 'cccccccc-3333-4333-8333-333333333333';
export const USER_OID = 'dddddddd-4444-4444-8444-444444444444';
export const AUDIENCE = 'api://interdict';

/** A genuine token in parts: what a corpus signs as it is, or bends first. */
export interface TokenBase {
  readonly name: string;
  readonly header: Readonly<Record<string, unknown>> & { readonly alg: string };
  readonly claims: Readonly<Record<string, unknown>>;
  readonly key: SigningKey;
  readonly kind: 'application' | 'delegated';
  readonly isEntra: boolean;
}

export const KEYS = {
  entra: createSigningKey('entra-1', 'RSA', { issuer: 'https://login.microsoftonline.com/{tenantid}/v2.0' }),
  entraTenantB: createSigningKey('entra-b', 'RSA', { issuer: `https://login.microsoftonline.com/${TENANT_B}/v2.0` }),
  entraPersonal: createSigningKey('entra-p', 'RSA', { issuer: `https://login.microsoftonline.com/${PERSONAL}/v2.0` }),
  entraOld: createSigningKey('entra-v1'),
  keycloak: createSigningKey('kc-rsa'),
  keycloakEc: createSigningKey('kc-ec', 'EC'),
  oidc: createSigningKey('oidc-1', 'EC', { alg: 'ES256' }),
  attacker: createSigningKey('attacker'),
  attackerEc: createSigningKey('attacker-ec', 'EC'),
} as const;

export const times = (nowMs: number): { iat: number; nbf: number; exp: number } => {
  const iat = Math.floor(nowMs / 1_000) - 60;
  return { iat, nbf: iat, exp: iat + 3_600 };
};

const SCOPE = 'SecurityActions.ReadWrite.All SecurityActions.Read.All';
const ROLES = ['SecurityActions.ReadWrite.All'];

const entraClaims = (version: '1.0' | '2.0', tid: string, nowMs: number): Record<string, unknown> => ({
  aud: AUDIENCE,
  iss: version === '1.0' ? `https://sts.windows.net/${tid}/` : `https://login.microsoftonline.com/${tid}/v2.0`,
  ...times(nowMs),
  ver: version,
  tid,
  uti: 'AbCdEf',
  ...(version === '1.0' ? { appid: APP, appidacr: '1' } : { azp: APP, azpacr: '1' }),
});

const asApp = (extra: object = {}) => ({ oid: USER_OID, sub: USER_OID, roles: ROLES, ...extra });
const asUser = (name: object) => ({ oid: USER_OID, sub: 'pairwise', scp: SCOPE, ...name });

function entraBases(version: '1.0' | '2.0', tid: string, nowMs: number): readonly TokenBase[] {
  const key = version === '1.0' ? KEYS.entraOld : KEYS.entra;
  const claims = entraClaims(version, tid, nowMs);
  const base = { header: { alg: 'RS256', kid: key.kid, typ: 'JWT' }, key, isEntra: true };
  const of = (name: string, kind: TokenBase['kind'], own: object): TokenBase => ({
    ...base,
    name: `Entra ${version} ${tid.slice(0, 1)} ${name}`,
    kind,
    claims: { ...claims, ...own },
  });
  return [
    of('app', 'application', asApp({ idtyp: 'app' })),
    of('app without idtyp', 'application', asApp()),
    of('user', 'delegated', asUser(version === '1.0' ? { unique_name: 'a@x' } : { preferred_username: 'a@x' })),
    of('user with roles', 'delegated', asUser({ upn: 'a@x', roles: ROLES })),
  ];
}

export interface Places {
  readonly keycloak: string;
  readonly oidc: string;
}

function keycloakBases({ keycloak: iss }: Places, nowMs: number): readonly TokenBase[] {
  const { iat, exp } = times(nowMs);
  const claims = { iss, iat, exp, jti: 'x', typ: 'Bearer', azp: 'soc', sub: USER_OID, acr: '1' };
  const app = { aud: [AUDIENCE, 'account'], preferred_username: 'service-account-soc', realm_access: { roles: ROLES } };
  const user = { aud: AUDIENCE, preferred_username: 'alice', scope: `email ${SCOPE}`, nonce: 'n' };
  return [KEYS.keycloak, KEYS.keycloakEc].flatMap((key): readonly TokenBase[] => {
    const algorithms = key === KEYS.keycloak ? ['RS256', 'PS256'] : ['ES256'];
    return algorithms.flatMap((alg): readonly TokenBase[] => {
      const base = { header: { alg, kid: key.kid, typ: 'JWT' }, key, isEntra: false };
      return [
        { ...base, name: `Keycloak app ${alg}`, kind: 'application', claims: { ...claims, ...app } },
        { ...base, name: `Keycloak user ${alg}`, kind: 'delegated', claims: { ...claims, ...user } },
      ];
    });
  });
}

function oidcBases({ oidc: iss }: Places, nowMs: number): readonly TokenBase[] {
  const claims = { iss, aud: AUDIENCE, ...times(nowMs), client_id: 'soc', 'https://x.example/tenant': TENANT_A };
  const base = { header: { alg: 'ES256', kid: 'oidc-1', typ: 'at+jwt' }, key: KEYS.oidc, isEntra: false };
  const app = { sub: 'soc', gty: 'client-credentials', permissions: ROLES };
  const user = { sub: 'user|1', scope: SCOPE, upn: 'a@x' };
  return [
    { ...base, name: 'OIDC app', kind: 'application', claims: { ...claims, ...app } },
    { ...base, name: 'OIDC user', kind: 'delegated', claims: { ...claims, ...user } },
  ];
}

/** Genuine tokens of every form that is accepted. */
export const tokenBases = (places: Places, nowMs: number): readonly TokenBase[] => [
  ...(['1.0', '2.0'] as const).flatMap((version) =>
    [TENANT_A, TENANT_B].flatMap((tid) => entraBases(version, tid, nowMs)),
  ),
  ...keycloakBases(places, nowMs),
  ...oidcBases(places, nowMs),
];

/** The configuration that {@link tokenBases} are for; keys of Entra's issuers come from `jwksUris`. */
export function issuerSettings(places: Places, jwksUris: { v1: string; v2: string }): readonly IssuerSettings[] {
  const entra = { audience: [AUDIENCE, APP], tenants: [TENANT_A, TENANT_B] };
  return [
    { ...entra, issuer: 'https://login.microsoftonline.com/{tid}/v2.0', jwksUri: jwksUris.v2 },
    { ...entra, issuer: 'https://sts.windows.net/{tid}/', jwksUri: jwksUris.v1 },
    {
      issuer: places.keycloak,
      audience: [AUDIENCE],
      tenant: TENANT_A,
      rolesClaim: 'realm_access.roles',
      appOnlyWhen: { claim: 'preferred_username', startsWith: 'service-account-' },
    },
    {
      issuer: places.oidc,
      audience: [AUDIENCE],
      tenantClaim: 'https://x.example/tenant',
      tenants: [TENANT_A],
      rolesClaim: 'permissions',
      appOnlyWhen: { claim: 'gty', equals: 'client-credentials' },
    },
  ];
}
