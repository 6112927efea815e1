import type { Entity } from '../../../packages/server/src/actions/entity.ts';
import { isFinal } from '../../../packages/server/src/actions/lifecycle.ts';
import { queries } from '../../../packages/server/src/store/queries.ts';
import type { EnforcementRow, JournalRow } from '../../../packages/server/src/store/rows.ts';
import { ask } from '../../../packages/server/src/store/sql/sqlite-engine.ts';
import { effectOf, mayLand, type Product } from '../product.ts';
import { REPORTER } from '../reporter.ts';
import { note, type World } from '../world.ts';
import { BACK_MS } from './call-checks.ts';
import type { Seen } from './history.ts';
import { MOST_OFF_MS } from './time-checks.ts';

/** Each status is written down once: none follows itself. */
const NEXT: Readonly<Record<string, readonly string[]>> = {
  NotStarted: ['Running', 'Failed'],
  Running: ['Completed', 'Failed'],
};

const statusOf = ({ entity }: Seen): string => entity.status ?? '';

/** I3, I4, I11: what is final stays, and times only go forward. */
function checkHistory(world: World, before: Seen | undefined, { row, entity }: Seen): void {
  if (row.status !== entity.status || row.state !== entity.enforcement.state) note(world, `${row.id} is two things.`);
  const times = entity.states.map(({ updatedDateTime }) => updatedDateTime);
  if (times.some((time, index) => index > 0 && time <= (times[index - 1] ?? '')))
    note(world, `I11: ${row.id} has a history that runs backwards.`);
  if (entity.states.at(-1)?.status !== entity.status) note(world, `${row.id} has a history that ends elsewhere.`);
  const statuses = entity.states.map(({ status }) => status ?? '');
  if (statuses.some((status, index) => index > 0 && !NEXT[statuses[index - 1] ?? '']?.includes(status)))
    note(world, `I3: ${row.id} went through ${statuses.join(', ')}.`);
  if (!before) return;
  if (before.entity.states.some(({ updatedDateTime }, index) => updatedDateTime !== times[index]))
    note(world, `${row.id} has another history than before.`);
  if (isFinal(before.entity.status) && before.entity.completedDateTime !== entity.completedDateTime)
    note(world, `I4: ${row.id} ended twice.`);
}

const placeOf = (world: World, { tenantId, row }: Seen): { product: Product; effect: string } | undefined => {
  const product = world.products.find(({ name }) => name === row.provider);
  return product && { product, effect: effectOf(tenantId, row.action ?? '', row.target ?? '') };
};

/** What was there before us speaks for whoever asked before it was looked at. */
const askedSince = ({ createdDateTime, enforcement: { scheduledDateTime } }: Entity): number =>
  Math.max(Date.parse(createdDateTime), Date.parse(scheduledDateTime ?? createdDateTime));

/** Completed means seen, at the level that the connector declares. */
function checkCompleted(world: World, before: Seen, after: Seen): void {
  const { id } = after.row;
  const place = placeOf(world, after);
  if (!place) return;
  const { product, effect } = place;
  if (world.history.cancelled.has(id)) note(world, `${id} is Completed behind its cancel.`);
  const isReported = after.entity.states.at(-1)?.appId === REPORTER;
  // The word of its own application stands for the product's, for whoever joins too.
  if (isReported && product.traits.probe === 'none') product.doneAt.set(effect, world.storeNow());
  const from = after.entity.enforcement.preexisting
    ? askedSince(after.entity)
    : (world.history.heldSince.get(id) ?? world.storeNow());
  const seenAt = (product.traits.probe === 'none' ? product.doneAt : product.shownAt).get(effect);
  const isSeen = seenAt !== undefined && (product.traits.probe === 'none' || seenAt >= from - BACK_MS);
  if (!isSeen) note(world, `${id} is Completed and was not seen: ${before.row.state}, ${seenAt} < ${from}.`);
}

/** I6: whoever says that nothing is there is right, or others keep it. */
function checkLetGo(world: World, before: Seen, after: Seen): void {
  const place = placeOf(world, after);
  // Its own hold ended; the effect stayed.
  if (!place || after.entity.enforcement.heldByOthers > 0) return;
  const { product, effect } = place;
  const { provider, action, target } = after.row;
  const wanted = { provider: provider ?? '', action: action ?? '', target: target ?? '' };
  const [ledger] = ask(
    world.database.engine,
    after.tenantId,
    queries.enforcementOf(wanted),
  ) as readonly EnforcementRow[];
  if (ledger && ledger.holds > 0) return;
  // One group of units may have dropped its row, and made another for whoever came next and changed his mind.
  const isItsOwn = ledger?.id === before.row.enforcement_id;
  if (isItsOwn && ledger?.release_wished_at != null)
    note(world, `I6: ${after.row.id} reads ${after.row.state} before its release.`);
  const isThere = product.entries.get(effect)?.owner === 'ours' || mayLand(product, 'apply', effect);
  if (isThere && !mayLand(product, 'release', effect))
    note(world, `I6: ${after.row.id} reads ${after.row.state} and may be in force.`);
}

const OVER: readonly string[] = ['none', 'released'];

function checkMoment(world: World, before: Seen, after: Seen, mine: readonly JournalRow[]): void {
  const { id } = after.row;
  const isCancel = mine.some(({ type }) => type === 'securityAction.cancelRequested');
  if (isCancel && statusOf(before) === 'Running') world.history.cancelled.add(id);
  const expired = mine.some(({ type }) => type === 'securityAction.expired');
  const latest = Math.min(world.storeNow(), world.time.now + MOST_OFF_MS);
  if (expired && (before.row.hold_until ?? 0) > latest) note(world, `${id} ended before its end.`);
  if (statusOf(before) !== 'Completed' && statusOf(after) === 'Completed') checkCompleted(world, before, after);
  const isLetGo = OVER.includes(after.row.state) && !OVER.includes(before.row.state);
  if (isLetGo && statusOf(before) !== 'NotStarted') checkLetGo(world, before, after);
}

/** One commit's change of one action. */
export function checkStep(world: World, before: Seen | undefined, after: Seen, mine: readonly JournalRow[]): void {
  const { open, heldSince, ends } = world.history;
  const { id, deadline_at, hold, hold_until, state } = after.row;
  checkHistory(world, before, after);
  const isStarted = mine.some(({ type }) => type === 'securityAction.started');
  if (isStarted || (hold === 'active' && before?.row.hold !== 'active')) heldSince.set(id, world.storeNow());
  if (hold === 'active') ends.set(id, hold_until ?? 0);
  else ends.delete(id);
  if (before) checkMoment(world, before, after, mine);
  if (isFinal(after.entity.status)) open.delete(id);
  else if (!before) open.set(id, deadline_at ?? 0);
  else if (state === 'releasing' && before.row.state !== 'releasing') open.set(id, world.storeNow() + world.deadlineMs);
}
