import type { Hash } from 'node:crypto';
import type { Target } from '../../packages/contract/src/index.ts';
import type { CreateInput } from '../../packages/server/src/actions/create-input.ts';
import type { PostDeps } from '../../packages/server/src/actions/post-action.ts';
import type { Dispatcher } from '../../packages/server/src/dispatch/dispatcher.ts';
import type { GroupQueue } from '../../packages/server/src/store/sql/group.ts';
import type { History } from './checks/history.ts';
import type { SimDatabase } from './database.ts';
import type { Life } from './life.ts';
import type { Product } from './product.ts';
import type { StoreClock } from './store-clock.ts';
import type { VirtualTime } from './virtual-time.ts';

/** What may go wrong in a run: each seed draws its own. */
export const FAULTS = [
  'kills',
  'pauses',
  'badStore',
  'slowStore',
  'badManners',
  'refusals',
  'lies',
  'outages',
  'losses',
  'strangers',
  'clock',
  'clockJumps',
  'guards',
  'drains',
  'restores',
] as const;
export type Fault = (typeof FAULTS)[number];

export const TENANTS = ['11111111-1111-4111-8111-111111111111', '22222222-2222-4222-8222-222222222222'] as const;
export const TARGETS = ['203.0.113.1', '203.0.113.2', '203.0.113.3'] as const;

/** One server process: what accepts and what dispatches, over the store that all share. */
export interface Worker {
  readonly name: string;
  readonly life: Life;
  readonly groups: GroupQueue;
  readonly dispatcher: Dispatcher;
  readonly actions: PostDeps;
}

/** A call on its way: what is left of it when the caller gives it up, or dies. */
export interface Flying {
  readonly worker: Worker;
  readonly product: Product;
  readonly kind: 'apply' | 'release' | 'verify';
  readonly effect: string;
  readonly breakOff: () => void;
}

/** What a client asked for under a key. */
export interface Keyed {
  readonly tenantId: string;
  readonly input: CreateInput;
  /** The action that an answer named. */
  id: string | undefined;
}

/** All that clients know: what they asked for, and what they were told. */
export interface Client {
  /** Ids of all actions that anybody was told of, oldest first. */
  readonly told: string[];
  readonly tenantOf: Map<string, string>;
  /** Those that somebody asked to remove who may. */
  readonly removals: Set<string>;
  readonly keys: Map<string, Keyed>;
}

/** Everything that one seed decides, and everything that follows from it. */
export interface World {
  readonly seed: number;
  readonly random: () => number;
  readonly time: VirtualTime;
  readonly database: SimDatabase;
  readonly faults: ReadonlySet<Fault>;
  readonly products: Product[];
  readonly deadlineMs: number;
  readonly verifyEveryMs: number;
  readonly workers: Worker[];
  readonly flying: Set<Flying>;
  readonly client: Client;
  readonly history: History;
  /** Targets that must not be touched now. */
  readonly guarded: Set<string>;
  readonly refusalFor: (tenantId: string, target: Target) => { readonly message: string } | undefined;
  readonly newId: (nowMs: number) => string;
  readonly clock: StoreClock;
  readonly storeNow: () => number;
  readonly onCommit: (tenantIds: ReadonlySet<string>) => void;
  /** What a process logs. */
  readonly onFault: (who: string, error: unknown) => void;
  readonly say: (text: string) => void;
  /** Hears what each commit changed; undefined where nobody listens. */
  readonly onTrace: ((line: string) => void) | undefined;
  /** Versions of the ledger rows that it was told of. */
  readonly traced: Map<string, number>;
  readonly begunAt: number;
  readonly hash: Hash;
  readonly lines: string[];
  /** What was found broken; the first one ends the run. */
  readonly broken: string[];
  /** When something is due by the clock of the store, as of so many commits. */
  readonly dueBy: { commits: number; at: number };
  /** Nothing goes wrong any more. */
  isCalm: boolean;
  started: number;
  /** When a process died last. */
  killedAt: number;
  /** When a process died, stood still or had trouble with the store last: promises of time count from then. */
  troubledAt: number;
}

export const pick = <Item>({ random }: Pick<World, 'random'>, items: readonly Item[]): Item | undefined =>
  items[Math.floor(random() * items.length)];

/** An effect in few letters. */
export const short = (effect: string): string => `${effect.slice(0, 1)}/${effect.slice(-1)}`;

export const note = ({ broken, say }: World, what: string): void => {
  say(`BROKEN ${what}`);
  broken.push(what);
};
