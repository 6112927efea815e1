import { fromDateTime } from '../lib/date-time.ts';
import { type EntityRow, type PagePosition, queries, type TagRow } from '../store/queries.ts';
import { isLive, withLedger } from '../store/shown-text.ts';
import { checkActionId, unknownAction } from './action-id.ts';
import type { ActionsDeps } from './actions-deps.ts';
import { fetchesSettled } from './fetches-under-way.ts';

/** An action as it is answered with: the text of `/beta`, and the text of the seed roots where that differs. */
export interface AnsweredAction extends PagePosition {
  /** Another one after every visible change: the row's version, and what the ledger says while that is shown. */
  readonly tag: string;
  readonly entity: string;
  readonly seedEntity: string | null;
}

function tagOf(row: TagRow): string {
  if (!isLive(row)) return `${row.version}`;
  return `${row.version}.${row.holds}.${row.verified_at === null ? 0 : fromDateTime(row.verified_at)}`;
}

export const toAnswered = (row: EntityRow): AnsweredAction => ({
  id: row.id,
  created_at: row.created_at,
  // A page of a thousand asks for none.
  get tag() {
    return tagOf(row);
  },
  entity: withLedger(row.entity, row),
  seedEntity: row.seed_entity,
});

/** @throws {Refusal} notFound */
export async function getAction(
  { store, fetches }: ActionsDeps,
  tenantId: string,
  id: string,
): Promise<AnsweredAction> {
  checkActionId(id);
  await fetchesSettled(fetches, tenantId);
  const [row] = await store.read(tenantId, queries.entityById({ id }));
  if (!row) throw unknownAction(id);
  return toAnswered(row);
}

/** Actions as they are now, by id; what is not there is absent. */
export async function findActions(
  store: Pick<ActionsDeps['store'], 'read'>,
  tenantId: string,
  ids: readonly string[],
): Promise<ReadonlyMap<string, AnsweredAction>> {
  const found = await Promise.all(ids.map((id) => store.read(tenantId, queries.entityById({ id }))));
  return new Map(found.flat().map((row) => [row.id, toAnswered(row)]));
}

/** Tags of actions as they are now, by id, without their texts; what is not there is absent. */
export async function findTags(
  store: Pick<ActionsDeps['store'], 'read'>,
  tenantId: string,
  ids: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const found = await Promise.all(ids.map((id) => store.read(tenantId, queries.tagById({ id }))));
  return new Map(found.flat().map((row) => [row.id, tagOf(row)]));
}
