import { describe, expect, test } from 'vitest';
import { parseElements } from './parse-element.ts';
import { parseTable } from './table-view.ts';

const A = 'block4_32_11111111111141118111111111111111';
const META = { metainfo: { version: '1.0.6', json_schema_version: 1 } };
const TABLE = { table: { family: 'inet', name: 'interdict', handle: 1 } };
const listing = (...objects: unknown[]): string => JSON.stringify({ nftables: [META, TABLE, ...objects] });
const set = (name: string, elem: unknown) => ({
  set: { family: 'inet', name, table: 'interdict', type: 'ipv4_addr', elem },
});
const timed = (val: string, comment?: string) => ({
  elem: { val, timeout: 60, expires: 59, ...(comment && { comment }) },
});

describe('a listing of the table', () => {
  test('tells ours from those of others by their comment', () => {
    const elem = [
      timed('203.0.113.9', 'interdict 3f6c2a1e'),
      timed('203.0.113.10', 'interdict'),
      timed('203.0.113.11', 'interdiction'),
      timed('203.0.113.12', 'by hand'),
      timed('203.0.113.13'),
      '203.0.113.14',
    ];
    const owners = parseTable(listing(set(A, elem)), 'interdict').sets.get(A);
    expect([...(owners?.values() ?? [])]).toEqual(['ours', 'ours', 'foreign', 'foreign', 'foreign', 'foreign']);
  });

  test('knows addresses by their canonical text', () => {
    const name = 'block6_128_11111111111141118111111111111111';
    const view = parseTable(listing(set(name, ['::1.2.3.4', '2001:db8::9'])), 'interdict');
    expect([...(view.sets.get(name)?.keys() ?? [])]).toEqual(['::102:304', '2001:db8::9']);
  });

  test('leaves other tables out', () => {
    const other = { set: { family: 'inet', name: A, table: 'other', elem: ['203.0.113.9'] } };
    const elsewhere = { set: { family: 'ip', name: A, table: 'interdict', elem: ['203.0.113.9'] } };
    expect(parseTable(listing(other, elsewhere), 'interdict').sets.size).toBe(0);
  });

  test('reads a table without our name as none', () => {
    expect(parseTable(JSON.stringify({ nftables: [META] }), 'interdict')).toMatchObject({ exists: false });
  });

  test.each([
    ['cut text', listing(set(A, ['203.0.113.9'])).slice(0, -30)],
    ['no text', ''],
    ['something else', '{"answer":42}'],
    ['null', 'null'],
    ['a list without its head', JSON.stringify({ nftables: [TABLE] })],
    ['two documents', listing() + listing()],
    ['elements that are no list', listing(set(A, '203.0.113.9'))],
    ['an element that is no address', listing(set(A, [{ elem: { val: { range: ['1.2.3.4', '1.2.3.5'] } } }]))],
    ['an element that is a name', listing(set(A, ['localhost']))],
    ['a set without name', listing({ set: { family: 'inet', table: 'interdict' } })],
    ['a rule without its chain', listing({ rule: { family: 'inet', table: 'interdict', chain: 'judge', expr: [] } })],
    ['parts without the table', JSON.stringify({ nftables: [META, set(A, [])] })],
  ])('refuses %s', (_, text) => {
    expect(() => parseTable(text, 'interdict')).toThrow();
  });
});

describe('the answer about one element', () => {
  const text = (element: string): string =>
    `table inet interdict {\n\tset ${A} {\n\t\ttype ipv4_addr\n\t\tflags timeout\n\t\telements = { ${element} }\n\t}\n}\n`;

  test.each([
    ['203.0.113.9 timeout 1h expires 59m59s964ms comment "interdict 3f6c2a1e"', '203.0.113.9', 'ours'],
    ['203.0.113.9 timeout 1h expires 59m59s comment "by hand"', '203.0.113.9', 'foreign'],
    ['203.0.113.9 timeout 1h expires 1s', '203.0.113.9', 'foreign'],
    ['203.0.113.9', '203.0.113.9', 'foreign'],
    ['203.0.113.9 comment "not } interdict, x"', '203.0.113.9', 'foreign'],
    ['::1.2.3.4 timeout 1h expires 1s comment "interdict"', '::102:304', 'ours'],
  ])('%s', (element, address, owner) => {
    expect([...parseElements(text(element), A)]).toEqual([[address, owner]]);
  });

  test('is read as JSON where a later nft gives it so', () => {
    const json = listing(set(A, [timed('203.0.113.9', 'interdict 1')]));
    expect([...parseElements(json, A)]).toEqual([['203.0.113.9', 'ours']]);
  });

  test.each([
    ['nothing', ''],
    ['words', 'Hello, world.'],
    ['half of it', text('203.0.113.9 comment "interdict"').slice(0, -12)],
    ['a name', text('localhost')],
    ['another set', listing(set(`${A}0`, ['203.0.113.9']))],
    ['no set', listing()],
  ])('is not %s', (_, answer) => {
    expect(() => parseElements(answer, A)).toThrow();
  });
});
