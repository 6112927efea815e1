import type { JsonSchema, Target, TargetKind, VerificationLevel } from '@interdict/contract';

/**
 * What is, or is not, in force at a product: one action on one target for one tenant. Connectors act on
 * these three alone; two requests for one effect are one entry at the product.
 */
export interface Effect {
  /** A GUID. Products that know no tenants must keep two tenants' entries apart all the same. */
  readonly tenantId: string;
  /** Canonical name, as in `BlockIp`. */
  readonly action: string;
  readonly target: Target;
}

/** One attempt of one operation on an effect. */
export interface Call extends Effect {
  /** A UUID that stays the same for every attempt of one operation: the product's idempotency key. */
  readonly operationId: string;
  /** Counts from 1. */
  readonly attempt: number;
  /** When the last hold on the effect ends: UTC, ISO 8601. A product that keeps time is told a later one. */
  readonly expirationDateTime: string;
  /** The request that caused the call: to be passed on, never acted on. */
  readonly request: CallRequest;
  /** What the connector last asked to be kept with the effect ({@link Noted}); absent: nothing. */
  readonly note?: string;
  /** An earlier write of the effect, maybe by a process that is gone, had an unknown outcome. */
  readonly inDoubt?: true;
}

/**
 * What a connector wants to know again when it takes the effect back: the number that a product gave, or what stood
 * there before. The server stores it with the outcome of the call, and gives it with every later call of the effect until
 * that is gone. A later note replaces it; at most 1,000 characters. What a look before the first intent notes is stored
 * with that intent: a lost answer does not lose it. No secrets: it is kept in the clear.
 */
export interface Noted {
  readonly note?: string;
}

export interface CallRequest {
  /** Empty where no action stands behind it any more: an entry of ours that was left over is taken back. */
  readonly actionId: string;
  readonly parameters: readonly { readonly name: string; readonly value: string }[];
  readonly reason: string | null;
}

/**
 * What came of a call. A connector throws nothing that it can say here; whatever it throws counts as
 * `unknown`. Messages are for people: one sentence, no secret, at most 300 characters are kept.
 */
export type Answer =
  /** The product took it, or said that it is done. Where the connector reads back, that decides. */
  | ({ readonly kind: 'done'; readonly level: 'accepted' | 'reported' } & Noted)
  /** Accepted, not done yet: ask again. */
  | ({ readonly kind: 'pending'; readonly message: string; readonly againMs?: number } & Noted)
  /** Will never be done, and nothing was done. `subcode` is the product's own number. */
  | { readonly kind: 'refused'; readonly message: string; readonly subcode?: number }
  /** Certainly nothing was done; later it may be. `fault: 'ours'` where our own access or configuration is to blame. */
  | {
      readonly kind: 'unavailable';
      readonly message: string;
      readonly subcode?: number;
      readonly retryAfterMs?: number;
      readonly fault?: 'ours';
    }
  /** It may have been done, or may still be: the answer was lost, late or no answer at all. */
  | { readonly kind: 'unknown'; readonly message: string; readonly retryAfterMs?: number };

/** What a look at the product shows. */
export type Presence =
  /** In force. `foreign` where the product shows that somebody else put it there. */
  | ({ readonly kind: 'present'; readonly foreign?: boolean } & Noted)
  | ({ readonly kind: 'absent' } & Noted)
  /** On its way, not yet there: ask again. `landed: 'no'` where so far nothing of it is in force anywhere. */
  | { readonly kind: 'pending'; readonly message: string; readonly againMs?: number; readonly landed?: 'no' }
  | { readonly kind: 'unknown'; readonly message: string; readonly retryAfterMs?: number; readonly fault?: 'ours' };

/** One entry that the product enforces, as {@link Connector.list} finds it. */
export interface ListedEffect {
  readonly action: string;
  readonly target: Target;
  readonly foreign: boolean;
}

/** An action that a connector offers. */
export interface ConnectorAction {
  readonly name: string;
  /** Which of the action's target kinds this product can take. */
  readonly targetKinds: readonly TargetKind[];
  /** Can be taken back. What cannot is never cancelled once it was sent. */
  readonly reversible: boolean;
  /** Parameters beyond the common ones: name → JSON Schema of its text. */
  readonly parameters?: Readonly<Record<string, JsonSchema>>;
}

/** What a connector promises of itself; the dispatcher relies on every word of it. */
export interface ConnectorTraits {
  readonly actions: readonly ConnectorAction[];
  /** The best level that it can reach. `readBack` needs {@link Connector.verify}. */
  readonly verification: VerificationLevel;
  /**
   * What a repeated apply or release does. `native`: the product knows the operation id. `setlike`: the second
   * changes nothing. `none`: never repeated automatically after an unknown outcome.
   */
  readonly idempotence: 'native' | 'setlike' | 'none';
  /** Whether {@link Connector.verify} can tell if an effect is in force. */
  readonly probe: 'byTarget' | 'none';
  /** Whether {@link Connector.verify}, asked before our first call, sees what strangers put there. */
  readonly seesForeign: boolean;
  /**
   * {@link Connector.apply} leaves what a stranger put there as it is, and the look behind it tells whose it is: none is
   * made before. Absent: only a look before keeps the two apart.
   */
  readonly sparesForeign?: true;
  /** The product is told the end and drops the entry itself some time after: a later end needs a call. */
  readonly keepsTime: boolean;
  /**
   * How long after an abort an effect may still land, in milliseconds of true time. What the store's clock may be
   * corrected by meanwhile is added by the dispatcher.
   */
  readonly maxLatenessMs: number;
  /** Time-out of one call, in milliseconds, unless the provider's configuration says otherwise. */
  readonly timeoutMs: number;
  readonly limits: {
    /** Calls under way at once. */
    readonly concurrency: number;
    /** Calls that the product takes for one tenant, of every kind together. Absent: as many as come. */
    readonly perMinute?: number;
    readonly perHour?: number;
  };
  /** Pretends: nothing is enforced anywhere. */
  readonly simulated: boolean;
  /**
   * Whose entries the product can keep apart. `one`: it has one entry for a target and nowhere to write whose it is; a
   * provider of it serves exactly one tenant. Absent: any number.
   */
  readonly tenants?: 'one';
}

/**
 * Carries actions out in one security product, and takes them back.
 *
 * Delivery is at least once: any call may come again with the same `operationId`. Calls of one effect never
 * overlap; calls of different effects do. A connector does not retry, keeps no queue and starts no clock:
 * the dispatcher does. It never lifts what it did not put in force, where the product can tell.
 */
export interface Connector {
  readonly traits: ConnectorTraits;
  /** Its calls are leased by agents: this process never makes one. Absent: it does. */
  readonly isPulled?: true;

  /** Puts the effect in force, or moves its end. `signal` aborts at the time-out, on cancel, and at shutdown. */
  apply(call: Call, signal: AbortSignal): Promise<Answer>;

  /** Takes the effect back. What is not there is released: `done`. */
  release(call: Call, signal: AbortSignal): Promise<Answer>;

  /** Looks whether the effect is in force. Changes nothing. */
  verify?(call: Call, signal: AbortSignal): Promise<Presence>;

  /** All that the product enforces for a tenant: whole, or it throws. Changes nothing. */
  list?(tenantId: string, signal: AbortSignal): Promise<readonly ListedEffect[]>;

  /** Lets go of what it holds open. What is in force stays in force. */
  close(): Promise<void>;
}
