/** Which of Entra's two token formats an issuer signs. */
export type EntraVersion = '1.0' | '2.0';

export interface EntraIssuer {
  readonly version: EntraVersion;
  /** The path's tenant as written: a GUID, `{tid}`, or a word such as `common`. */
  readonly tenant: string;
  readonly metadataUrl: string;
  /** Values that the `issuer` property of one of its keys may have. */
  readonly keyIssuers: readonly string[];
}

/** The clouds: where v2 tokens come from, and which v1 issuer belongs to them. Keys of v1 carry no `issuer`, or v2's. */
const CLOUDS = [
  { login: 'login.microsoftonline.com', sts: 'sts.windows.net' },
  { login: 'login.microsoftonline.us', sts: undefined },
  { login: 'login.partner.microsoftonline.cn', sts: 'sts.chinacloudapi.cn' },
] as const;

const toV2 = (login: string, tenant: string): string => `https://${login}/${tenant}/v2.0`;

/**
 * Microsoft Entra ID's issuers, by their exact form. External ID (`ciamlogin.com`) and B2C count as any OIDC issuer.
 *
 * @see https://learn.microsoft.com/entra/identity-platform/access-tokens
 */
export function findEntraIssuer(issuer: string): EntraIssuer | undefined {
  for (const { login, sts } of CLOUDS) {
    const tenant = /^https:\/\/[^/]+\/([^/]+)\//.exec(issuer)?.[1] ?? '';
    if (issuer === toV2(login, tenant))
      return {
        version: '2.0',
        tenant,
        metadataUrl: `${issuer}/.well-known/openid-configuration`,
        keyIssuers: [issuer],
      };
    if (sts !== undefined && issuer === `https://${sts}/${tenant}/`)
      return {
        version: '1.0',
        tenant,
        metadataUrl: `https://${login}/${tenant}/.well-known/openid-configuration`,
        keyIssuers: [issuer, toV2(login, tenant)],
      };
  }
  return undefined;
}

const ENTRA_HOSTS = new Set<string>(CLOUDS.flatMap(({ login, sts }) => (sts === undefined ? [login] : [login, sts])));

/** Whether the host is Entra's, however the rest is written. */
export const isEntraHost = (host: string): boolean => ENTRA_HOSTS.has(host.toLowerCase());
