import { type AnsweredAction, listActions } from '../actions/read-actions.ts';
import type { App } from './app.ts';

/** Where a page begins: behind the action that this names. */
export interface PageStart {
  readonly created_at: string;
  readonly id: string;
}

export interface ActionPage {
  /** Entities as they go out. */
  readonly texts: readonly string[];
  /** Where the next page begins; absent on the last one. */
  readonly next: PageStart | undefined;
}

export interface PageWanted {
  readonly limit: number;
  readonly after: PageStart | undefined;
  readonly textOf: (action: AnsweredAction) => string;
}

/** What the store reads at once crosses a thread at once: 25 MB where all are as large as can be. */
const SLICE = 50;

/** A thousand actions of 256 KB would stop the process for seconds; as many of 4 KB fit. */
const LARGEST_PAGE = 4 * 1_048_576;

/** A page of at most `limit` actions; it ends earlier where it has grown large, and a nextLink goes on from there. */
export async function readActionPage(app: App, tenantId: string, wanted: PageWanted): Promise<ActionPage> {
  const texts: string[] = [];
  let length = 0;
  let after = wanted.after;
  while (texts.length < wanted.limit) {
    const slice = await listActions(app.actions, tenantId, {
      limit: Math.min(SLICE, wanted.limit - texts.length),
      after,
    });
    for (const [index, action] of slice.actions.entries()) {
      const text = wanted.textOf(action);
      texts.push(text);
      length += text.length;
      const isLast = index === slice.actions.length - 1 && slice.next === undefined;
      if (length >= LARGEST_PAGE && !isLast) return { texts, next: { created_at: action.created_at, id: action.id } };
    }
    after = slice.next;
    if (after === undefined) break;
  }
  return { texts, next: after };
}
