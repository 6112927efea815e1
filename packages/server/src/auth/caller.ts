import type { Permission } from '@interdict/contract';

/**
 * An application that acts for itself, or one that acts for the user who signed in to it. Only the first is asked
 * for its `roles`, only the second for its `scp`.
 */
export type CallerKind = 'application' | 'delegated';

/** Who the token says is asking. Tenant, app and user come from nowhere else. */
export interface Caller {
  readonly issuer: string;
  /** A lower-case GUID. */
  readonly tenantId: string;
  /** The client that got the token; a GUID is in lower case. */
  readonly appId: string;
  /** A name to show and to store; it can change and be given to somebody else. Null for an application. */
  readonly user: string | null;
  /**
   * The identity behind the name, unique within the tenant: Entra's `oid`, elsewhere `sub`. Never null for a
   * delegated caller. People are told apart by (`tenantId`, `oid`), never by `user`.
   */
  readonly oid: string | null;
  readonly kind: CallerKind;
  /** What the token grants in the way that its kind allows, before `authorize` says what satisfies what. */
  readonly permissions: ReadonlySet<Permission>;
  /** Roles as held: of the application, or of the user. A delegated caller's roles grant nothing by themselves. */
  readonly roles: ReadonlySet<string>;
  /** Null where the token does not say. */
  readonly issuedAtMs: number | null;
  readonly expiresAtMs: number;
}
