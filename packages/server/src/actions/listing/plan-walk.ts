import type { Comparison, Expression } from '../../odata/filter/expression.ts';
import type { Way } from '../../store/walk.ts';
import { pathComparison } from './path-comparison.ts';
import { MOST_SELECTIVE_FIRST, waysOf } from './ways.ts';

/** How the actions that a filter wants are found in the order of their creation. */
export interface WalkPlan {
  /** Undefined: they may be anywhere. */
  readonly ways: readonly Way[] | undefined;
  readonly from: string | undefined;
  readonly before: string | undefined;
  /** Nothing else is found on the ways within the bounds: no action need be looked into. */
  readonly isExact: boolean;
}

interface Bounds {
  from: string | undefined;
  before: string | undefined;
}

const conjunctsOf = (filter: Expression): readonly Expression[] =>
  filter.kind === 'and' ? [...conjunctsOf(filter.left), ...conjunctsOf(filter.right)] : [filter];

/** Behind a text, before whatever is longer or comes later: moments are of one width. */
const justBehind = (text: string): string => `${text}\u0001`;

/** As `YYYY-MM-DDThh:mm:ss.fffffff`, with more digits where they count. */
const MOMENT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}(\d*)$/;

/** What a comparison with a moment bounds: from a text on, before another. */
function boundsOf(op: Comparison, moment: string, isFiner: boolean): Bounds {
  const from = isFiner || op === 'gt' ? justBehind(moment) : moment;
  const before = !isFiner && op === 'lt' ? moment : justBehind(moment);
  const isLower = op === 'lt' || op === 'le';
  const isUpper = op === 'gt' || op === 'ge';
  return { from: isLower ? undefined : from, before: isUpper ? undefined : before };
}

/** The bounds that a comparison of `createdDateTime` means; undefined where it is none that bounds express exactly. */
function momentBounds(conjunct: Expression): Bounds | undefined {
  const { path, op, literal } = pathComparison(conjunct) ?? {};
  if (path?.path !== 'createdDateTime' || typeof literal?.value !== 'string') return undefined;
  const finer = MOMENT.exec(literal.value)?.[1];
  if (finer === undefined || op === undefined || op === 'ne') return undefined;
  // A moment between two that can be stored: only its sides can be told.
  if (finer !== '' && op === 'eq') return undefined;
  return boundsOf(op, `${literal.value.slice(0, 27)}Z`, finer !== '');
}

/** Narrows the bounds; false where the conjunct says nothing of the kind. */
function narrow(bounds: Bounds, conjunct: Expression): boolean {
  const found = momentBounds(conjunct);
  if (!found) return false;
  if (found.from !== undefined && (bounds.from ?? '') < found.from) bounds.from = found.from;
  const { before } = found;
  if (before !== undefined && (bounds.before === undefined || bounds.before > before)) bounds.before = before;
  return true;
}

const rankOf = (ways: readonly Way[]): number =>
  Math.max(...ways.map(({ column }) => MOST_SELECTIVE_FIRST.indexOf(column)));

/** Finds the ways and bounds for a filter: the narrowest of its conjuncts, and what it says of `createdDateTime`. */
export function planWalk(filter: Expression | undefined): WalkPlan {
  if (!filter) return { ways: undefined, from: undefined, before: undefined, isExact: true };
  const bounds: Bounds = { from: undefined, before: undefined };
  const conjuncts = conjunctsOf(filter);
  const rest = conjuncts.filter((conjunct) => !narrow(bounds, conjunct));
  const [best] = rest
    .map(waysOf)
    .filter((found) => found !== undefined)
    .sort((one, other) => rankOf(one.ways) - rankOf(other.ways));
  const isExact = rest.length === 0 || (rest.length === 1 && best?.isExact === true);
  return { ways: best?.ways, ...bounds, isExact };
}
