import { expect, test } from 'vitest';
import { refusalOf } from '../testing/refusal-of.ts';
import { parseFilter } from './parse-filter.ts';

test.each([
  ['status eq', 'a value is missing behind "eq".'],
  ["name eq 'a' and", 'a value is missing behind "and".'],
  ['contains(name,', 'a property, a function or a value is missing at the end.'],
  ["(name eq 'a'", 'the ")" for the "(" at character 1 is missing: the filter ends here.'],
  ["contains(name,'a'", 'the filter ends within contains(), which takes 2 values.'],
  ["name eq 'a')", 'there is no "(" for this ")".'],
  ["not(name eq 'a')", `a blank is missing behind "not", as in not (name eq 'BlockIp').`],
  ["name eq 'a' and(true)", 'a blank is missing behind "and".'],
  ["name eq 'a'and true", 'a blank is missing before "and".'],
  ["name eq 'O'Neil'", "A quotation mark inside a text is written twice, as in 'O''Neil'"],
  ['name eq "a"', "A text stands in single quotes, as in 'Test'."],
  ["name = 'a'", '"=" is no operator. Use eq, with blanks around it.'],
  ["name like 'a'", "Use a function, as in contains(name,'Ip')."],
  ["name eqs 'a'", 'Did you mean "eq"?'],
  ["containz(name,'a')", 'Did you mean "contains"?'],
  ["substringof('a',name)", "Use contains(name,'Ip')."],
  ['status eq 5', `this is a number, and "eq" compares it with a status. A status stands as in 'Running'.`],
  ["status eq 'Runing'", 'Did you mean "Running"?'],
  ["nam eq 'a'", 'Did you mean "name"?'],
  ["provider eq 'a'", 'Did you mean "vendorInformation/provider" or "enforcement/provider"?'],
  ['createdDateTime ge 2026-01-31T00:00:00', 'The zone is missing'],
  ['createdDateTime ge 2026-01-31 00:00:00Z', 'Between a date and a time stands T.'],
  ["createdDateTime ge datetime'2026-01-31T00:00:00Z'", 'without quotes, as in 2026-01-31T00:00:00Z.'],
  ['createdDateTime ge now', 'A function stands with parentheses, as in now('],
  ['createdDateTime ge 2026-02-30T00:00:00Z', 'There is no day 2026-02-30.'],
  ['status in (Running,Failed)', 'A list has only values: texts, and members of enumerations, in quotes.'],
  ["parameters/any(name eq 'IP')", `as in any(p:p/name eq 'IP')`],
  ["not name eq 'a'", 'Put parentheses around the comparison behind it.'],
  ["status gt 'Running'", 'Use eq, ne or in.'],
  ["parameters/name eq 'IP'", "Use any or all, as in parameters/any(x:x/name eq 'IP')."],
  ['errorInfo/code eq 1 add 2', 'arithmetic ("add") is not served. Compare with the value itself.'],
])('%s: %s', (text, said) => {
  expect(refusalOf(() => parseFilter(text)).message).toContain(said);
});

const nested = (levels: number): string => `${'('.repeat(levels)}true${')'.repeat(levels)}`;
const listed = (items: number): string => `name in (${Array.from({ length: items }, () => "'a'").join(',')})`;
const padded = (length: number): string => `name eq '${'a'.repeat(length - 10)}'`;

test.each([
  [nested(16), nested(17), 'The filter is nested more than 16 levels deep.'],
  [listed(99), listed(100), 'The filter has more than 100 parts.'],
  [padded(2_048), padded(2_049), 'The filter is longer than 2048 characters.'],
])('a filter may reach its limits (%#)', (within, beyond, said) => {
  expect(parseFilter(within)).toHaveProperty('kind');
  const refusal = refusalOf(() => parseFilter(beyond));
  expect(refusal).toMatchObject({ code: 'badRequest', inner: 'limitExceeded', target: '$filter' });
  expect(refusal.message).toContain(said);
});
