import { createHash } from 'node:crypto';
import type { AnsweredAction } from '../actions/read-actions.ts';
import type { Expression } from '../odata/filter/expression.ts';
import { mayHold } from '../odata/filter/holds.ts';
import type { ChangeRow } from '../store/queries.ts';
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

export type ToldRow = ChangeRow & { readonly event: ChangeType; readonly action_id: string };

/** Rows of the journal that the subscription may be told of; its filter is asked afterwards. */
export const toldRows = (
  { actionId, changeTypes }: SubscriptionContent,
  rows: readonly ChangeRow[],
): readonly ToldRow[] =>
  rows.filter(
    (row): row is ToldRow =>
      row.event !== null &&
      row.action_id !== null &&
      changeTypes.includes(row.event) &&
      (actionId === null || row.action_id === actionId),
  );

/** An action as it is now, in the eyes of one subscription. */
export interface Judged {
  readonly tag: string;
  /** The filter lets it through. */
  readonly passes: boolean;
  /** It let it through when it was created. */
  readonly passedNew: boolean;
}

/** What its text does not say of an action as it was created. */
export interface Created {
  /** Its end was not said, and follows from its start. */
  readonly isEndOpen: boolean;
}

/**
 * A filter is asked of the action as it is now; for its `created` also of the action as it was then, so that one that
 * has started meanwhile is told to whoever waits for new ones.
 * @param created absent where its `created` is not to be told
 */
export function judge(filter: Expression, action: AnsweredAction, created: Created | undefined, now: number): Judged {
  const entity = JSON.parse(action.entity) as Record<string, unknown>;
  const passes = mayHold(filter, entity, now);
  return {
    tag: action.tag,
    passes,
    passedNew: passes || (created !== undefined && mayHold(filter, asCreated(entity, created.isEndOpen), now)),
  };
}

/** Of an action that is deleted nothing is left to ask: its `deleted` is told, and what came before is not. */
function isTold({ event }: ToldRow, judged: Judged | undefined): boolean {
  if (event === 'deleted') return true;
  return event === 'created' ? judged?.passedNew === true : judged?.passes === true;
}

function toNotice(subscriptionId: string, row: ToldRow, judged: Judged | undefined): ChangeNotice {
  const id = row.action_id;
  return {
    id: noticeId(subscriptionId, row.sequence),
    changeType: row.event,
    resource: `security/securityActions('${id}')`,
    resourceData: {
      '@odata.type': '#Microsoft.Graph.SecurityAction',
      '@odata.id': `security/securityActions/${id}`,
      ...(judged && { '@odata.etag': `W/"${judged.tag}"` }),
      id,
    },
  };
}

/** @param actions by id, as they are now; one that is deleted is absent */
export const toNotices = (
  subscriptionId: string,
  { filter }: Pick<SubscriptionContent, 'filter'>,
  rows: readonly ToldRow[],
  actions: ReadonlyMap<string, Judged>,
): readonly ChangeNotice[] =>
  rows
    .filter((row) => filter === null || isTold(row, actions.get(row.action_id)))
    .map((row) => toNotice(subscriptionId, row, actions.get(row.action_id)));
