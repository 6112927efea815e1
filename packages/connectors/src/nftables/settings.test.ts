import { describe, expect, test } from 'vitest';
import { networkText } from './network.ts';
import { CONFIG_SCHEMA, readSettings } from './settings.ts';

const read = (own: Record<string, unknown>) => readSettings({ name: 'edge', own });

test('without keys the table is interdict, the program is looked up, and an hour is the grace', () => {
  expect(read({})).toEqual({ table: 'interdict', nft: 'nft', never: [], graceMs: 3_600_000 });
});

test('the defaults of the schema are those that hold', () => {
  const { table, nft, never, grace } = CONFIG_SCHEMA.properties;
  const own = { table: table.default, nft: nft.default, never: never.default, grace: grace.default };
  expect(read(own)).toEqual(read({}));
});

test('every key is described', () => {
  for (const property of Object.values(CONFIG_SCHEMA.properties)) expect(property.description).toMatch(/\.$/);
});

test('of `never` only the widest networks are kept, since nft refuses a list with overlaps', () => {
  const { never } = read({ never: ['10.1.2.3', '10.0.0.0/8', '10.0.0.0/16', '2001:db8::1', '10.0.0.0/8'] });
  expect(never.map(networkText)).toEqual(['10.0.0.0/8', '2001:db8::1']);
});

test.each([
  ['PT10M', 600_000],
  ['P1D', 86_400_000],
  ['P1DT2H3M4S', 93_784_000],
])('the grace %s is %d ms', (grace, graceMs) => {
  expect(read({ grace })).toMatchObject({ graceMs });
});

describe('settings that are wrong are refused with one sentence', () => {
  test.each([
    [{ table: 'inter dict' }, /table is "inter dict": letters/],
    [{ table: 'x; flush ruleset' }, /table/],
    [{ table: '' }, /table/],
    [{ nft: './nft' }, /nft is "\.\/nft": an absolute path/],
    [{ nft: '/usr/sbin/nft\0' }, /nft/],
    [{ never: ['localhost'] }, /never lists "localhost"/],
    [{ never: ['10.0.0.1/8'] }, /without host bits/],
    [{ grace: '1 hour' }, /grace is "1 hour": a duration/],
    [{ grace: 'P1M' }, /grace/],
    [{ grace: 'PT10S' }, /under a minute/],
  ])('%o', (own, message) => {
    expect(() => read(own)).toThrow(message);
  });
});
