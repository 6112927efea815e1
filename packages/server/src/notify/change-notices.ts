import { createHash } from 'node:crypto';
import type { AnsweredAction } from '../actions/read-actions.ts';
import type { Expression } from '../odata/filter/expression.ts';
import { holds } from '../odata/filter/holds.ts';
import { parseFilter } from '../odata/filter/parse-filter.ts';
import type { JournalRow } from '../store/rows.ts';
import { asCreated } from './as-created.ts';
import type { ChangeType, SubscriptionContent } from './subscription.ts';

/** One change as a receiver is told it, without what is added when it is sent. */
export interface ChangeNotice {
  readonly id: string;
  readonly changeType: ChangeType;
  readonly resource: string;
  readonly resourceData: Readonly<Record<string, string>>;
}

/** The same for every attempt, and on every process: a receiver tells repeats by it. */
const noticeId = (subscriptionId: string, sequence: number): string =>
  createHash('sha256').update(`${subscriptionId}/${sequence}`).digest('base64url').slice(0, 22);

type ToldRow = JournalRow & { readonly event: ChangeType; readonly action_id: string };

/** Rows of the journal that the subscription may be told of; its filter is asked afterwards. */
export const toldRows = (
  { actionId, changeTypes }: SubscriptionContent,
  rows: readonly JournalRow[],
): readonly ToldRow[] =>
  rows.filter(
    (row): row is ToldRow =>
      row.event !== null &&
      row.action_id !== null &&
      changeTypes.includes(row.event) &&
      (actionId === null || row.action_id === actionId),
  );

function toNotice(subscriptionId: string, row: ToldRow, action: AnsweredAction | undefined): ChangeNotice {
  const id = row.action_id;
  return {
    id: noticeId(subscriptionId, row.sequence),
    changeType: row.event,
    resource: `security/securityActions('${id}')`,
    resourceData: {
      '@odata.type': '#Microsoft.Graph.SecurityAction',
      '@odata.id': `security/securityActions/${id}`,
      ...(action && { '@odata.etag': `W/"${action.tag}"` }),
      id,
    },
  };
}

/**
 * A filter is asked of the action as it is now; for its `created` also of the action as it was then, so that one that
 * has started meanwhile is told to whoever waits for new ones. Of one that is deleted nothing is left to ask: its
 * `deleted` is told whatever the filter says, and what came before is not.
 */
function passes(filter: Expression, row: ToldRow, action: AnsweredAction | undefined, now: number): boolean {
  if (row.event === 'deleted') return true;
  if (action === undefined) return false;
  const entity = JSON.parse(action.entity) as Record<string, unknown>;
  return holds(filter, entity, now) || (row.event === 'created' && holds(filter, asCreated(entity), now));
}

/** @param actions by id, as they are now; one that is deleted is absent */
export function toNotices(
  subscriptionId: string,
  content: SubscriptionContent,
  rows: readonly ToldRow[],
  actions: ReadonlyMap<string, AnsweredAction>,
  now: number,
): readonly ChangeNotice[] {
  const filter = content.filter === null ? undefined : parseFilter(content.filter);
  return rows
    .filter((row) => filter === undefined || passes(filter, row, actions.get(row.action_id), now))
    .map((row) => toNotice(subscriptionId, row, actions.get(row.action_id)));
}
