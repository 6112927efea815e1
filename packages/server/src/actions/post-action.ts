import { Refusal } from '../errors.ts';
import { failpoint } from '../lib/failpoint.ts';
import type { ActionRow } from '../store/rows.ts';
import { CommitUnknown } from '../store/store.ts';
import type { ActionsDeps, Asking } from './actions-deps.ts';
import { findOut, notKnown, runAgain } from './after-unknown.ts';
import { KEY_AFTERLIFE_MS } from './change-action.ts';
import { type Asked, askRepeated, type CreateOutcome, createAction, findOutcome } from './create-action.ts';
import type { CreateInput, Repeatable } from './create-input.ts';
import { type KeysInFlight, underKey } from './keys-in-flight.ts';
import { planAction } from './plan-action.ts';
import { providersOf } from './provider.ts';
import { type AnsweredAction, getAction } from './read-actions.ts';
import { recordRow } from './record.ts';

export interface PostDeps extends ActionsDeps {
  readonly keysInFlight: KeysInFlight;
}

export interface PostedAction extends AnsweredAction {
  /** The request was made before: this is the action that it made. */
  readonly isReplay: boolean;
}

function toRow(deps: ActionsDeps, asking: Asking, input: CreateInput): ActionRow {
  const now = deps.clock.now();
  const id = deps.newId(now);
  if (input.kind === 'record') return recordRow(input.body, { id, now, caller: asking });
  const { refusalFor, asksApprovals } = deps;
  const providers = providersOf(deps.providers, asking.tenantId);
  return planAction({ providers, refusalFor, asksApprovals }, asking, input, { id, now });
}

const mismatch = (): Refusal =>
  new Refusal('unprocessableEntity', 'This key was used for another request. Use a new key for a new request.', {
    inner: 'repeatabilityMismatch',
  });

const deletedSince = (): Refusal =>
  new Refusal('gone', 'The securityAction that this request made was deleted since.', { inner: 'unknownResource' });

async function replay(deps: ActionsDeps, tenantId: string, outcome: CreateOutcome): Promise<PostedAction | undefined> {
  if (outcome.kind === 'created') return undefined;
  failpoint('accept.keyUsed');
  if (outcome.kind === 'mismatch') throw mismatch();
  if (outcome.kind === 'deleted') throw deletedSince();
  return { ...(await getAction(deps, tenantId, outcome.id)), isReplay: true };
}

/** What was made before is answered before its request is judged again: an end that has passed meanwhile is no error. */
async function answerRefused(deps: ActionsDeps, asking: Asking, asked: Asked, refusal: unknown): Promise<PostedAction> {
  const ask = (): Promise<CreateOutcome | undefined> => deps.store.run(asking.tenantId, askRepeated, asked);
  const { outcome } = await runAgain(deps.timers, ask, 'the request was made before');
  const replayed = outcome && (await replay(deps, asking.tenantId, outcome));
  if (!replayed) throw refusal;
  return replayed;
}

/** After an error in COMMIT the truth is found out before anything is answered: it may be there. */
async function readBack(
  deps: ActionsDeps,
  tenantId: string,
  { id, target }: ActionRow,
  repeatable: Repeatable,
  lost: CommitUnknown,
): Promise<CreateOutcome> {
  const found = await findOut(deps.timers, () => deps.store.run(tenantId, findOutcome, { id, target, repeatable }));
  if (found && found.kind !== 'nothing') return found;
  if (found === undefined) {
    const orRepeat =
      repeatable.kind === 'keyless' ? '' : ' Or repeat the request under the same key: it makes no second one.';
    const then = `Ask for /security/securityActions/${id}: it is there if it was stored.${orRepeat}`;
    throw notKnown('the securityAction was stored', then, lost);
  }
  throw new Refusal('serviceUnavailable', 'The store could not take the request. Nothing was stored.', {
    headers: { 'Retry-After': '2' },
    cause: lost,
  });
}

