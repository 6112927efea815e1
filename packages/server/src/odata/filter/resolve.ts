import { didYouMean } from '../../lib/nearest-name.ts';
import type { Collection, Comparison, Expression, Literal, Path, ValueType } from './expression.ts';
import { ENUMERATIONS, nearestFilterable, nearestMember, resolveMember, resolvePath } from './filterable.ts';
import { FUNCTIONS } from './functions.ts';
import { COLLECTIONS, type Raw } from './raw.ts';
import { invalid, unsupported } from './reader.ts';

/** Variables of the lambdas around, with what each ranges over. */
export type Scope = ReadonlyMap<string, Collection>;

type TypeOf = ValueType | 'null';

const NAMES: Readonly<Record<TypeOf, string>> = {
  boolean: 'true or false',
  string: 'a text',
  number: 'a number',
  dateTimeOffset: 'a date and time',
  date: 'a date',
  timeOfDay: 'a time of day',
  duration: 'a duration',
  guid: 'a GUID',
  operationStatus: 'a status',
  enforcementState: 'a state',
  null: 'null',
};

const RIGHT: Readonly<Partial<Record<TypeOf, string>>> = {
  string: " A text stands in single quotes, as in 'Test'.",
  number: ' A number stands as in 5.',
  dateTimeOffset: ' A date and time stands as in 2026-01-31T00:00:00Z, without quotes.',
  date: ' A date stands as in 2026-01-31.',
  boolean: ' Write true or false.',
  operationStatus: " A status stands as in 'Running'.",
  enforcementState: " A state stands as in 'inForce'.",
};

export function typeOf(expression: Expression): TypeOf {
  switch (expression.kind) {
    case 'literal':
    case 'path':
    case 'call':
      return expression.type;
    case 'not':
    case 'and':
    case 'or':
    case 'compare':
    case 'in':
    case 'any':
    case 'all':
      return 'boolean';
  }
}

const isEnumeration = (type: TypeOf): boolean => type in ENUMERATIONS;

/** A bare name or a text in a place where a member of an enumeration is wanted. */
function memberOf(type: ValueType, text: string, at: number): Literal {
  const members = ENUMERATIONS[type] ?? [];
  const byValue = /^[+-]?\d+$/.test(text) ? members[Number(text)] : undefined;
  const found = byValue ?? members.find((member) => member.toLowerCase() === text.toLowerCase());
  if (found !== undefined) return { kind: 'literal', type, value: found };
  const hint = didYouMean(text, members) || ` There are: ${members.join(', ')}.`;
  throw invalid(at, `"${text.slice(0, 60)}" is no member of the enumeration.${hint}`);
}

const TYPE_NAMES: Readonly<Record<string, ValueType>> = {
  'microsoft.graph.operationstatus': 'operationStatus',
  'graph.operationstatus': 'operationStatus',
  operationstatus: 'operationStatus',
  'interdict.enforcementstate': 'enforcementState',
  enforcementstate: 'enforcementState',
};

function resolveEnum({ typeName, members, at }: Extract<Raw, { kind: 'enum' }>, wanted?: ValueType): Literal {
  const type = typeName === '' ? wanted : TYPE_NAMES[typeName.toLowerCase()];
  if (type === undefined) {
    throw invalid(
      at,
      `There is no enumeration "${typeName.slice(0, 100)}" here. There are: microsoft.graph.operationStatus, interdict.enforcementState.`,
    );
  }
  if (members.includes(','))
    throw unsupported(at, 'several members at once are not served: no enumeration has flags. Use "in".');
  return memberOf(type, members, at);
}

/** What a word that names no property may be meant for. */
function wordHint(path: string): string | undefined {
  const lower = path.toLowerCase();
  if (lower === 'null') return ' Null is written null.';
  if (lower === 'not') return " Something to negate is missing behind it, as in not (name eq 'BlockIp').";
  return FUNCTIONS.has(lower) ? ` A function stands with parentheses, as in ${lower}(…).` : undefined;
}

function resolveOfVariable(names: readonly string[], over: Collection, at: number): Path {
  const [variable = '', ...rest] = names;
  const found = rest.length === 1 ? resolveMember(over, rest[0] ?? '', variable) : undefined;
  if (found) return found;
  const hint = nearestMember(over, rest.join('/'));
  throw invalid(at, `"${names.join('/').slice(0, 100)}" is no member of ${over}.${hint}`);
}

