import type { FunctionName, ValueType } from './expression.ts';

/** How a function of the language is called. */
export interface FunctionShape {
  readonly least: number;
  readonly most: number;
  /** Undefined: of the language, and not served. */
  readonly served: ServedFunction | undefined;
  /** What serves instead, with a blank before it. */
  readonly instead: string;
}

export interface ServedFunction {
  readonly name: FunctionName;
  /** Types that each argument may have. */
  readonly takes: readonly (readonly ValueType[])[];
  readonly gives: ValueType;
}

const TEXT: readonly ValueType[] = ['string'];
const NUMBER: readonly ValueType[] = ['number'];
const DAY: readonly ValueType[] = ['dateTimeOffset', 'date'];
const TIME: readonly ValueType[] = ['dateTimeOffset', 'timeOfDay'];

const served = (
  name: FunctionName,
  takes: readonly (readonly ValueType[])[],
  gives: ValueType,
  least = takes.length,
): [string, FunctionShape] => [name, { least, most: takes.length, served: { name, takes, gives }, instead: '' }];

const known = (name: string, count: number, instead = ''): [string, FunctionShape] => [
  name,
  { least: count, most: count, served: undefined, instead },
];

/** Functions of the language, by their names in lower case. */
export const FUNCTIONS: ReadonlyMap<string, FunctionShape> = new Map([
  served('startswith', [TEXT, TEXT], 'boolean'),
  served('endswith', [TEXT, TEXT], 'boolean'),
  served('contains', [TEXT, TEXT], 'boolean'),
  served('tolower', [TEXT], 'string'),
  served('toupper', [TEXT], 'string'),
  served('length', [TEXT], 'number'),
  served('indexof', [TEXT, TEXT], 'number'),
  served('substring', [TEXT, NUMBER, NUMBER], 'string', 2),
  served('trim', [TEXT], 'string'),
  served('concat', [TEXT, TEXT], 'string'),
  served('year', [DAY], 'number'),
  served('month', [DAY], 'number'),
  served('day', [DAY], 'number'),
  served('hour', [TIME], 'number'),
  served('minute', [TIME], 'number'),
  served('second', [TIME], 'number'),
  served('date', [DAY], 'date'),
  served('now', [], 'dateTimeOffset'),
  known('matchespattern', 2, ' Use contains, startswith or endswith.'),
  known('fractionalseconds', 1, ' Compare with a date and time.'),
  known('totalseconds', 1),
  known('time', 1, ' Use hour, minute and second.'),
  known('totaloffsetminutes', 1, ' Dates and times are UTC here.'),
  known('mindatetime', 0, ' Compare with a date and time.'),
  known('maxdatetime', 0, ' Compare with a date and time.'),
  known('round', 1),
  known('floor', 1),
  known('ceiling', 1),
  known('hassubset', 2, ' Use any().'),
  known('hassubsequence', 2, ' Use any().'),
]);
