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
  /** When each began to hold its effect. Times are those of the store's clock. */
  readonly heldSince: Map<string, number>;
  /** Those that hold an effect, and until when. */
  readonly ends: Map<string, number>;
  /** Actions that were Running when their cancel was committed. */
  readonly cancelled: Set<string>;
  /** The last sequence of each tenant's journal. */
  readonly sequences: Map<string, number>;
  /** Tenants whose dispatch is stopped, at one provider or all. */
  readonly paused: Set<string>;
  /** Since when a tenant is in quarantine, where it is. */
  readonly quarantined: Map<string, number>;
  commits: number;
}

export const createHistory = (): History => ({
  actions: new Map(),
  deleted: new Set(),
  open: new Map(),
  heldSince: new Map(),
  ends: new Map(),
  cancelled: new Set(),
  sequences: new Map(),
  paused: new Set(),
  quarantined: new Map(),
  commits: 0,
});