function store(deps: ActionsDeps, asking: Asking, row: ActionRow, repeatable: Repeatable): Promise<CreateOutcome> {
  const { tenantId, appId, user, oid, requestId, sourceIp } = asking;
  const origin = { appId, user, oid, requestId, sourceIp };
  const keyless = repeatable.kind === 'keyless' ? repeatable : undefined;
  const fresh = { row, keyless, origin };
  const apart = keyless && { name: keyless.hash, isRepeat: keyless.isRepeat };
  return deps.store.run(tenantId, createAction, fresh, { isNew: true, apart }).catch((error: unknown) => {
    if (error instanceof CommitUnknown) return readBack(deps, tenantId, row, repeatable, error);
    throw error;
  });
}

async function postRow(
  deps: ActionsDeps,
  asking: Asking,
  row: ActionRow,
  repeatable: Repeatable,
): Promise<PostedAction> {
  failpoint('accept.beforeStore');
  const outcome = await store(deps, asking, row, repeatable);
  failpoint('accept.afterStore');
  const replayed = outcome.kind === 'created' ? undefined : await replay(deps, asking.tenantId, outcome);
  if (replayed) return replayed;
  if (row.start_at !== null) deps.onCreated(asking.tenantId);
  const { id, created_at, version, entity, seed_entity: seedEntity } = row;
  return { id, created_at, tag: `${version}`, entity, seedEntity, isReplay: false };
}

const KEPT_MS = 7 * 86_400_000;

/** What it is known by when it is repeated: one that is scheduled for next month is so until then. */
const withKey = (row: ActionRow, of: Repeatable, now: number): ActionRow => {
  if (of.kind === 'keyless') return { ...row, request_hash: of.hash };
  const until = Math.max(now + KEPT_MS, (row.end_at ?? now) + KEY_AFTERLIFE_MS);
  return { ...row, key_hash: of.hash, key_fingerprint: of.fingerprint, key_until: until };
};

const planRow = (deps: ActionsDeps, asking: Asking, input: () => CreateInput, repeatable: Repeatable): ActionRow =>
  withKey(toRow(deps, asking, input()), repeatable, deps.clock.now());

/** Refusals of the request itself, whose rules may be others by now, and of anything new. */
const JUDGED: ReadonlySet<string> = new Set([
  'badRequest',
  'Authorization_RequestDenied',
  'notImplemented',
  'insufficientStorage',
]);

async function postOrAnswer(
  deps: ActionsDeps,
  asking: Asking,
  input: () => CreateInput,
  repeatable: Repeatable,
): Promise<PostedAction> {
  let row: ActionRow | undefined;
  try {
    row = planRow(deps, asking, input, repeatable);
    return await postRow(deps, asking, row, repeatable);
  } catch (thrown) {
    if (!(thrown instanceof Refusal) || !JUDGED.has(thrown.code)) throw thrown;
    return await answerRefused(deps, asking, { repeatable, target: row?.target }, thrown);
  }
}

/**
 * Accepts an action. When this resolves it is stored, with its event, its audit record and its key: a power cut loses
 * none of it. A request that is known to have been made before is answered by its action, and makes none.
 *
 * @throws {Refusal} for a rule that the request breaks; repeatabilityMismatch, requestInProgress; gone for a request
 *   whose action was deleted
 */
export async function postAction(
  deps: PostDeps,
  asking: Asking,
  input: () => CreateInput,
  repeatable: Repeatable,
): Promise<PostedAction> {
  if (repeatable.kind === 'key') {
    const answer = (): Promise<PostedAction> => postOrAnswer(deps, asking, input, repeatable);
    return await underKey(deps, `${asking.tenantId} ${repeatable.hash}`, answer);
  }
  // The store itself keeps two apart that come at the same time.
  if (repeatable.isRepeat) return await postOrAnswer(deps, asking, input, repeatable);
  return await postRow(deps, asking, planRow(deps, asking, input, repeatable), repeatable);
}
