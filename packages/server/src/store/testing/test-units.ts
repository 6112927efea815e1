import { askRepeated, createAction } from '../../actions/create-action.ts';
import { deleteAction } from '../../actions/delete-action.ts';
import {
  beginDelivery,
  clearSubscription,
  restSubscription,
  settleDelivery,
  takeSubscription,
} from '../../notify/delivery-units.ts';
import {
  createSubscription,
  removeSubscription,
  renewSubscription,
  resendDelivery,
} from '../../notify/subscription-units.ts';
import { queries } from '../queries.ts';
import type {
  ActionRow,
  DispatchPauseRow,
  EnforcementRow,
  FeedFetchRow,
  PastEffectRow,
  StrayRow,
  UsedKeyRow,
} from '../rows.ts';
import { all, first, must, run, unit } from '../work.ts';

/** Stores an action and writes it into the journal. */
export const addAction = unit('test.addAction', function* (u, row: ActionRow) {
  yield* run(queries.insertAction(row));
  u.count(1);
  return u.journal({ actionId: row.id, event: 'created', type: 'test', content: { id: row.id } });
});

/** Reads before it writes: what a lost update would betray. */
export const appendToEntity = unit('test.appendToEntity', function* (u, { id, text }: { id: string; text: string }) {
  const row = yield* first(queries.actionById({ id }));
  if (!row) return undefined;
  yield* must(queries.saveAction({ ...row, entity: row.entity + text }));
  u.journal({ actionId: id, event: 'updated', type: 'test', content: { text } });
  return row.version + 1;
});

/** Writes, and then fails: nothing of it may remain. */
export const writeAndThrow = unit('test.writeAndThrow', function* (u, row: ActionRow) {
  yield* run(queries.insertAction(row));
  u.count(1);
  u.journal({ actionId: row.id, event: 'created', type: 'test', content: {} });
  throw new Error('Thrown by the unit, as planned.');
});

export const addEnforcement = unit('test.addEnforcement', function* (_, row: EnforcementRow) {
  yield* must(queries.insertEnforcement(row));
});

export const addPastEffect = unit('test.addPastEffect', function* (_, row: PastEffectRow) {
  yield* run(queries.savePastEffect(row));
});

type EffectKey = Pick<PastEffectRow, 'provider' | 'action' | 'target'>;

export const removePastEffect = unit('test.removePastEffect', function* (_, key: EffectKey) {
  yield* run(queries.deletePastEffect(key));
});

export const addStray = unit('test.addStray', function* (_, row: StrayRow) {
  yield* run(queries.insertStray(row));
});

export const removeStray = unit('test.removeStray', function* (_, { id }: { id: string }) {
  yield* run(queries.deleteStray({ id }));
});

export const removeAction = unit('test.removeAction', function* (u, { id }: { id: string }) {
  const row = yield* first(queries.actionById({ id }));
  if (!row) return false;
  yield* must(queries.deleteAction({ id, version: row.version }));
  u.count(-1);
  return true;
});

export const sayDue = unit('test.sayDue', function* (u, { at, nothingElse }: { at: number; nothingElse: boolean }) {
  if (nothingElse) u.nothingBefore(at);
  else u.due(at);
  return yield* all(queries.nextEnd({}));
});

export const tellNow = unit('test.tellNow', function* (u) {
  yield* all(queries.nextEnd({}));
  return u.now;
});

/** Journals of an action as the server does where its hold begins or ends, and where it does not. */
export const tellOf = unit('test.tellOf', function* (u, { actionId, type }: { actionId: string | null; type: string }) {
  yield [];
  return u.journal({ actionId, event: null, type, content: {} });
});

export const writeFetch = unit('test.writeFetch', function* (_, row: FeedFetchRow) {
  yield* run(queries.saveFeedFetch(row));
});

export const removeFetch = unit('test.removeFetch', function* (_, row: FeedFetchRow) {
  yield* run(queries.deleteFeedFetch(row));
});

export const wakeFeed = unit('test.wakeFeed', function* (_, args: { provider: string; action: string; now: number }) {
  return yield* all(queries.wakeFeedEntries(args));
});

export const addPause = unit('test.addPause', function* (_, row: DispatchPauseRow) {
  yield* run(queries.insertPause(row));
});

export const endPauseOf = unit('test.endPauseOf', function* (_, args: { id: string; until: number }) {
  yield* must(queries.endPause(args));
});

type Ended = { readonly until: number; readonly limit: number };

export const pruneEnded = unit('test.pruneEnded', function* (_, args: Ended) {
  return (yield* all(queries.prunePauses(args))).length;
});

type Moved = { readonly id: string; readonly version: number; readonly end_at: number };

export const moveEndOf = unit('test.moveEndOf', function* (_, args: Moved) {
  yield* must(queries.moveEnd(args));
});

/** Gives an action an end of its own. */
export const endsAt = unit('test.endsAt', function* (_, row: ActionRow) {
  yield* must(queries.saveAction(row));
});

export const writeState = unit(
  'test.writeState',
  function* (_, { id, ...of }: Pick<ActionRow, 'id' | 'status' | 'state' | 'ending'>) {
    const row = yield* first(queries.actionById({ id }));
    if (row) yield* must(queries.saveAction({ ...row, ...of }));
  },
);

export const addUsedKey = unit('test.addUsedKey', function* (_, row: UsedKeyRow) {
  yield* run(queries.insertUsedKey(row));
});

export const pruneUsed = unit('test.pruneUsed', function* (_, args: { now: number; limit: number }) {
  return (yield* all(queries.pruneUsedKeys(args))).length;
});

/** What a store under test is opened with. */
export const TEST_UNITS = [
  createAction,
  askRepeated,
  writeState,
  deleteAction,
  addUsedKey,
  pruneUsed,
  addAction,
  appendToEntity,
  writeAndThrow,
  addEnforcement,
  addPastEffect,
  removePastEffect,
  addStray,
  removeStray,
  removeAction,
  sayDue,
  tellNow,
  tellOf,
  writeFetch,
  removeFetch,
  wakeFeed,
  addPause,
  endPauseOf,
  pruneEnded,
  moveEndOf,
  createSubscription,
  removeSubscription,
  renewSubscription,
  resendDelivery,
  takeSubscription,
  beginDelivery,
  settleDelivery,
  restSubscription,
  clearSubscription,
] as const;