function resolveNames(names: readonly string[], at: number, scope: Scope): Path {
  const [first = ''] = names;
  const over = scope.get(first);
  if (over) return resolveOfVariable(names, over, at);
  const path = names.length === 1 ? first : names.join('/');
  const found = resolvePath(path);
  if (found) return found;
  if (COLLECTIONS.some((collection) => collection === first)) {
    const example = first === 'states' ? "x/status eq 'Running'" : "x/name eq 'IP'";
    throw unsupported(at, `"${first}" is a collection. Use any or all, as in ${first}/any(x:${example}).`);
  }
  if (path.includes('.'))
    throw unsupported(at, `"${path.slice(0, 100)}" names a type. Leave it out: there are no derived types here.`);
  const hint = wordHint(path) ?? nearestFilterable(path);
  throw invalid(at, `"${path.slice(0, 100)}" is nothing that can be filtered by.${hint}`);
}

/** A single name that stands where an enumeration is compared. */
function asMember(raw: Raw, type: TypeOf, scope: Scope): Literal | undefined {
  if (!isEnumeration(type)) return undefined;
  if (raw.kind === 'enum') return resolveEnum(raw, type as ValueType);
  if (raw.kind === 'literal' && raw.literal.type === 'string') {
    return memberOf(type as ValueType, String(raw.literal.value), raw.at);
  }
  if (raw.kind !== 'path' || raw.names.length !== 1) return undefined;
  const [name = ''] = raw.names;
  return scope.has(name) || resolvePath(name) ? undefined : memberOf(type as ValueType, name, raw.at);
}

/** The type of a side, where it can be told without the other one. */
function typeAlone(raw: Raw, scope: Scope): TypeOf | undefined {
  if (raw.kind === 'path') {
    const [first = ''] = raw.names;
    const over = scope.get(first);
    if (over) return resolveMember(over, raw.names.slice(1).join('/'), first)?.type;
    return resolvePath(raw.names.length === 1 ? first : raw.names.join('/'))?.type;
  }
  return raw.kind === 'enum' && raw.typeName !== '' ? TYPE_NAMES[raw.typeName.toLowerCase()] : undefined;
}

/** A GUID beside a text is that text. */
function likeText(expression: Expression, other: TypeOf): Expression {
  return expression.kind === 'literal' && expression.type === 'guid' && other === 'string'
    ? { ...expression, type: 'string' }
    : expression;
}

const ORDERED: ReadonlySet<TypeOf> = new Set(['string', 'number', 'dateTimeOffset', 'date', 'timeOfDay', 'null']);

function checkTypes(left: Expression, right: Expression, op: string, places: readonly [number, number]): void {
  const [one, other] = [typeOf(left), typeOf(right)];
  if (one !== other && one !== 'null' && other !== 'null') {
    const isLeftWrong = left.kind === 'literal' && right.kind !== 'literal';
    const [wrong, wanted] = isLeftWrong ? [one, other] : [other, one];
    throw invalid(
      places[isLeftWrong ? 0 : 1],
      `this is ${NAMES[wrong]}, and "${op}" compares it with ${NAMES[wanted]}.${RIGHT[wanted] ?? ''}`,
    );
  }
  const type = one === 'null' ? other : one;
  if (op !== 'eq' && op !== 'ne' && op !== 'in' && !ORDERED.has(type)) {
    throw unsupported(places[0], `"${op}" is not served for ${NAMES[type]}. Use eq, ne or in.`);
  }
}

function resolveSides(left: Raw, right: Raw, scope: Scope): readonly [Expression, Expression] {
  const [leftType, rightType] = [typeAlone(left, scope), typeAlone(right, scope)];
  const one = (rightType && asMember(left, rightType, scope)) ?? resolve(left, scope);
  const other = (leftType && asMember(right, leftType, scope)) ?? resolve(right, scope);
  return [likeText(one, typeOf(other)), likeText(other, typeOf(one))];
}

type Binary = Extract<Raw, { kind: 'binary' }>;

function resolveLogic({ op, left, right }: Binary, scope: Scope): Expression {
  const side = (raw: Raw): Expression => requireBoolean(resolve(raw, scope), raw.at, `"${op}"`);
  return { kind: op as 'and' | 'or', left: side(left), right: side(right) };
}

