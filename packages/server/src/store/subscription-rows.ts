/** Who wants to be told of what, and how far that has got. Times are milliseconds, UTC. */
export interface SubscriptionRow {
  readonly id: string;
  /** Grows by one with every change of it, and of its deliveries: whoever writes what they read asks for it. */
  readonly version: number;
  readonly app_id: string;
  /** Its place among the application's, from 0: no two share one. Null once the place is free for another. */
  readonly slot: number | null;
  /** 1 once the application deleted it: what is left of it is cleared away. */
  readonly is_removed: 0 | 1;
  /** JSON of what the application asked for, without its secrets. */
  readonly content: string;
  /** `clientState` and the signing secret, sealed under the install key. */
  readonly secrets: string;
  /** Host of the receiver, without port: deliveries take turns by it. */
  readonly host: string;
  readonly expires_at: number;
  /** When its application is told to renew it; null once it was. */
  readonly reauthorize_at: number | null;
  /** Journal sequence up to which everything was delivered, or given up. */
  readonly cursor: number;
  /** The delivery that those behind it wait for. */
  readonly delivery_id: string | null;
  /** How often its receiver has to answer soon until it counts as quick: 0 while it does. */
  readonly failing: number;
  /** When there is something to do for it although nothing new happened. */
  readonly wake_at: number | null;
  readonly lease_owner: string | null;
  readonly lease_until: number | null;
}

/** `change`: notices of actions, in order. `lifecycle`: notices about the subscription itself. */
export type DeliveryKind = 'change' | 'lifecycle';
export type DeliveryState = 'retrying' | 'delivered' | 'failed';

/** One body on its way to a receiver, with what became of it. */
export interface DeliveryRow {
  /** Sorts by time. Receivers see it as `webhook-id`. */
  readonly id: string;
  readonly subscription_id: string;
  readonly kind: DeliveryKind;
  readonly state: DeliveryState;
  /** Journal sequences of the first and the last change in it; null for lifecycle. */
  readonly first_sequence: number | null;
  readonly last_sequence: number | null;
  /** JSON list, without what is added when it is sent. */
  readonly notices: string;
  /** JSON list of the last attempts. */
  readonly attempts: string;
  readonly attempt_count: number;
  readonly failing_since: number | null;
  readonly created_at: number;
  /** When it is sent next; null once it is over. */
  readonly next_at: number | null;
  /** 1 once its application had it sent again after it was over. */
  readonly is_again: 0 | 1;
}
