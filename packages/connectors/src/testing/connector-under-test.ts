import type { TargetKind } from '@interdict/contract';
import type { Connector, ConnectorTraits, Effect } from '../connector.ts';
import type { HostileAnswer } from './hostile-answers.ts';

/**
 * One way in which a product does not do as it should, from `misbehave` until `behave`.
 *
 * - `down`: cannot be reached; nothing that is sent arrives
 * - `hang`: takes what is sent, never answers, never does it
 * - `refuse`: says no for good, in these words; does nothing
 * - `throttle`: says "too many, again after so long"; does nothing
 * - `nonsense`: answers, in its own protocol, what means nothing
 * - `halfAnswer`: does it, and its true answer breaks off in the middle
 * - `lostAnswer`: does it, and the exchange breaks off before any answer
 * - `late`: takes what is sent and does not answer; does it when `behave` is called, though the caller is gone
 * - `hostile`: answers with these bytes where its true answer would stand, marked as a success; does nothing
 */
export type Misbehaviour =
  | { readonly kind: 'down' }
  | { readonly kind: 'hang' }
  | { readonly kind: 'refuse'; readonly words: string }
  | { readonly kind: 'throttle'; readonly retryAfterSeconds: number }
  | { readonly kind: 'nonsense' }
  | { readonly kind: 'halfAnswer' }
  | { readonly kind: 'lostAnswer' }
  | { readonly kind: 'late' }
  | { readonly kind: 'hostile'; readonly answer: HostileAnswer };

export type MisbehaviourKind = Misbehaviour['kind'];

/**
 * How a connector reaches its product, the nearest last: over HTTP, another network protocol, programs or
 * sockets of this machine, or within this process. The farther, the more misbehaviours must be tried.
 */
export type Reach = 'http' | 'network' | 'machine' | 'process';

/** What a connector's test tells {@link describeConnector}. */
export interface ConnectorUnderTest {
  /** Stands in the titles of the tests. */
  readonly name: string;
  /** Written out by hand, or of a connector that was opened for it: what `connect` gives must equal it. */
  readonly traits: ConnectorTraits;
  readonly reach: Reach;
  /** What this product can be made to do; {@link requiredMisbehaviours} says the least. */
  readonly misbehaviours: readonly MisbehaviourKind[];
  /** The `subcode` that a refusal by this product carries; absent where it has no numbers. */
  readonly refusalSubcode?: number;
  /** The product's protocol has no words for a refusal. */
  readonly refusesWithoutWords?: true;
  /** A product that was started again has nothing in force. */
  readonly forgetsOnRestart?: true;
  /** Calls that come at once go to the product together: what hangs is one exchange, however many wait for it. */
  readonly groupsCalls?: true;
  /** The product shows whose an entry is: foreign ones are marked, and a release leaves them alone. */
  readonly tellsForeign: boolean;
  /** The connector can list. */
  readonly hasList: boolean;
  /** Canonical values, distinct for distinct `index` below 200, where the built-in ones do not suit the product. */
  readonly targets?: Partial<Record<TargetKind, (index: number) => string>>;
  /** Starts a product in which nothing is in force. Every test starts its own. */
  start(): Promise<ProductUnderTest>;
}

/** A product that is running, the real one or a double at the level of its protocol, and what a test can do to it. */
export interface ProductUnderTest {
  /** Opens one more connector on this product. */
  connect(): Connector;
  /** In the clear: what `connect` gave to the connector and must never be seen again. */
  readonly secrets: readonly string[];
  /** Every entry in force as the product itself sees it, foreign ones too; two entries of one effect come twice. */
  inForce(): Promise<readonly Effect[]>;
  /** How much has arrived so far: requests, packets or runs of a program, reads too. Only grows. */
  received(): Promise<number>;
  /** How many operations it counts by their ids; a repeat is none. Needed where the connector is `native`. */
  operations?(): Promise<number>;
  /** Until when it keeps an effect. Needed where the connector's product keeps time. */
  endsAt?(effect: Effect): Promise<Date | undefined>;
  /** Lets it get on with what it has accepted. Needed where the connector answers `pending`. */
  settle?(): Promise<void>;
  /** Puts an entry there as a stranger would. Needed where the connector sees foreign entries. */
  putForeign?(effect: Effect): Promise<void>;
  /** Takes an entry away behind the connector's back. Needed where the connector can probe. */
  lose?(effect: Effect): Promise<void>;
  /** Ends and comes again, with what was in force unless it forgets. Needed beyond this machine. */
  restart?(): Promise<void>;
  misbehave(misbehaviour: Misbehaviour): Promise<void>;
  /** Back to normal; what a `late` product has taken, it does before this returns. */
  behave(): Promise<void>;
  stop(): Promise<void>;
}

const BY_REACH: Readonly<Record<Reach, readonly MisbehaviourKind[]>> = {
  process: ['down', 'hang', 'lostAnswer'],
  machine: ['down', 'hang', 'lostAnswer', 'refuse', 'nonsense', 'halfAnswer'],
  network: ['down', 'hang', 'lostAnswer', 'refuse', 'nonsense', 'halfAnswer', 'hostile'],
  http: ['down', 'hang', 'lostAnswer', 'refuse', 'nonsense', 'halfAnswer', 'hostile', 'throttle'],
};

/** The misbehaviours that must be tried for these traits. A simulated product need not misbehave. */
export function requiredMisbehaviours(traits: ConnectorTraits, reach: Reach): readonly MisbehaviourKind[] {
  if (traits.simulated) return [];
  return traits.maxLatenessMs > 0 ? [...BY_REACH[reach], 'late'] : BY_REACH[reach];
}
