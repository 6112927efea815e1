import type { TargetKind } from '@interdict/contract';

/** The rules by which a target is protected. Stable: they stand in messages and in the audit. It only grows. */
export const PROTECTION_RULES = [
  'loopback',
  'linkLocal',
  'multicast',
  'broadcast',
  'unspecified',
  'tooWide',
  'localhost',
  'publicSuffix',
  'emptyFile',
  'ownSystem',
  'configured',
] as const;
export type ProtectionRule = (typeof PROTECTION_RULES)[number];

/** One thing that is protected, and by what: `what` completes "10.0.0.1 is …". */
export interface Guarded {
  readonly rule: ProtectionRule;
  readonly kind: TargetKind;
  /** Canonical. */
  readonly value: string;
  readonly what: string;
}

/** A target's relation to what protects it: `how` is a whole clause, as in "10.1.0.0/16 lies in 10.0.0.0/8, …". */
export interface Hit {
  readonly rule: ProtectionRule;
  readonly how: string;
}
