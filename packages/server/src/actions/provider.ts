import type { OfferedAction } from '@interdict/contract';

/** A configured provider, as a request is matched to it. */
export interface Provider {
  readonly name: string;
  /** Other names that requests may use. */
  readonly aliases: readonly string[];
  readonly vendor: string;
  /** The configuration names the vendor: a request that names another means another provider. */
  readonly isVendorGiven: boolean;
  readonly connector: string;
  /** Absent: every tenant's. */
  readonly tenants: ReadonlySet<string> | undefined;
  /** Takes no new actions; its releases go on. */
  readonly isRetired: boolean;
  readonly simulated: boolean;
  readonly offers: readonly OfferedAction[];
  /** Canonical names of actions that nothing takes back. */
  readonly irreversible: readonly string[];
  /** How far ahead an end may lie. */
  readonly maxTtlMs: number;
  /** By when an action must have been carried out. */
  readonly deadlineMs: number;
}

/** The providers that a tenant has. */
export const providersOf = (providers: readonly Provider[], tenantId: string): readonly Provider[] =>
  providers.filter(({ tenants }) => tenants === undefined || tenants.has(tenantId));
