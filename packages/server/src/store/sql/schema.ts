import type {
  ActionRow,
  DispatchPauseRow,
  EnforcementRow,
  FeedFetchRow,
  JournalRow,
  KeptOrderRow,
  PastEffectRow,
  StrayRow,
  UsedKeyRow,
  WordIndexRow,
} from '../rows.ts';
import type { DeliveryRow, SubscriptionRow } from '../subscription-rows.ts';

type OfTenant<Row> = Row & { readonly tenant_id: string };

/** One row a tenant: what its next change needs to know. On PostgreSQL it is the lock under which a tenant's changes queue. */
export interface TenantRow {
  readonly tenant_id: string;
  readonly last_sequence: number;
  readonly action_count: number;
  /** Not later than the time at which the dispatcher has something to do for the tenant. */
  readonly due_at: number | null;
  /** When the repeat of a request without a key last made an action. */
  readonly repeat_made_at: number | null;
}

/** Facts about the database itself. */
interface FactRow {
  readonly name: string;
  readonly value: string;
}

/** Words of an action, in the text that the database indexes. */
interface ActionWordsRow {
  readonly id: string;
  readonly created_at: string;
  readonly words: string;
}

/** The tables, as Kysely sees them. Tenant id leads every key, so that the schema can be spread by it. */
export interface Database {
  readonly action: OfTenant<ActionRow>;
  readonly enforcement: OfTenant<EnforcementRow>;
  readonly journal: OfTenant<JournalRow>;
  readonly feed_fetch: OfTenant<FeedFetchRow>;
  readonly past_effect: OfTenant<PastEffectRow>;
  readonly stray: OfTenant<StrayRow>;
  readonly used_key: OfTenant<UsedKeyRow>;
  readonly dispatch_pause: OfTenant<DispatchPauseRow>;
  readonly kept_order: OfTenant<KeptOrderRow>;
  readonly action_words: OfTenant<ActionWordsRow>;
  readonly word_index: OfTenant<WordIndexRow>;
  readonly subscription: OfTenant<SubscriptionRow>;
  readonly delivery: OfTenant<DeliveryRow>;
  /** `subscribed`: 1 while the tenant has subscriptions. */
  readonly tenant: TenantRow & { readonly subscribed: 0 | 1 };
  readonly fact: FactRow;
}
