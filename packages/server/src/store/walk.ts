import type { Expression } from '../odata/filter/expression.ts';
import type { WordQuery } from '../odata/search.ts';
import type { EntityRow, PagePosition } from './queries.ts';

/** Columns whose index leads to actions in the order of their creation. */
export type WayColumn = 'id' | 'status' | 'state' | 'target' | 'client_context';

/** States in which few actions are at a time: the others have no index. */
export const INDEXED_STATES = [
  'awaitingApproval',
  'scheduled',
  'unknown',
  'drifted',
  'releasing',
  'releaseFailed',
] as const;

/** One way in: the actions that have this value. */
export interface Way {
  readonly column: WayColumn;
  readonly value: string | null;
}

/** Some of a tenant's actions in the order of their creation, the id breaking ties. Plain data. */
export interface ActionWalk {
  readonly isDescending: boolean;
  /** Whatever is wanted lies on one of these; absent: it may be anywhere. */
  readonly ways: readonly Way[] | undefined;
  /** Bounds of `created_at`: from this text on, and before that one. */
  readonly from: string | undefined;
  readonly before: string | undefined;
  /** Judged on each action that the ways lead to; absent where they lead to nothing else. */
  readonly filter: Expression | undefined;
  /** Words that must stand in each; absent where nothing is searched for. */
  readonly words: WordQuery | undefined;
  /** Ids of some actions: each of them is looked at, and nothing else, whatever the bounds and ways are. */
  readonly among?: readonly string[];
  /** What `now()` says, in milliseconds. */
  readonly now: number;
}

/** One short step of a walk. */
export interface StepCall {
  readonly walk: ActionWalk;
  readonly after: PagePosition | undefined;
  /** Actions wanted, or counted, at most. */
  readonly limit: number;
  readonly give: 'entities' | 'page' | 'count' | 'keys';
  /** Whether a `page` is for the seed roots. */
  readonly isSeed?: boolean;
  /** Characters of entities after which a step is over, if not earlier. */
  readonly text?: number;
  /** Paths of the values that `keys` gives, in order. */
  readonly keys?: readonly string[];
}

/** Values of one action by which others are sorted. */
export interface SortRow {
  readonly id: string;
  readonly keys: readonly (string | number | boolean | null)[];
}

/** Where an action stands in the order of creation. */
export const placeOf = ({ created_at, id }: PagePosition): PagePosition => ({ created_at, id });

/** Entities as they are shown, as one text with commas between them: bytes cross to another thread for nothing. */
export interface PageStep {
  readonly text: Uint8Array<ArrayBuffer>;
  /** The last one in it. */
  readonly last: PagePosition | undefined;
  /** There are as many as were wanted, and one more was found. */
  readonly isFull: boolean;
}

/** What a step has found. It ends early after some milliseconds, or some megabytes: the next one begins at `last`. */
export interface Step {
  /** Milliseconds of work, without what it waited for. */
  readonly tookMs: number;
  readonly entities: readonly EntityRow[];
  readonly sortRows: readonly SortRow[];
  readonly count: number;
  readonly page?: PageStep | undefined;
  /** The action that was looked at last, found or not. */
  readonly last: PagePosition | undefined;
  /** Nothing lies behind it. */
  readonly isEnd: boolean;
  /** The filter takes too long on one action alone: the walk cannot go on. */
  readonly isTooMuch?: boolean;
}
