import { expect, test } from 'vitest';
import { parseFilter } from './filter/parse-filter.ts';
import { formatListToken, type ListQuery, readListQuery } from './list-query.ts';
import { readOrderBy } from './order-by.ts';
import type { TokenScope } from './sealed-text.ts';
import { readSearch } from './search.ts';
import { parseSelect } from './select.ts';
import { refusalOf } from './testing/refusal-of.ts';
import { REFUSED_OPTIONS } from './testing/refused-options.ts';

const SCOPE: TokenScope = { secret: Buffer.alloc(32, 7), tenantId: 'tenant-a', collection: 'securityActions' };

/** All that is read of a list's query, in the order in which a request reads it. */
function readQuery(query: string, scope = SCOPE): ListQuery {
  const list = readListQuery(scope, query, undefined);
  const { select, filter, search, orderby } = list.texts;
  if (select !== undefined) parseSelect(select);
  if (filter !== undefined) parseFilter(filter);
  if (search !== undefined) readSearch(search);
  if (orderby !== undefined) readOrderBy(orderby);
  return list;
}

test.each(REFUSED_OPTIONS)('%s', (query, target, said) => {
  const refusal = refusalOf(() => readQuery(query));
  const inner = target === '$filter' && /^At character/.test(said) ? 'invalidFilter' : 'invalidQueryOption';
  expect([refusal.code, refusal.inner, refusal.target]).toEqual(['badRequest', inner, target]);
  expect(refusal.message).toContain(said);
  expect(refusal.message.length).toBeLessThan(800);
});

test('the table has no query twice', () => {
  expect(new Set(REFUSED_OPTIONS.map(([query]) => query)).size).toBe(REFUSED_OPTIONS.length);
});

const FIRST: ListQuery = {
  ...{ texts: { filter: "name eq 'a'", orderby: 'name' }, top: 10 },
  ...{ skip: 0, count: false, position: undefined },
};
const TOKEN = formatListToken(SCOPE, FIRST, { kind: 'place', order: 'o', offset: 10 });

test.each([
  ['$filter=true', '$filter'],
  ["$filter=name eq 'A'", '$filter'],
  ['$orderby=name desc', '$orderby'],
  ['$search=a', '$search'],
  ['$select=id', '$select'],
  ['$skip=0', '$skip'],
  ['skip=5', '$skip'],
])('beside the token of a next page %s is refused', (beside, target) => {
  const { inner, target: found } = refusalOf(() => readQuery(`$skiptoken=${TOKEN}&${beside}`));
  expect([inner, found]).toEqual(['invalidQueryOption', target]);
});

test('a token that was edited, or is of another tenant or installation, is refused', () => {
  expect(readQuery(`$skiptoken=${TOKEN}&$top=3&$orderby=name`)).toMatchObject({ top: 3, texts: FIRST.texts });
  for (let at = 0; at < TOKEN.length; at += 1) {
    const edited = `${TOKEN.slice(0, at)}${TOKEN[at] === 'A' ? 'B' : 'A'}${TOKEN.slice(at + 1)}`;
    expect(refusalOf(() => readQuery(`$skiptoken=${edited}`)).target).toBe('$skiptoken');
  }
  for (const other of [{ tenantId: 'tenant-b' }, { secret: Buffer.alloc(32, 8) }, { collection: 'enforcements' }]) {
    expect(refusalOf(() => readQuery(`$skiptoken=${TOKEN}`, { ...SCOPE, ...other })).target).toBe('$skiptoken');
  }
});
