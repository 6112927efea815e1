import { fromDateTime } from '../../lib/date-time.ts';
import { beginTurns, endTurn } from '../../lib/turns.ts';
import type { Expression } from '../../odata/filter/expression.ts';
import { mayHold } from '../../odata/filter/holds.ts';
import { type PagePosition, queries } from '../../store/queries.ts';
import type { ActionsDeps } from '../actions-deps.ts';
import { LARGEST_PAGE } from '../largest-page.ts';
import { type AnsweredAction, toAnswered } from '../read-actions.ts';
import { type ChangeStep, isChange, LARGEST_STEP, LOST, readChanges } from './read-changes.ts';

/**
 * How far a client has come. `since`: it has, or gets, everything up to this sequence. In the baseline that is the
 * sequence before its first page: what changes while it is read comes again behind it.
 */
export type DeltaPosition =
  | { readonly kind: 'baseline'; readonly since: number; readonly after: PagePosition | undefined }
  | { readonly kind: 'changes'; readonly since: number };

/** An action as it is now, or that it is not (any more) one of those asked for. */
export type DeltaItem =
  | { readonly id: string; readonly action: AnsweredAction }
  | { readonly id: string; readonly removed: 'deleted' | 'changed' };

export interface DeltaPage {
  readonly items: readonly DeltaItem[];
  readonly next: DeltaPosition;
  /** Everything up to this request was told: ask again later. */
  readonly isEnd: boolean;
}

export interface DeltaWanted {
  /** When the client got the position, by the clock of the store; absent where it begins. */
  readonly givenAt: number | undefined;
  readonly filter: Expression | undefined;
  readonly limit: number;
}

/** Work of one request: journal entries, or actions of the baseline, that are looked at. */
const MOST_SCANNED = 2_000;
/** Actions that are read at once: at first few, as nobody knows how large they are. 250 KB each are 4 MB. */
const FIRST_SLICE = 4;
const LARGEST_SLICE = 16;
/** Characters of one step. */
const STEP_TEXT = 1_048_576;

/** What its filter takes too long for is told: a client's copy misses nothing, and its link goes on. */
const fulfils = (filter: Expression | undefined, { entity }: AnsweredAction, now: number): boolean =>
  filter === undefined || mayHold(filter, JSON.parse(entity) as Record<string, unknown>, now);

/** Where a client begins that wants no baseline: with the next change. */
export async function latestPosition({ store }: ActionsDeps, tenantId: string): Promise<DeltaPosition> {
  return { kind: 'changes', since: (await store.tenant(tenantId)).sequence };
}

/** Where the baseline begins. The sequence is read before any action is: no change can fall between. */
export async function baselinePosition({ store }: ActionsDeps, tenantId: string): Promise<DeltaPosition> {
  return { kind: 'baseline', since: (await store.tenant(tenantId)).sequence, after: undefined };
}

const entitiesBehind = (after: PagePosition | undefined, limit: number) =>
  after ? queries.entitiesAfter({ ...after, limit }) : queries.newestEntities({ limit });

async function baselinePage(
  { store, clock }: ActionsDeps,
  tenantId: string,
  { filter, limit }: DeltaWanted,
  position: Extract<DeltaPosition, { kind: 'baseline' }>,
): Promise<DeltaPage> {
  const items: DeltaItem[] = [];
  const { since } = position;
  let { after } = position;
  let [length, size] = [0, FIRST_SLICE];
  const turns = beginTurns();
  for (let scanned = 0; scanned < MOST_SCANNED && length < LARGEST_PAGE && items.length < limit; ) {
    const most = Math.min(size, limit - items.length);
    const rows = await store.read(tenantId, entitiesBehind(after, most));
    for (const action of rows.map(toAnswered)) {
      if (length >= LARGEST_PAGE) return { items, next: { kind: 'baseline', since, after }, isEnd: false };
      after = { created_at: action.created_at, id: action.id };
      length += action.entity.length;
      if (fulfils(filter, action, clock.now())) items.push({ id: action.id, action });
      await endTurn(turns);
    }
    if (rows.length < most) return { items, next: { kind: 'changes', since }, isEnd: true };
    scanned += rows.length;
    size = Math.min(LARGEST_SLICE, size * 2);
  }
  return { items, next: { kind: 'baseline', since, after }, isEnd: false };
}

/** Puts what a step tells behind what was told before; of an action told of twice the older goes. */
async function gather(
  items: Map<string, DeltaItem>,
  { entries, actions }: ChangeStep,
  isWanted: (action: AnsweredAction) => boolean,
): Promise<void> {
  const turns = beginTurns();
  const changed = [
    ...new Set(
      entries
        .filter(isChange)
        .reverse()
        .map((row) => row.action_id),
    ),
  ].reverse();
  for (const id of changed) {
    const action = actions.get(id);
    items.delete(id);
    if (!action) items.set(id, { id, removed: 'deleted' });
    else items.set(id, isWanted(action) ? { id, action } : { id, removed: 'changed' });
    await endTurn(turns);
  }
}

const textOf = ({ actions }: ChangeStep): number =>
  [...actions.values()].reduce((length, { entity }) => length + entity.length, 0);

async function changesPage(
  { store, clock }: ActionsDeps,
  tenantId: string,
  { filter, limit }: DeltaWanted,
  from: number,
): Promise<DeltaPage | typeof LOST> {
  const { sequence: last } = await store.tenant(tenantId);
  const items = new Map<string, DeltaItem>();
  const isFull = (): boolean => items.size >= limit || since - from >= MOST_SCANNED || length >= LARGEST_PAGE;
  let since = from;
  let length = 0;
  while (since < last && !isFull()) {
    const text = Math.min(STEP_TEXT, LARGEST_PAGE - length);
    const most = { entries: LARGEST_STEP, actions: limit - items.size, text };
    const step = await readChanges(store, tenantId, since, most);
    if (step === LOST || step.until === since) return LOST;
    since = step.until;
    length += textOf(step);
    await gather(items, step, (action) => fulfils(filter, action, clock.now()));
  }
  return { items: [...items.values()], next: { kind: 'changes', since }, isEnd: since >= last };
}

/** A store's clock is reckoned: it may be a little behind what its transactions said. */
const BEHIND_MS = 1_000;

/**
 * The entry up to which a client has everything is not there, or was written after the client had it: the database was
 * restored meanwhile, and goes on from an earlier one.
 */
async function isOfAnotherPast(
  { store }: ActionsDeps,
  tenantId: string,
  position: DeltaPosition,
  givenAt: number,
): Promise<boolean> {
  const { since } = position;
  if (since > (await store.tenant(tenantId)).sequence) return true;
  const [entry] = since > 0 ? await store.read(tenantId, queries.changesAfter({ sequence: since - 1, limit: 1 })) : [];
  return entry?.sequence === since && fromDateTime(entry.written_at) > givenAt + BEHIND_MS;
}

/**
 * What comes behind a position: of the baseline the actions, newest first; then the actions that changed, each once a
 * page, as they are now, in the order of their last change. A page may be empty and not the last.
 * @returns {@link LOST} where the position is older than the journal, or not of this database
 */
export async function deltaPage(
  deps: ActionsDeps,
  tenantId: string,
  wanted: DeltaWanted,
  position: DeltaPosition,
): Promise<DeltaPage | typeof LOST> {
  const { givenAt } = wanted;
  if (givenAt !== undefined && (await isOfAnotherPast(deps, tenantId, position, givenAt))) return LOST;
  return position.kind === 'baseline'
    ? await baselinePage(deps, tenantId, wanted, position)
    : await changesPage(deps, tenantId, wanted, position.since);
}
