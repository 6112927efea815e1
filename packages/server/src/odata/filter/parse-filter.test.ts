import { expect, test } from 'vitest';
import { Refusal } from '../../errors.ts';
import { parseFilter } from './parse-filter.ts';

/** Inner code, position (0: none), filter. */
const REFUSED = `
unsupportedFilter 1 status gt 'Running'
invalidFilter 11 status eq 'Runing'
invalidFilter 11 status eq 5
unsupportedFilter 1 null in (null)
invalidFilter 5 not name eq 'a'
invalidFilter 20 createdDateTime ge 2026-02-30T00:00:00Z
invalidFilter 20 createdDateTime ge 2026-01-01
invalidFilter 20 createdDateTime ge '2026-01-01T00:00:00Z'
unsupportedFilter 19 errorInfo/code eq 1 add 2
unsupportedFilter 26 year(createdDateTime) eq 2026 mod 4
unsupportedFilter 19 errorInfo/code eq - 1
unsupportedFilter 1 -errorInfo/code eq 1
invalidFilter 1 errorInfo eq null
invalidFilter 1 enforcement eq null
invalidFilter 16 parameters/all()
unsupportedFilter 18 parameters/any(p:parameters/any(p:p/name eq 'x'))
unsupportedFilter 12 parameters/$count gt 1
unsupportedFilter 1 $it/name eq 'a'
unsupportedFilter 1 @p eq 1
invalidFilter 10 name in (1)
invalidFilter 16 startswith(name)
invalidFilter 20 startswith(name,'a','b')
unsupportedFilter 1 time(createdDateTime) eq 10:00
unsupportedFilter 1 duration'P1D' eq duration'PT24H'
unsupportedFilter 1 case(true:1,false:2) eq 1
unsupportedFilter 1 cast(name,Edm.String) eq 'a'
unsupportedFilter 1 isof(name,Edm.String)
unsupportedFilter 1 binary'AA' eq null
unsupportedFilter 9 name in parameters
unsupportedFilter 1 [1,2] eq null
invalidFilter 1 1
invalidFilter 1 name
invalidFilter 13 (name eq 'a'
invalidFilter 12 name eq 'a')
invalidFilter 1 eq
invalidFilter 9 name eq 'a
invalidFilter 1 nam eq 'a'
invalidFilter 1 provider eq 'x'
invalidFilter 11 status eq 'Running,Failed'
invalidFilter 9 name eq "a"
invalidFilter 6 name = 'a'
invalidFilter 6 name == 'a'
invalidFilter 13 name eq 'a' && user eq 'b'
invalidFilter 12 name eq 'a'and user eq 'b'
invalidFilter 1 2026-13-01 lt 2026-01-02
invalidFilter 1 createdDateTime/x eq 1
invalidFilter 1 name/any(x:x eq 1)
invalidFilter 11 status eq interdict.enforcementState'inForce'
invalidFilter 11 status eq enforcement/state
invalidFilter 14 name eq null null
`;

const refusalOf = (text: string): Refusal => {
  try {
    parseFilter(text);
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
  throw new Error(`Read, and not refused: ${text}`);
};

test.each(
  REFUSED.trim()
    .split('\n')
    .map((line) => /^(\w+) (\d+) (.*)$/.exec(line)?.slice(1) as [string, string, string]),
)('%s at %s: %s', (inner, position, text) => {
  const refusal = refusalOf(text);
  expect([refusal.code, refusal.inner, refusal.target]).toEqual(['badRequest', inner, '$filter']);
  expect(refusal.message).toMatch(new RegExp(`^At character ${position}: `));
});

const READ = `
status eq microsoft.graph.operationStatus'Running'
status eq Running
Running eq status
status has 'Running'
status in ('Running','Failed')
enforcement/state eq 'inForce'
name EQ 'it''s' AND user NE 'b'
null eq null
not contains(name,'a')
not (name eq 'a')
createdDateTime ge 2026-01-01T00:00:00.123456789+05:30
date(createdDateTime) eq 2026-01-01
errorInfo/code in (1,2,-3)
errorInfo/code eq 1.5e3
errorInfo/code lt NaN
parameters/any()
parameters/any(p:p/name eq p/value)
states/all(s:s/updatedDateTime gt createdDateTime)
substring(name,1,2) eq 'a'
startswith(name , 'a' )
now() gt createdDateTime
id eq 11111111-1111-1111-1111-111111111111
((name eq 'a'))
true eq (name eq 'a')
`;

test.each(READ.trim().split('\n'))('%s is read', (text) => {
  expect(parseFilter(text)).toHaveProperty('kind');
});

test.each([
  '('.repeat(1_000),
  'not '.repeat(500),
  'a'.repeat(100_000),
  '('.repeat(10_000),
  `name in (${"'a',".repeat(400)}'a')`,
  `${"name eq 'a' and ".repeat(120)}true`,
  'concat('.repeat(200),
])('a filter beyond the limits is refused, whatever its form (%#)', (text) => {
  expect(refusalOf(text)).toMatchObject({ code: 'badRequest', inner: 'limitExceeded', target: '$filter' });
});

test.each([
  ["name eq 'a' or user eq 'b' and status eq 'Failed'", "name eq 'a' or (user eq 'b' and status eq 'Failed')"],
  ['true and false or null', '(true and false) or null'],
  ['true or false or null', '(true or false) or null'],
  ['true and false and null', '(true and false) and null'],
  ['not true and false', '(not true) and false'],
  ["not contains(name,'a') or true", "(not contains(name,'a')) or true"],
  ["not status in ('Running') and true", "(not (status in ('Running'))) and true"],
  ["not status has 'Running' or true", "(not (status eq 'Running')) or true"],
  ['not not true', 'not (not true)'],
  ["true eq name lt 'b'", "true eq (name lt 'b')"],
  ["name lt 'b' eq true", "(name lt 'b') eq true"],
  ['null eq null eq true', '(null eq null) eq true'],
  ["true eq status in ('Running')", "true eq (status in ('Running'))"],
  ["true ne status has 'Running'", "true ne (status eq 'Running')"],
  ["status in ('Running') and name in ('a') or true", "((status in ('Running')) and (name in ('a'))) or true"],
])('%s is read as %s', (text, meant) => {
  expect(parseFilter(text)).toEqual(parseFilter(meant));
});

test.each([
  ["name eq 'it''s'", { right: { value: "it's" } }],
  ['id eq ABCDEF01-2345-4678-89AB-CDEF01234567', { right: { value: 'abcdef01-2345-4678-89ab-cdef01234567' } }],
  ["status eq '1'", { right: { type: 'operationStatus', value: 'Running' } }],
  ['createdDateTime eq 2026-01-31T00:00:00+05:30', { right: { value: '2026-01-30T18:30:00.0000000' } }],
  ['createdDateTime eq 2026-01-31T23:59:60.5Z', { right: { value: '2026-02-01T00:00:00.5000000' } }],
  ['createdDateTime eq 2026-01-31T00:00Z', { right: { value: '2026-01-31T00:00:00.0000000' } }],
  ['createdDateTime eq 2026-01-31T00:00:00.123456789000Z', { right: { value: '2026-01-31T00:00:00.123456789' } }],
  ['createdDateTime lt 12026-01-01T00:00:00Z', { right: { value: '~000000012026-01-01T00:00:00.0000000' } }],
  ['errorInfo/code eq -1.5e2', { right: { value: -150 } }],
  ['errorInfo/code gt -INF', { right: { value: Number.NEGATIVE_INFINITY } }],
])('%s has what it says', (text, shape) => {
  expect(parseFilter(text)).toMatchObject(shape);
});
