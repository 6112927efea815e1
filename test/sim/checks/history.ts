import type { Entity } from '../../../packages/server/src/actions/entity.ts';
import type { ActionRow } from '../../../packages/server/src/store/rows.ts';

/** An action as it was after the last commit that touched it. */
export interface Seen {
  readonly tenantId: string;
  readonly row: ActionRow;
  readonly entity: Entity;
}

/** What all commits so far have shown. */
export interface History {
  readonly actions: Map<string, Seen>;
  /** Actions that were removed. */
  readonly deleted: Set<string>;
  /** Those that are not final, and by when each must be. */
  readonly open: Map<string, number>;
  /** When each began to hold its effect, by the true time. */
  readonly heldSince: Map<string, number>;
  /** Actions that were Running when their cancel was committed. */
  readonly cancelled: Set<string>;
  /** The last sequence of each tenant's journal. */
  readonly sequences: Map<string, number>;
  commits: number;
}

export const createHistory = (): History => ({
  actions: new Map(),
  deleted: new Set(),
  open: new Map(),
  heldSince: new Map(),
  cancelled: new Set(),
  sequences: new Map(),
  commits: 0,
});
