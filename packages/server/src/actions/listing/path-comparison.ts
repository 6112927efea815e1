import type { Comparison, Expression, Literal, Path } from '../../odata/filter/expression.ts';

const TURNED: Readonly<Record<Comparison, Comparison>> = { eq: 'eq', ne: 'ne', gt: 'lt', ge: 'le', lt: 'gt', le: 'ge' };

export interface PathComparison {
  readonly path: Path;
  readonly op: Comparison;
  readonly literal: Literal;
}

/** A comparison of a property of the entity with a literal, whichever stands first. */
export function pathComparison(filter: Expression): PathComparison | undefined {
  if (filter.kind !== 'compare') return undefined;
  const { left, right, op } = filter;
  if (left.kind === 'path' && right.kind === 'literal' && left.of === undefined) {
    return { path: left, op, literal: right };
  }
  if (left.kind === 'literal' && right.kind === 'path' && right.of === undefined) {
    return { path: right, op: TURNED[op], literal: left };
  }
  return undefined;
}
