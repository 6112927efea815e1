import { Refusal } from '../../errors.ts';
import type { EntityRow, PagePosition } from '../../store/queries.ts';
import { type ActionWalk, placeOf, type SortRow, type Step, type StepCall } from '../../store/walk.ts';
import { LARGEST_PAGE } from '../largest-page.ts';
import { nextStep, type Walking } from './next-step.ts';

/** A page is sent after so long with what was found; the next one goes on from there. */
const PAGE_MS = 1_500;
/** What gives no page must come to its end: after so much work of its own, or so long in all where others wait too. */
const WHOLE_MS = 8_000;
const PATIENCE_MS = 25_000;
const ALL = 20_000;
/** Characters of entities that cross a thread at once: to unpack them holds up the event loop. */
const LARGEST_STEP = 1_048_576;

export const tooSlow = (target: string, what: string): Refusal =>
  new Refusal(
    'badRequest',
    `${what} takes too long with so many securityActions. Narrow it by a filter on createdDateTime, status, ` +
      'enforcement/target, clientContext or id.',
    { inner: 'invalidQueryOption', target },
  );

export interface WalkedPage {
  readonly rows: readonly EntityRow[];
  /** Where the next page begins, behind this action; undefined where nothing is left. */
  readonly next: PagePosition | undefined;
}

/** One more than the page has: whether there is a next page. */
function toPage(rows: readonly EntityRow[], limit: number): WalkedPage {
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  return { rows: page, next: rows.length > limit && last ? placeOf(last) : undefined };
}

/** A page of a walk. It may be shorter than asked for, even empty, where it took long or grew large, and go on. */
export async function walkPage(
  walking: Walking,
  tenantId: string,
  walk: ActionWalk,
  { after: begin, limit }: { readonly after: PagePosition | undefined; readonly limit: number },
): Promise<WalkedPage> {
  const rows: EntityRow[] = [];
  const endsAt = performance.now() + PAGE_MS;
  let after = begin;
  let size = 0;
  for (;;) {
    const wanted = { limit: limit + 1 - rows.length, text: Math.min(LARGEST_STEP, LARGEST_PAGE - size) };
    const step = await nextStep(walking, tenantId, { walk, after, ...wanted, give: 'entities' });
    rows.push(...step.entities);
    if (step.isEnd || rows.length > limit) return toPage(rows, limit);
    after = step.last ?? after;
    size += step.entities.reduce((sum, { entity }) => sum + entity.length, 0);
    if (size >= LARGEST_PAGE || performance.now() > endsAt) return { rows, next: after };
  }
}

export interface WalkedText {
  /** Texts of entities with commas between them; none is empty. */
  readonly texts: readonly Uint8Array[];
  readonly next: PagePosition | undefined;
}

/** A page of text that grows, and where it goes on. */
interface GrowingText {
  readonly texts: Uint8Array[];
  after: PagePosition | undefined;
  /** The last entity in it. */
  given: PagePosition | undefined;
  left: number;
  room: number;
}

function grow(growing: GrowingText, { page, count, last }: Step): void {
  if (page && count > 0) growing.texts.push(page.text);
  growing.given = page?.last ?? growing.given;
  growing.after = last ?? growing.after;
  growing.left -= count;
  growing.room -= page?.text.length ?? 0;
}

/** As {@link walkPage}, in the form in which a page goes out. */
export async function walkText(
  walking: Walking,
  tenantId: string,
  walk: ActionWalk,
  { after, limit, isSeed }: Required<Pick<StepCall, 'after' | 'limit' | 'isSeed'>>,
): Promise<WalkedText> {
  const endsAt = performance.now() + PAGE_MS;
  const growing: GrowingText = { texts: [], after, given: undefined, left: limit, room: LARGEST_PAGE };
  const { texts } = growing;
  for (;;) {
    const wanted = { after: growing.after, limit: growing.left, text: growing.room };
    const step = await nextStep(walking, tenantId, { walk, ...wanted, give: 'page', isSeed });
    grow(growing, step);
    if (step.page?.isFull) return { texts, next: growing.given };
    if (step.isEnd) return { texts, next: undefined };
    if (growing.room <= 0 || performance.now() > endsAt) return { texts, next: growing.after };
  }
}

/** What a walk that must come to its end has taken so far. */
interface Effort {
  workMs: number;
  readonly endsAt: number;
}

const beginEffort = (): Effort => ({ workMs: 0, endsAt: performance.now() + PATIENCE_MS });

/** @throws {Refusal} invalidQueryOption for too much work; serviceUnavailable where others were in the way */
function spend(effort: Effort, { tookMs }: Step, target: string, what: string): void {
  effort.workMs += tookMs;
  if (effort.workMs > WHOLE_MS) throw tooSlow(target, what);
  if (performance.now() <= effort.endsAt) return;
  const message = 'Too many lists are being read at this moment. Ask again, or for less at once.';
  throw new Refusal('serviceUnavailable', message, { headers: { 'Retry-After': '5' } });
}

/** How many actions a walk finds. @throws {Refusal} invalidQueryOption where they are too many to be counted in time */
export async function countWalk(walking: Walking, tenantId: string, walk: ActionWalk): Promise<number> {
  const effort = beginEffort();
  let count = 0;
  let after: PagePosition | undefined;
  for (;;) {
    const step = await nextStep(walking, tenantId, { walk, after, limit: ALL, give: 'count' });
    count += step.count;
    if (step.isEnd) return count;
    spend(effort, step, walk.filter ? '$filter' : '$search', 'To count what is found');
    after = step.last;
  }
}

/**
 * The place of the last of so many actions; `isEnd` where there are no more than that.
 * @throws {Refusal} invalidQueryOption
 */
export async function skipWalk(
  walking: Walking,
  tenantId: string,
  walk: ActionWalk,
  skip: number,
): Promise<{ readonly after: PagePosition | undefined; readonly isEnd: boolean }> {
  const effort = beginEffort();
  let left = skip;
  let after: PagePosition | undefined;
  while (left > 0) {
    const step = await nextStep(walking, tenantId, { walk, after, limit: Math.min(left, ALL), give: 'count' });
    left -= step.count;
    after = step.last ?? after;
    if (step.isEnd) return { after, isEnd: true };
    if (left > 0) spend(effort, step, '$skip', 'To skip so many');
  }
  return { after, isEnd: false };
}

/** Characters of all keys together: long texts that begin alike take long to be told apart. */
const MOST_KEYS_TEXT = 16 * 1_048_576;

const sizeOf = (rows: readonly SortRow[]): number =>
  rows.reduce((sum, { keys }) => keys.reduce<number>((own, key) => own + String(key).length, sum), 0);

/** Values of everything that a walk finds. @throws {Refusal} invalidQueryOption where that is too much to sort */
export async function sortWalk(
  walking: Walking,
  tenantId: string,
  walk: ActionWalk,
  { keys, most }: { readonly keys: readonly string[]; readonly most: number },
): Promise<readonly SortRow[]> {
  const effort = beginEffort();
  const rows: SortRow[] = [];
  let size = 0;
  let after: PagePosition | undefined;
  for (;;) {
    const step = await nextStep(walking, tenantId, { walk, after, limit: ALL, give: 'keys', keys });
    rows.push(...step.sortRows);
    if (step.isEnd) return rows;
    size += sizeOf(step.sortRows);
    const what = 'To put this in an order other than that of createdDateTime';
    if (rows.length > most || size > MOST_KEYS_TEXT) throw tooSlow('$orderby', what);
    spend(effort, step, '$orderby', what);
    after = step.last;
  }
}
