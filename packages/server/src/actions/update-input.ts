import type { KeyValuePair, SecurityVendorInformation } from '@interdict/contract';

/** What its requester may change of an action in every status. What is left out stays. */
export interface OwnProperties {
  readonly actionReason?: string | null;
  readonly clientContext?: string | null;
  /** By name; null takes one away. */
  readonly extensions: Readonly<Record<string, unknown>>;
}

/** What nobody may change: allowed only with the value that is there. */
export interface SaidAgain {
  readonly name?: string | null;
  readonly parameters?: readonly KeyValuePair[];
  readonly vendorInformation?: SecurityVendorInformation | null;
  readonly ttl?: string;
  readonly expirationDateTime?: string;
  readonly scheduledDateTime?: string;
}

/** How it went, as an application says that speaks for the provider. */
export interface Report {
  readonly status?: string;
  readonly errorInfo?: { readonly code?: number; readonly message?: string | null; readonly subcode?: number };
}

/** A change of an action, of right shape. */
export interface UpdateInput {
  readonly own: OwnProperties;
  readonly again: SaidAgain;
  readonly report: Report;
}
