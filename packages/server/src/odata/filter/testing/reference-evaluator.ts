import type { Expression } from '../expression.ts';

type Row = Readonly<Record<string, unknown>>;

/** Units of 10⁻¹² seconds since 1970: compared as numbers, where the evaluator compares texts. */
function instant(text: string): bigint {
  const [seconds = '', fraction = ''] = text.replace(/Z$/, '').split('.');
  return BigInt(Date.parse(`${seconds}Z`)) * 1_000_000_000n + BigInt(fraction.padEnd(12, '0'));
}

const points = (text: string): number[] => Array.from(text, (character) => character.codePointAt(0) ?? 0);

function orderOfTexts(one: readonly number[], other: readonly number[]): number {
  const at = one.findIndex((point, index) => point !== other[index]);
  return at < 0 || at >= other.length ? one.length - other.length : (one[at] ?? 0) - (other[at] ?? 0);
}

function order(one: unknown, other: unknown, type: string): number {
  if (type === 'dateTimeOffset') return Number(instant(String(one)) - instant(String(other)));
  if (typeof one === 'string') return orderOfTexts(points(one), points(String(other)));
  return Number(one) - Number(other) || (one === other ? 0 : Number.NaN);
}

const part = (text: string, name: string): number => {
  const date = new Date(`${text.slice(0, 19)}Z`);
  if (name === 'year') return date.getUTCFullYear();
  if (name === 'month') return date.getUTCMonth() + 1;
  if (name === 'day') return date.getUTCDate();
  if (name === 'hour') return date.getUTCHours();
  return name === 'minute' ? date.getUTCMinutes() : date.getUTCSeconds();
};

function callOf(name: string, [first, second, third]: readonly unknown[]): unknown {
  const [text, other] = [String(first), String(second)];
  const characters = Array.from(text);
  const starts = (from: number): boolean => characters.slice(from).join('').indexOf(other) === 0;
  const found = characters.concat('').findIndex((_, from) => starts(from));
  if (name === 'startswith') return starts(0);
  if (name === 'endswith') return text.split('').reverse().join('').startsWith(other.split('').reverse().join(''));
  if (name === 'contains') return found >= 0;
  if (name === 'indexof') return found;
  if (name === 'length') return characters.length;
  if (name === 'substring')
    return characters
      .slice(Number(second))
      .slice(0, third as number | undefined)
      .join('');
  if (name === 'concat') return `${text}${other}`;
  if (name === 'trim') return text.replace(/^\s+|\s+$/g, '');
  if (name === 'tolower') return text.toLowerCase();
  if (name === 'toupper') return text.toUpperCase();
  return name === 'date' ? text.slice(0, 10) : part(text, name);
}

function typeOf(expression: Expression): string {
  return 'type' in expression ? expression.type : 'boolean';
}

function compare(expression: Extract<Expression, { kind: 'compare' }>, row: Row, now: number): boolean | null {
  const { op, left, right } = expression;
  const [one, other] = [evaluate(left, row, now), evaluate(right, row, now)];
  if (one === null || other === null) {
    const same = one === null && other === null;
    return op === 'eq' ? same : op === 'ne' ? !same : null;
  }
  const by = order(one, other, typeOf(left));
  return { eq: by === 0, ne: by !== 0, gt: by > 0, ge: by >= 0, lt: by < 0, le: by <= 0 }[op];
}

const not = (value: unknown): boolean | null => (value === null ? null : !value);

/** False before null before true: `and` is the least of all, `or` the greatest. */
function least(values: readonly unknown[]): boolean | null {
  if (values.includes(false)) return false;
  return values.includes(null) ? null : true;
}
const greatest = (values: readonly unknown[]): boolean | null => not(least(values.map(not)));

function step(value: unknown, name: string): unknown {
  return (value as Row | null | undefined)?.[name] ?? null;
}

type Of<Kind extends Expression['kind']> = Extract<Expression, { kind: Kind }>;

function valueOfCall({ name, args }: Of<'call'>, row: Row, now: number): unknown {
  if (name === 'now') return new Date(now).toISOString();
  const values = args.map((arg) => evaluate(arg, row, now));
  return values.includes(null) ? null : callOf(name, values);
}

function valueOfLambda({ kind, over, body, variable }: Of<'any' | 'all'>, row: Row, now: number): unknown {
  const members = row[over] as readonly Row[];
  if (body === null) return members.length > 0;
  const results = members.map((member) => evaluate(body, { ...row, [`$${variable}`]: member }, now));
  return kind === 'any' ? greatest(results) : least(results);
}

/** The value of a filter, slow and plain. It shares nothing with `holds` but the tree. */
export function evaluate(filter: Expression, row: Row, now: number): unknown {
  const value = (inside: Expression): unknown => evaluate(inside, row, now);
  switch (filter.kind) {
    case 'literal':
      return filter.value;
    case 'path':
      return filter.path.split('/').reduce(step, filter.of ? row[`$${filter.of}`] : row);
    case 'not':
      return not(value(filter.operand));
    case 'and':
      return least([value(filter.left), value(filter.right)]);
    case 'or':
      return greatest([value(filter.left), value(filter.right)]);
    case 'compare':
      return compare(filter, row, now);
    case 'in': {
      const { left } = filter;
      return greatest(filter.items.map((right) => compare({ kind: 'compare', op: 'eq', left, right }, row, now)));
    }
    case 'call':
      return valueOfCall(filter, row, now);
    case 'any':
    case 'all':
      return valueOfLambda(filter, row, now);
  }
}
