import { OPERATION_STATUSES } from '@interdict/contract';
import { indexable } from '../../lib/indexable.ts';
import type { Expression, Literal } from '../../odata/filter/expression.ts';
import { INDEXED_STATES, type Way, type WayColumn } from '../../store/walk.ts';
import { pathComparison } from './path-comparison.ts';

/** In the order in which they are preferred. */
export const MOST_SELECTIVE_FIRST: readonly WayColumn[] = ['id', 'client_context', 'target', 'state', 'status'];

/** Which properties have a way of their own. */
const COLUMNS: Readonly<Record<string, WayColumn>> = {
  id: 'id',
  clientContext: 'client_context',
  'enforcement/target': 'target',
  'enforcement/state': 'state',
  status: 'status',
};

const STATES: ReadonlySet<string> = new Set(INDEXED_STATES);

export interface FoundWays {
  readonly ways: readonly Way[];
  /** What lies on the ways is all wanted. */
  readonly isExact: boolean;
}

function wayTo(path: string, { value }: Literal): Way | undefined {
  const column = COLUMNS[path];
  if (column === undefined) return undefined;
  if (value === null) return column === 'status' ? { column, value } : undefined;
  const text = indexable(value);
  if (text === null || (column === 'state' && !STATES.has(text))) return undefined;
  return { column, value: text };
}

function waysTo(path: string, literals: readonly Literal[]): FoundWays | undefined {
  const ways = literals.map((literal) => wayTo(path, literal));
  return ways.every((way) => way !== undefined) && ways.length > 0 ? { ways, isExact: true } : undefined;
}

/** All statuses but these, and none: what is null is not equal to any. */
function otherStatuses(literals: readonly Literal[]): FoundWays | undefined {
  const values = new Set(literals.map(({ value }) => value));
  const ways = [...OPERATION_STATUSES, null]
    .filter((status) => !values.has(status))
    .map((value): Way => ({ column: 'status', value }));
  return ways.length > 0 ? { ways, isExact: true } : undefined;
}

const isStatus = (filter: Expression): boolean => filter.kind === 'path' && filter.path === 'status' && !filter.of;

function ofComparison(filter: Expression, isNegated: boolean): FoundWays | undefined {
  const { path, op, literal } = pathComparison(filter) ?? {};
  if (!path || !literal) return undefined;
  if (op === (isNegated ? 'ne' : 'eq')) return waysTo(path.path, [literal]);
  const isOther = op === (isNegated ? 'eq' : 'ne') && path.path === 'status';
  return isOther ? otherStatuses([literal]) : undefined;
}

function ofIn(filter: Extract<Expression, { kind: 'in' }>, isNegated: boolean): FoundWays | undefined {
  const { left, items } = filter;
  // A null in the list makes the answer null, and not false, for what is not in it.
  if (isNegated) return isStatus(left) && items.every(({ value }) => value !== null) ? otherStatuses(items) : undefined;
  return left.kind === 'path' && left.of === undefined ? waysTo(left.path, items) : undefined;
}

function ofAnd(left: FoundWays | undefined, right: FoundWays | undefined): FoundWays | undefined {
  const found = left ?? right;
  return found && { ways: found.ways, isExact: false };
}

const ofOr = (left: FoundWays | undefined, right: FoundWays | undefined): FoundWays | undefined =>
  left && right && { ways: [...left.ways, ...right.ways], isExact: left.isExact && right.isExact };

function ofNot(operand: Expression): FoundWays | undefined {
  if (operand.kind === 'in') return ofIn(operand, true);
  return operand.kind === 'compare' ? ofComparison(operand, true) : undefined;
}

/** Ways on which everything lies that fulfils a filter; undefined where there are none. */
export function waysOf(filter: Expression): FoundWays | undefined {
  switch (filter.kind) {
    case 'compare':
      return ofComparison(filter, false);
    case 'in':
      return ofIn(filter, false);
    case 'and':
      return ofAnd(waysOf(filter.left), waysOf(filter.right));
    case 'or':
      return ofOr(waysOf(filter.left), waysOf(filter.right));
    case 'not':
      return ofNot(filter.operand);
    case 'literal':
    case 'path':
    case 'call':
    case 'any':
    case 'all':
      return undefined;
  }
}
