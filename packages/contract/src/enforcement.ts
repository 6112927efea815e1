/** What an action's four statuses cannot say. `drifted`: it was in force, and no longer is. */
export const ENFORCEMENT_STATES = [
  'none',
  'awaitingApproval',
  'scheduled',
  'pending',
  'unknown',
  'inForce',
  'drifted',
  'releasing',
  'released',
  'releaseFailed',
] as const;
export type EnforcementState = (typeof ENFORCEMENT_STATES)[number];

/** How sure a connector can be, weakest first: the product took it, said so, or was read back. */
export const VERIFICATION_LEVELS = ['accepted', 'reported', 'readBack'] as const;
export type VerificationLevel = (typeof VERIFICATION_LEVELS)[number];

/** The property `enforcement` of a securityAction: is it in force, where, until when, and how do we know. */
export interface Enforcement {
  readonly state: EnforcementState;
  /** The configured provider that the action was matched to. */
  readonly provider: string;
  /** The action's canonical name. */
  readonly action: string;
  /** Kind and canonical value, as in `ip:203.0.113.9`. */
  readonly target: string;
  /** When it was to start; only where that was said. */
  readonly scheduledDateTime?: string;
  readonly verification: VerificationLevel;
  readonly verifiedDateTime: string | null;
  /** Null until the clock of a `ttl` runs. */
  readonly expirationDateTime: string | null;
  /** Other actions of this tenant that keep the same effect in force. */
  readonly heldByOthers: number;
  /** It was in force before us; releasing it never lifts it. */
  readonly preexisting: boolean;
  readonly simulated: boolean;
  readonly approval: null;
}

/** One effect that is wanted, or not yet released, at one provider: a row of `/security/enforcements`. */
export interface EnforcementInForce {
  readonly id: string;
  readonly provider: string;
  readonly action: string;
  readonly target: string;
  readonly state: EnforcementState;
  readonly verification: VerificationLevel;
  readonly verifiedDateTime: string | null;
  readonly expirationDateTime: string | null;
  readonly preexisting: boolean;
  readonly drift: { readonly count: number; readonly lastDateTime: string | null };
  /** How many actions hold it; only where `holds` does not list them all. */
  readonly 'holds@odata.count'?: number;
  /** The first 100 actions that hold it. */
  readonly holds: readonly { readonly securityActionId: string; readonly expirationDateTime: string }[];
}
