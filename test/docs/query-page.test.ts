import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Refusal } from '../../packages/server/src/errors.ts';
import { FILTERABLE, MEMBERS } from '../../packages/server/src/odata/filter/filterable.ts';
import { FUNCTIONS } from '../../packages/server/src/odata/filter/functions.ts';
import { parseFilter } from '../../packages/server/src/odata/filter/parse-filter.ts';
import { readOrderBy } from '../../packages/server/src/odata/order-by.ts';
import { readSearch } from '../../packages/server/src/odata/search.ts';
import { parseSelect } from '../../packages/server/src/odata/select.ts';
import { startServer, type TestServer } from '../server.ts';
import { blocksOf, readPage, rowsOf, sectionOf } from './page.ts';

const PAGE = readPage('docs/query.md');

const codesIn = (cell = ''): string[] => [...cell.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code);
const firstCodes = (head: string): string[] => rowsOf(PAGE, head).flatMap(([cell]) => codesIn(cell));

const FILTERS = [...firstCodes('filter'), ...rowsOf(PAGE, 'function').flatMap(([, example]) => codesIn(example))];

describe('docs/query.md', () => {
  it('has examples', () => {
    expect(FILTERS.length).toBeGreaterThan(30);
    expect(firstCodes('refused').length).toBeGreaterThan(12);
  });

  it.each(FILTERS)('its filter %s is served', (filter) => {
    expect(parseFilter(filter)).toHaveProperty('kind');
  });

  it.each(rowsOf(PAGE, 'refused').map(([cell, code]) => [codesIn(cell)[0] ?? '', codesIn(code)[0]] as const))(
    'its filter %s is refused: %s',
    (filter, inner) => {
      const read = (): unknown => parseFilter(filter);
      expect(read).toThrow(Refusal);
      expect(read).toThrow(expect.objectContaining({ inner }));
    },
  );

  it.each(firstCodes('order'))('its order %s is served', (order) => {
    expect(readOrderBy(order).length).toBeGreaterThan(0);
  });

  it.each(firstCodes('selection'))('its selection %s is served', (selection) => {
    expect(parseSelect(selection).paths.length).toBeGreaterThan(0);
  });

  it.each(firstCodes('search'))('its search %s is served', (search) => {
    expect(readSearch(search)).toHaveProperty('kind');
  });

  it('names every path, every function and every member that a filter may have, and no other', () => {
    const paths = firstCodes('path').sort();
    expect(paths).toEqual([...FILTERABLE.map(([path]) => path), ...Object.keys(MEMBERS)].sort());
    const served = [...FUNCTIONS].filter(([, shape]) => shape.served).map(([name]) => name);
    expect(firstCodes('function').sort()).toEqual(served.sort());
    const collections = sectionOf(PAGE, 'Collections');
    for (const [member] of [...MEMBERS.parameters, ...MEMBERS.states]) expect(collections).toContain(member);
  });
});

describe('its requests', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startServer();
  });
  afterAll(() => server.discard());

  const requests = blocksOf(PAGE).map(({ text }) => text.trim().replace(/^GET /, ''));

  it('there are three', () => {
    expect(requests).toHaveLength(3);
  });

  it.each(requests)('%s is answered', async (path) => {
    const response = await fetch(`${server.url}${path}`, { headers: { Authorization: `Bearer ${server.token()}` } });
    expect([response.status, await response.json()]).toMatchObject([200, { value: [] }]);
  });

  it.each(FILTERS)('$filter=%s is answered', async (filter) => {
    const url = `${server.url}/beta/security/securityActions/$count?$filter=${encodeURIComponent(filter)}`;
    const response = await fetch(url, { headers: { Authorization: `Bearer ${server.token()}` } });
    expect([response.status, await response.text()]).toEqual([200, '0']);
  });
});
