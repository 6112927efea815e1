import type { VerificationLevel } from './enforcement.ts';
import type { TargetKind } from './vocabulary.ts';

export type ProviderHealth = 'up' | 'degraded' | 'down';

/** A JSON Schema (2020-12) as plain data. */
export type JsonSchema = { readonly [keyword: string]: unknown };

/** What one provider can do, as the catalogue publishes it. Durations are ISO 8601. */
export interface OfferedAction {
  readonly name: string;
  readonly targetKind: readonly TargetKind[];
  /** Of an object that maps parameter names to text. */
  readonly parameterSchema: JsonSchema;
  readonly reversible: boolean;
  readonly verification: VerificationLevel;
  /** How long after an abort an effect may still land. */
  readonly lateness: string;
  readonly defaultTtl: string;
  readonly maxTtl: string;
  /** Approvals that a request needs. */
  readonly approval: number;
  readonly openC2: { readonly action: string; readonly target: readonly string[] } | null;
  readonly d3fend: string | null;
  /** A body that works as it stands. */
  readonly example: JsonSchema;
}

/** A row of `/security/securityActionProviders`. */
export interface SecurityActionProvider {
  readonly id: string;
  readonly vendorInformation: {
    readonly provider: string;
    readonly providerVersion: null;
    readonly subProvider: null;
    readonly vendor: string;
  };
  readonly aliases: readonly string[];
  readonly connector: string;
  readonly health: ProviderHealth;
  readonly healthMessage: string | null;
  readonly actions: readonly OfferedAction[];
}
