import type { OfferedAction } from '@interdict/contract';

/** A configured provider, as a request is matched to it. */
export interface Provider {
  /** Tells it from every other one; its name does so within a tenant only. */
  readonly key: string;
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
  /** Applications that may say how an action went here. In lower case. */
  readonly reporters: readonly string[];
  /** Its calls are leased by agents. */
  readonly isPulled: boolean;
  /** A look shows what is in force: whatever is reported is looked at first. */
  readonly probes: boolean;
}

/** What belongs to some tenants, or to all of them. */
interface OfTenants {
  readonly tenants: ReadonlySet<string> | undefined;
}

/** The providers that a tenant has. Only among these does a name mean one: another tenant's may bear it too. */
export const providersOf = <P extends OfTenants>(providers: readonly P[], tenantId: string): readonly P[] =>
  providers.filter(({ tenants }) => tenants === undefined || tenants.has(tenantId));
