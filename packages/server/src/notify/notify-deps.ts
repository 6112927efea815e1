import type { AddressGuard } from '@interdict/connectors';
import type { Store } from '../store/store.ts';
import type { HandshakeBook } from './handshake-book.ts';
import type { PostTo } from './receiver-fault.ts';

/** What the operations of this room work with. */
export interface NotifyDeps {
  readonly store: Store;
  /** Seals secrets: 32 bytes, derived from the install key. */
  readonly secretsKey: Buffer;
  readonly guard: AddressGuard;
  readonly post: PostTo;
  /** How long a receiver has to answer, in milliseconds. */
  readonly answerWithinMs: number;
  readonly handshakes: HandshakeBook;
  /** Aborts when this process stops: a receiver that hangs does not hold that up. */
  readonly stopping: AbortSignal;
  /** Hint to the deliverer: the tenant has a subscription, or one has something to do. */
  readonly onSubscribed: (tenantId: string) => void;
}

/** Whose subscriptions they are. */
export interface Subscriber {
  readonly tenantId: string;
  readonly appId: string;
  readonly oid: string | null;
}