function resolveComparison({ op, left, right }: Binary, scope: Scope): Expression {
  const [one, other] = resolveSides(left, right, scope);
  checkTypes(one, other, op, [left.at, right.at]);
  return { kind: 'compare', op: op as Comparison, left: one, right: other };
}

function resolveHas({ left, right, at }: Binary, scope: Scope): Expression {
  const value = resolve(left, scope);
  const type = typeOf(value);
  if (!isEnumeration(type)) throw invalid(at, `"has" is for enumerations, and this is ${NAMES[type]}. Use eq.`);
  const member = asMember(right, type, scope);
  if (!member || member.type !== type)
    throw invalid(right.at, `This is no member of the enumeration that "has" is asked of.`);
  return { kind: 'compare', op: 'eq', left: value, right: member };
}

export function requireBoolean(expression: Expression, at: number, where: string): Expression {
  const type = typeOf(expression);
  if (type === 'boolean' || type === 'null') return expression;
  const hint = where === '"not"' ? ' Put parentheses around the comparison behind it.' : ' Compare it with something.';
  throw invalid(at, `${where} wants something true or false, and this is ${NAMES[type]}.${hint}`);
}

function resolveIn({ left, items, at }: Extract<Raw, { kind: 'in' }>, scope: Scope): Expression {
  const type = typeAlone(left, scope);
  const value = resolve(left, scope);
  const literals = items.map((item): Literal => {
    const literal = likeText((type && asMember(item, type, scope)) ?? resolve(item, scope), typeOf(value));
    checkTypes(value, literal, 'in', [left.at, item.at]);
    return literal as Literal;
  });
  if (typeOf(value) === 'null') throw unsupported(at, 'null before "in" is not served.');
  return { kind: 'in', left: value, items: literals };
}

function resolveCall({ name, args, at }: Extract<Raw, { kind: 'call' }>, scope: Scope): Expression {
  const shape = FUNCTIONS.get(name)?.served;
  if (!shape) throw unsupported(at, `${name}() is not served.`);
  const values = args.map((arg, index) => {
    const types = shape.takes[index] ?? [];
    const value = likeText(resolve(arg, scope), types.includes('string') ? 'string' : 'null');
    const type = typeOf(value);
    if (type === 'null' || types.includes(type)) return value;
    const [wanted = 'string'] = types;
    throw invalid(
      arg.at,
      `${name}() wants ${types.map((each) => NAMES[each]).join(' or ')} here, and this is ${NAMES[type]}.${RIGHT[wanted] ?? ''}`,
    );
  });
  return { kind: 'call', name: shape.name, type: shape.gives, args: values };
}

function resolveLambda(raw: Extract<Raw, { kind: 'lambda' }>, scope: Scope): Expression {
  const { quantifier, over, variable, body, at } = raw;
  const path = over.join('/');
  const collection = COLLECTIONS.find((known) => known === path);
  if (!collection) throw invalid(at, `"${path.slice(0, 100)}" is no collection. There are: ${COLLECTIONS.join(', ')}.`);
  if (body === null) return { kind: quantifier, over: collection, variable, body };
  if (scope.has(variable))
    throw invalid(
      at,
      `The variable "${variable.slice(0, 60)}" is taken by the ${quantifier} around. Name it otherwise.`,
    );
  const inside = new Map([...scope, [variable, collection] as const]);
  const judged = requireBoolean(resolve(body, inside), body.at, `"${quantifier}"`);
  return { kind: quantifier, over: collection, variable, body: judged };
}

/** Gives every name its meaning and checks every type. @throws {Refusal} invalidFilter, unsupportedFilter */
export function resolve(raw: Raw, scope: Scope): Expression {
  switch (raw.kind) {
    case 'literal':
      return raw.literal;
    case 'enum':
      return resolveEnum(raw);
    case 'path':
      return resolveNames(raw.names, raw.at, scope);
    case 'call':
      return resolveCall(raw, scope);
    case 'not':
      return { kind: 'not', operand: requireBoolean(resolve(raw.operand, scope), raw.operand.at, '"not"') };
    case 'binary':
      if (raw.op === 'has') return resolveHas(raw, scope);
      return raw.op === 'and' || raw.op === 'or' ? resolveLogic(raw, scope) : resolveComparison(raw, scope);
    case 'in':
      return resolveIn(raw, scope);
    case 'lambda':
      return resolveLambda(raw, scope);
    case 'nothing':
      throw unsupported(raw.at, 'this is not served.');
  }
}
