import type { EnforcementState, OperationStatus, ResultInfo, VerificationLevel } from '@interdict/contract';
import { laterThan, toDateTime } from '../lib/date-time.ts';
import { indexable } from '../lib/indexable.ts';
import type { ActionRow } from '../store/rows.ts';
import { type Entity, entityText } from './entity.ts';
import { assertStep, isFinal, type Standing } from './lifecycle.ts';
import { withOwn } from './own-properties.ts';
import type { OwnProperties } from './update-input.ts';

/** Names this server in a history, where no caller made the change. */
export const SERVER_APP_ID = 'interdict';

/** What is different about an action from now on; what is left out stays. */
export interface ActionChange {
  readonly status?: OperationStatus;
  readonly state: EnforcementState;
  /** Only with status Failed. */
  readonly errorInfo?: ResultInfo;
  /** Who made it, for the history; this server where left out. */
  readonly by?: { readonly appId: string; readonly user: string | null } | null;
  readonly verification?: VerificationLevel;
  readonly verifiedAt?: string | null;
  readonly heldByOthers?: number;
  readonly preexisting?: boolean;
  /** What its requester wants to read differently. */
  readonly own?: OwnProperties;
  /** Columns of the row that have no text of their own. */
  readonly row?: Partial<
    Pick<ActionRow, 'enforcement_id' | 'hold' | 'hold_until' | 'start_at' | 'end_at' | 'ending' | 'key_until'>
  >;
}

/** A key is kept for a day after the action's life, however long that was. */
export const KEY_AFTERLIFE_MS = 86_400_000;

function withStatus(entity: Entity, change: ActionChange, now: number): Entity {
  const { status } = change;
  if (status === undefined || status === entity.status) return entity;
  const updatedDateTime = laterThan(entity.lastActionDateTime ?? entity.createdDateTime, now);
  const by = change.by ?? { appId: SERVER_APP_ID, user: null };
  return {
    ...entity,
    status,
    states: [...entity.states, { appId: by.appId, status, updatedDateTime, user: by.user }],
    lastActionDateTime: updatedDateTime,
    completedDateTime: isFinal(status) ? updatedDateTime : null,
  };
}

function withEnforcement(entity: Entity, change: ActionChange, row: ActionRow): Entity {
  const { enforcement } = entity;
  return {
    ...entity,
    enforcement: {
      ...enforcement,
      state: change.state,
      verification: change.verification ?? enforcement.verification,
      verifiedDateTime: change.verifiedAt === undefined ? enforcement.verifiedDateTime : change.verifiedAt,
      expirationDateTime: row.hold_until === null ? enforcement.expirationDateTime : toDateTime(row.hold_until),
      heldByOthers: change.heldByOthers ?? enforcement.heldByOthers,
      preexisting: change.preexisting ?? enforcement.preexisting,
    },
  };
}

/** `errorInfo` stands in its documented place, between `createdDateTime` and `lastActionDateTime`. */
function withErrorInfo(entity: Entity, errorInfo: ResultInfo | undefined): Entity {
  if (errorInfo === undefined) return entity;
  const ordered = Object.entries(entity).flatMap(([name, value]): [string, unknown][] =>
    name === 'lastActionDateTime'
      ? [
          ['errorInfo', errorInfo],
          [name, value],
        ]
      : [[name, value]],
  );
  return Object.fromEntries(ordered) as unknown as Entity;
}

const standing = (row: ActionRow): Standing => ({ status: row.status ?? 'NotStarted', state: row.state });

function keyUntil(row: ActionRow, now: number): number | null {
  if (row.key_until === null) return null;
  return Math.max(row.key_until, (row.hold_until ?? now) + KEY_AFTERLIFE_MS);
}

/**
 * The row after a change, text and columns in one: no change of an action is made anywhere else.
 * @throws {Error} for a step that the lifecycle forbids
 */
export function changeAction(before: ActionRow, change: ActionChange, now: number): ActionRow {
  const to = { status: change.status ?? before.status ?? 'NotStarted', state: change.state };
  assertStep(standing(before), to);
  const columns = { ...before, ...change.row };
  const entity = withEnforcement(JSON.parse(before.entity) as Entity, change, columns);
  const told = withErrorInfo(withStatus(entity, change, now), change.errorInfo);
  const shown = change.own ? withOwn(told, change.own) : told;
  const { text, liveOffset } = entityText(shown);
  return {
    ...columns,
    status: to.status,
    state: to.state,
    client_context: indexable(shown.clientContext),
    entity: text,
    live_offset: columns.hold === 'active' ? liveOffset : null,
    key_until: keyUntil(columns, now),
  };
}
