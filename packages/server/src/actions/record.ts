import {
  COMPLEX_MEMBERS,
  OPERATION_STATUSES,
  type OperationStatus,
  SECURITY_ACTION_PROPERTIES,
} from '@interdict/contract';
import { parseDateTime, toDateTime } from '../lib/date-time.ts';
import { indexable } from '../lib/indexable.ts';
import type { ActionRow } from '../store/rows.ts';
import { withOwn } from './own-properties.ts';
import type { OwnProperties } from './update-input.ts';

type Plain = Readonly<Record<string, unknown>>;

/** The body of a record, of right types, annotations but `@odata.type` left out. */
export interface RecordedBody extends Plain {
  readonly createdDateTime?: string | null;
  readonly status?: string | null;
}

export interface RecordOf {
  readonly id: string;
  readonly now: number;
  readonly caller: { readonly appId: string; readonly user: string | null };
}

const isPlain = (value: unknown): value is Plain => typeof value === 'object' && value !== null;

/** A map: an extension may have any name. */
const MEMBERS: ReadonlyMap<string, readonly string[]> = new Map(Object.entries(COMPLEX_MEMBERS));

/** As given, in the documented order; what is not among the members comes behind. */
function inOrder(value: unknown, members: readonly string[]): unknown {
  if (Array.isArray(value)) return value.map((item) => inOrder(item, members));
  if (!isPlain(value)) return value;
  const order = ['@odata.type', ...members];
  const names = [
    ...order.filter((name) => Object.hasOwn(value, name)),
    ...Object.keys(value).filter((name) => !order.includes(name)),
  ];
  return Object.fromEntries(names.map((name) => [name, value[name]]));
}

/** The members of its own, and those of its complex properties. */
function actionInOrder(body: Plain): Plain {
  const sorted = inOrder(body, SECURITY_ACTION_PROPERTIES) as Plain;
  const members = Object.entries(sorted).map(([name, value]) => [name, inOrder(value, MEMBERS.get(name) ?? [])]);
  return Object.fromEntries(members);
}

/** As sent, in the documented order, with `id` and `createdDateTime`: what the seed's answer shows. */
function seedText(body: RecordedBody, { id, now }: RecordOf): string {
  const createdDateTime = body.createdDateTime ?? toDateTime(now);
  return JSON.stringify(actionInOrder({ ...body, id, createdDateTime }));
}

const toUtc = (value: unknown): string | null => (typeof value === 'string' ? (parseDateTime(value) ?? null) : null);

/** A status that is no member of the enumeration cannot be said to a Graph client. */
export const memberStatus = (value: unknown): OperationStatus | null =>
  OPERATION_STATUSES.find((status) => typeof value === 'string' && status.toLowerCase() === value.toLowerCase()) ??
  null;

const withNulls = (value: unknown, names: readonly string[]): Plain | null =>
  isPlain(value) ? Object.fromEntries(names.map((name) => [name, value[name] ?? null])) : null;

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

function graphState(value: unknown): Plain {
  const state = withNulls(value, COMPLEX_MEMBERS.states) ?? {};
  return { ...state, status: memberStatus(state.status), updatedDateTime: toUtc(state.updatedDateTime) };
}

function declaredByGraph(body: RecordedBody, of: RecordOf, createdAt: string): Plain {
  const status = memberStatus(body.status);
  return {
    id: of.id,
    actionReason: body.actionReason ?? null,
    appId: body.appId ?? null,
    azureTenantId: body.azureTenantId ?? null,
    clientContext: body.clientContext ?? null,
    completedDateTime: toUtc(body.completedDateTime),
    createdDateTime: createdAt,
    ...(status === 'Failed' && { errorInfo: withNulls(body.errorInfo, ['code', 'message', 'subcode']) }),
    lastActionDateTime: toUtc(body.lastActionDateTime),
    name: body.name ?? null,
    parameters: listOf(body.parameters).map((item) => withNulls(item, COMPLEX_MEMBERS.parameters)),
    states: listOf(body.states).map(graphState),
    status,
    user: body.user ?? null,
    vendorInformation: withNulls(body.vendorInformation, COMPLEX_MEMBERS.vendorInformation),
  };
}

/** The same record as `/beta` gives it: dates in UTC, a status only if it is a member. */
function graphText(body: RecordedBody, of: RecordOf, createdAt: string): string {
  const declared = declaredByGraph(body, of, createdAt);
  const extensions = Object.entries(body).filter(
    ([name]) => !/^[@#]/.test(name) && !Object.hasOwn(declared, name) && name !== 'errorInfo',
  );
  const { appId, user } = of.caller;
  const recordedBy = { appId, user, dateTime: toDateTime(of.now) };
  return JSON.stringify({ ...declared, ...Object.fromEntries(extensions), enforcement: { state: 'none', recordedBy } });
}

/** A row that is never dispatched and changes by nobody: history, kept as it was told. */
export function recordRow(body: RecordedBody, of: RecordOf): ActionRow {
  const createdAt = toUtc(body.createdDateTime) ?? toDateTime(of.now);
  return {
    id: of.id,
    version: 1,
    created_at: createdAt,
    status: memberStatus(body.status),
    state: 'none',
    app_id: of.caller.appId,
    user_name: of.caller.user,
    provider: null,
    action: null,
    target: null,
    client_context: indexable(body.clientContext),
    entity: graphText(body, of, createdAt),
    seed_entity: seedText(body, of),
    live_offset: null,
    enforcement_id: null,
    hold: 'none',
    ttl_ms: null,
    hold_until: null,
    deadline_at: null,
    start_at: null,
    end_at: null,
    ending: null,
    request_hash: null,
    key_hash: null,
    key_fingerprint: null,
    key_until: null,
  };
}

/** The record with its requester's changes, as both kinds of root give it. */
export function changeRecord(row: ActionRow, own: OwnProperties): ActionRow {
  const changed = (text: string): Plain => withOwn(JSON.parse(text) as Plain, own);
  const entity = changed(row.entity);
  return {
    ...row,
    client_context: indexable(entity.clientContext),
    entity: JSON.stringify(entity),
    seed_entity: row.seed_entity === null ? null : JSON.stringify(actionInOrder(changed(row.seed_entity))),
  };
}
