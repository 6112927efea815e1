import { toDateTime } from '../../lib/date-time.ts';
import { valueAt } from '../value-at.ts';
import { beginEffort, costOf, type Effort, spend, TooMuchText } from './effort.ts';
import type { Expression, Path } from './expression.ts';
import { CALLS, compareValues, type Value } from './values.ts';

type Plain = Readonly<Record<string, unknown>>;

/** What an expression is evaluated on. */
interface Evaluation {
  readonly entity: Plain;
  readonly now: number;
  readonly effort: Effort;
  /** Members that the lambdas around stand at. */
  readonly members: Readonly<Record<string, Plain>>;
}

/** A moment without its zone, as literals are. */
const withoutZone = (moment: string): string => (moment.endsWith('Z') ? moment.slice(0, -1) : moment);

function valueOfPath({ path, type, of }: Path, { entity, members }: Evaluation): Value {
  const value = valueAt(of === undefined ? entity : (members[of] ?? {}), path);
  return type === 'dateTimeOffset' && typeof value === 'string' ? withoutZone(value) : value;
}

/** Null equals null and nothing else; it is neither less nor greater than anything, and that is known. */
function compare(op: string, one: Value, other: Value, effort: Effort): boolean | null {
  if (one === null || other === null) {
    if (op === 'ne') return one !== other;
    return op !== 'gt' && op !== 'lt' && one === other;
  }
  if (typeof one === 'string' && typeof other === 'string') spend(effort, Math.min(one.length, other.length));
  const order = compareValues(one, other);
  switch (op) {
    case 'eq':
      return order === 0;
    case 'ne':
      return order !== 0;
    case 'gt':
      return order !== undefined && order > 0;
    case 'ge':
      return order !== undefined && order >= 0;
    case 'lt':
      return order !== undefined && order < 0;
    default:
      return order !== undefined && order <= 0;
  }
}

/** Kleene's `and` and `or`: unknown unless one side alone decides. */
function both(isAnd: boolean, one: Value, other: () => Value): Value {
  const deciding = !isAnd;
  if (one === deciding) return deciding;
  const second = other();
  if (second === deciding) return deciding;
  return one === null || second === null ? null : !deciding;
}

function call(expression: Extract<Expression, { kind: 'call' }>, on: Evaluation): Value {
  const { name, args } = expression;
  if (name === 'now') return withoutZone(toDateTime(on.now));
  const values = args.map((arg) => evaluate(arg, on));
  if (values.includes(null)) return null;
  spend(on.effort, costOf(name, values));
  return CALLS[name](values as never);
}

function quantify(expression: Extract<Expression, { kind: 'any' | 'all' }>, on: Evaluation): Value {
  const { kind, over, variable, body } = expression;
  const listed = on.entity[over];
  const items = Array.isArray(listed) ? (listed as readonly (Plain | null)[]) : [];
  if (body === null) return items.length > 0;
  const isAll = kind === 'all';
  let found: Value = isAll;
  for (const item of items) {
    const members = { ...on.members, [variable]: item ?? {} };
    found = both(isAll, found, () => evaluate(body, { ...on, members }));
    if (found === !isAll) break;
  }
  return found;
}

function evaluate(expression: Expression, on: Evaluation): Value {
  switch (expression.kind) {
    case 'literal':
      return expression.value;
    case 'path':
      return valueOfPath(expression, on);
    case 'not': {
      const value = evaluate(expression.operand, on);
      return value === null ? null : value !== true;
    }
    case 'and':
    case 'or':
      return both(expression.kind === 'and', evaluate(expression.left, on), () => evaluate(expression.right, on));
    case 'compare':
      return compare(expression.op, evaluate(expression.left, on), evaluate(expression.right, on), on.effort);
    case 'in': {
      const value = evaluate(expression.left, on);
      return expression.items.some((item) => compare('eq', value, item.value, on.effort) === true);
    }
    case 'call':
      return call(expression, on);
    case 'any':
    case 'all':
      return quantify(expression, on);
  }
}

/**
 * Whether an entity, as `/beta` gives it and parsed, fulfils a filter. What is null or unknown does not.
 * @param now what `now()` says, in milliseconds
 * @throws {TooMuchText} where that takes longer than others can wait
 * @see https://docs.oasis-open.org/odata/odata/v4.01/odata-v4.01-part2-url-conventions.html#sec_LogicalOperators
 */
export const holds = (filter: Expression, entity: Plain, now: number): boolean =>
  evaluate(filter, { entity, now, effort: beginEffort(), members: {} }) === true;

/** As {@link holds}, for whoever must miss nothing and cannot stop at an action: true also where it takes too long. */
export function mayHold(filter: Expression, entity: Plain, now: number): boolean {
  try {
    return holds(filter, entity, now);
  } catch (thrown) {
    if (thrown instanceof TooMuchText) return true;
    throw thrown;
  }
}
