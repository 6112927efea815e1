import type { ClaimName } from './claim-name.ts';

/** A claim that only tokens of applications have, and what it holds. Exactly one of `equals` and `startsWith`. */
export interface AppOnlyWhen {
  readonly claim: ClaimName;
  readonly equals?: string | number | boolean | undefined;
  readonly startsWith?: string | undefined;
}

/** One entry of `issuers` in the configuration file. Claim names may be paths, see {@link ClaimName}. */
export interface IssuerSettings {
  /** Exactly as tokens name it in `iss`. `{tid}` stands for each of `tenants`. */
  readonly issuer: string;
  /** A token is for this server when one of its audiences is, letter by letter, one of these. */
  readonly audience: readonly string[];
  /** GUIDs. With `{tid}`: the tenants it stands for. With `tenantClaim`: the only tenants it may name. */
  readonly tenants?: readonly string[] | undefined;
  /** Where the keys are; without it they are found through the issuer's OpenID Connect metadata. */
  readonly jwksUri?: string | undefined;
  /** The tenant of every caller of this issuer. */
  readonly tenant?: string | undefined;
  /** The claim that holds the caller's tenant, a GUID. */
  readonly tenantClaim?: ClaimName | undefined;
  /** Permissions of applications and roles of users: a list, or one text with spaces. Default `roles`. */
  readonly rolesClaim?: ClaimName | undefined;
  /**
   * Permissions that a user gave to an app: a list, or one text with spaces. Default `scope`, else `scp`. Where it is
   * the same claim as `rolesClaim`, users count as without roles, and so none of them can approve.
   */
  readonly scopeClaim?: ClaimName | undefined;
  /** Default `azp`, else `client_id`, else `appid`. */
  readonly appIdClaim?: ClaimName | undefined;
  /** Default `upn`, else `preferred_username`, else `unique_name`, else the claim that identifies the user. */
  readonly userClaim?: ClaimName | undefined;
  /** Which tokens are an application's; without it none is. Entra says so itself. */
  readonly appOnlyWhen?: AppOnlyWhen | undefined;
}
