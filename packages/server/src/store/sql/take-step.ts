import { TooMuchText } from '../../odata/filter/effort.ts';
import { holds } from '../../odata/filter/holds.ts';
import { hasWords } from '../../odata/has-words.ts';
import { searchedTexts } from '../../odata/searched-texts.ts';
import { valueAt } from '../../odata/value-at.ts';
import type { EntityRow } from '../queries.ts';
import { shownText } from '../shown-text.ts';
import { type PageStep, placeOf, type SortRow, type Step, type StepCall } from '../walk.ts';

/** A step that has taken so long is over: others wait behind it. */
const STEP_MS = 12;
/** So is one that has gathered so much text. */
const STEP_TEXT = 4 * 1_048_576;

/** How many entries of an index a step may count: each way costs a step of the merge for each of them. */
const COUNTED = 20_000;

export const mostCounted = ({ walk, limit }: StepCall): number =>
  Math.min(limit, Math.ceil(COUNTED / (walk.ways?.length ?? 1)));

/** What a step has gathered so far. */
interface Gathered {
  readonly entities: EntityRow[];
  readonly sortRows: SortRow[];
  readonly texts: string[];
  /** The last one of `texts`, and whether there is one behind them. */
  given: EntityRow | undefined;
  isFull: boolean;
  count: number;
  looked: number;
  text: number;
  last: EntityRow | undefined;
}

const beginGathering = (): Gathered => ({
  ...{ entities: [], sortRows: [], texts: [], given: undefined, isFull: false },
  ...{ count: 0, looked: 0, text: 0, last: undefined },
});

function putOnPage({ limit, isSeed = false }: StepCall, row: EntityRow, gathered: Gathered): void {
  gathered.isFull = gathered.count === limit;
  if (gathered.isFull) return;
  const text = shownText(row, isSeed);
  gathered.texts.push(text);
  gathered.text += text.length;
  gathered.given = row;
  gathered.count += 1;
}

function judge(call: StepCall, row: EntityRow, gathered: Gathered): void {
  const { walk, give, keys = [] } = call;
  const needsEntity = walk.filter !== undefined || walk.words !== undefined || give === 'keys';
  const entity = needsEntity ? (JSON.parse(row.entity) as Readonly<Record<string, unknown>>) : undefined;
  if (entity && walk.filter && !holds(walk.filter, entity, walk.now)) return;
  if (entity && walk.words && !hasWords(walk.words, searchedTexts(entity))) return;
  if (give === 'page') putOnPage(call, row, gathered);
  else gathered.count += 1;
  if (give === 'keys' && entity)
    gathered.sortRows.push({ id: row.id, keys: keys.map((path) => valueAt(entity, path)) });
  if (give !== 'entities') return;
  gathered.entities.push(row);
  gathered.text += row.entity.length;
}

const encoder = new TextEncoder();

const pageOf = ({ texts, given, isFull }: Gathered): PageStep => ({
  text: encoder.encode(texts.join(',')),
  last: given && placeOf(given),
  isFull,
});

/** A page looks for one more than it gives. */
function isEnough({ give, limit }: StepCall, { count, isFull }: Gathered): boolean {
  if (give === 'page') return isFull;
  return give !== 'keys' && count >= limit;
}

/** Rows that a step looks at, where it looks into none. */
export const mostGiven = ({ give, limit }: StepCall): number => (give === 'page' ? limit + 1 : limit);

/** Whether every row of a step is looked into. */
export const isJudged = ({ walk, give }: StepCall): boolean =>
  walk.filter !== undefined || walk.words !== undefined || give === 'keys';

/** Steps that take their time, and go one after the other. */
export const isLong = (call: StepCall): boolean => isJudged(call) || call.give === 'count';

/** @returns false where the filter goes through too much of one row: what is thrown would reach no other thread as it is */
function judgeInTime(call: StepCall, row: EntityRow, gathered: Gathered): boolean {
  try {
    judge(call, row, gathered);
    return true;
  } catch (error) {
    if (error instanceof TooMuchText) return false;
    throw error;
  }
}

/**
 * Judges the rows that a walk's statement gives, until enough are found or it has taken long enough.
 * @param most how many rows the statement gives at most: fewer are all that there are
 */
export function takeStep(call: StepCall, rows: Iterable<EntityRow>, most: number): Step {
  const gathered = beginGathering();
  const isSlow = isJudged(call);
  const beganAt = performance.now();
  const endsAt = beganAt + STEP_MS;
  let [isCut, isTooMuch] = [false, false];
  for (const row of rows) {
    isTooMuch = !judgeInTime(call, row, gathered);
    gathered.looked += 1;
    gathered.last = row;
    isCut =
      isTooMuch ||
      isEnough(call, gathered) ||
      gathered.text >= (call.text ?? STEP_TEXT) ||
      (isSlow && performance.now() > endsAt);
    if (isCut) break;
  }
  const { entities, sortRows, count, last } = gathered;
  const page = call.give === 'page' ? pageOf(gathered) : undefined;
  const tookMs = performance.now() - beganAt;
  const isEnd = !isCut && gathered.looked < most;
  return { tookMs, entities, sortRows, count, page, last: last && placeOf(last), isEnd, isTooMuch };
}

/** Whether a step is counted by the index alone. */
export const isCounted = ({ walk, give }: StepCall): boolean =>
  give === 'count' && walk.filter === undefined && walk.words === undefined;

/** A position as the statement that counts gives it: the moment, of one width, and the id behind it. */
const MOMENT_WIDTH = 28;

export interface CountedRow {
  readonly count: number;
  readonly last: string | null;
}

export function countedStep({ count, last }: CountedRow, most: number, tookMs: number): Step {
  const place = last === null ? undefined : { created_at: last.slice(0, MOMENT_WIDTH), id: last.slice(MOMENT_WIDTH) };
  return { tookMs, entities: [], sortRows: [], count, last: place, isEnd: count < most };
}
