import { describe, expect, test } from 'vitest';
import { readUri } from './asked-uri.ts';
import { BlockIndex } from './block-index.ts';

const blocks = (value: string, uri: string, method = 'GET'): boolean => {
  const index = new BlockIndex();
  index.add(value);
  return index.blocks(readUri(method, uri));
};

/** As a proxy would pass raw bytes on. */
const latin1 = (text: string): string => Buffer.from(text).toString('latin1');

describe('a URL without a query blocks all below it', () => {
  test.each<[string, string, boolean]>([
    ['http://evil.example/bad', 'http://evil.example/bad', true],
    ['http://evil.example/bad', 'http://evil.example/bad/', true],
    ['http://evil.example/bad', 'http://evil.example/bad/x/y', true],
    ['http://evil.example/bad', 'http://evil.example/bad?q', true],
    ['http://evil.example/bad', 'http://evil.example/badger', false],
    ['http://evil.example/bad', 'http://evil.example/ba', false],
    ['http://evil.example/bad', 'http://evil.example/', false],
    ['http://evil.example/bad', 'https://evil.example/bad', false],
    ['http://evil.example/bad', 'http://evil.example:8080/bad', false],
    ['http://evil.example/bad', 'http://www.evil.example/bad', false],
    ['http://evil.example/bad/', 'http://evil.example/bad', false],
    ['http://evil.example/bad/', 'http://evil.example/bad/x', true],
    ['http://evil.example/bad/', 'http://evil.example/bad//x', true],
    ['http://evil.example/', 'http://evil.example/x?y', true],
    ['http://evil.example/', 'http://evil.example', true],
    ['http://evil.example/x?y', 'http://evil.example/x?y', true],
    ['http://evil.example/x?y', 'http://evil.example/x?y&z', false],
    ['http://evil.example/x?y', 'http://evil.example/x', false],
    ['http://evil.example/x?', 'http://evil.example/x/y', false],
  ])('%s and %s: %s', (value, uri, expected) => expect(blocks(value, uri)).toBe(expected));
});

describe('one request in many spellings', () => {
  test.each([
    'http://EVIL.Example/bad/x',
    'http://evil.example./bad/x',
    'http://evil.example:80/bad/x',
    'http://user:word@evil.example/bad/x',
    'http://evil.example/good/../bad/x',
    'http://evil.example/good/%2e%2E/bad/x',
    'http://evil.example/./bad',
    'http://evil.example/%62ad/x',
    'http://evil.example/b%61%64',
    'HTTP://evil.example/bad',
    'http://%65vil.example/bad',
  ])('%s', (uri) => expect(blocks('http://evil.example/bad', uri)).toBe(true));

  test.each<[string, string]>([
    ['http://evil.example/caf%C3%A9', latin1('http://evil.example/café')],
    ['http://evil.example/caf%C3%A9', 'http://evil.example/caf%c3%a9'],
    ['http://evil.example/caf%E9', 'http://evil.example/caf\u00e9'],
    ['http://evil.example/a?%7Eb={c}', 'http://evil.example/a?~b=%7bc%7D'],
    ["http://evil.example/it's", 'http://evil.example/it%27s'],
    ['http://xn--bcher-kva.example/x', latin1('http://bücher.example/x')],
    ['http://198.51.100.7/', 'http://[::ffff:198.51.100.7]/x'],
    ['http://198.51.100.7/', 'http://0xC6.51.25607/x'],
    ['http://[2001:db8::1]/x', 'http://%5B2001:DB8:0::1%5D:80/x'],
  ])('%s as %s', (value, uri) => expect(blocks(value, uri)).toBe(true));
});

describe('a domain blocks what lies below it, whatever the scheme and port', () => {
  test.each<[string, string, boolean]>([
    ['GET', 'http://evil.example/', true],
    ['GET', 'https://www.evil.example:8443/x', true],
    ['GET', 'ftp://a.b.evil.example/x', true],
    ['GET', 'http://evil.example.:81/', true],
    ['GET', 'http://notevil.example/', false],
    ['GET', 'http://evil.example.com/', false],
    ['GET', 'http://example/', false],
    ['GET', 'http://good.example/http://evil.example/', false],
    ['CONNECT', 'evil.example:443', true],
    ['CONNECT', 'WWW.Evil.Example.:22', true],
    ['CONNECT', 'good.example:443', false],
    ['GET', 'cache_object://evil.example/info', true],
    ['GET', 'http://user@evil.example:99999/the parser gives up', true],
    ['GET', `http://${'.'.repeat(100_000)}x/`, false],
    ['GET', '*', false],
    ['GET', '', false],
    ['CONNECT', '', false],
  ])('%s %s: %s', (method, uri, expected) => expect(blocks('evil.example', uri, method)).toBe(expected));
});

describe('of a tunnel only host and port are seen', () => {
  test.each<[string, string, boolean]>([
    ['https://evil.example/', 'evil.example:443', true],
    ['https://evil.example:8443/', 'EVIL.example.:8443', true],
    ['http://evil.example/', 'evil.example:80', true],
    ['https://evil.example/', 'evil.example:8443', false],
    ['https://evil.example/x', 'evil.example:443', false],
    ['https://evil.example/?q', 'evil.example:443', false],
    ['https://[2001:db8::1]/', '[2001:db8::1]:443', true],
    ['https://[2001:db8::1]/', '%5B2001:db8::1%5D:443', true],
  ])('%s and CONNECT %s: %s', (value, uri, expected) => expect(blocks(value, uri, 'CONNECT')).toBe(expected));
});

test('what is added twice is there until it is removed twice, though it is spelled otherwise', () => {
  const index = new BlockIndex();
  const asked = readUri('GET', 'http://evil.example/~a/x');
  for (const value of ['http://evil.example/~a', 'http://evil.example/%7Ea']) index.add(value);
  index.remove('http://evil.example/~a');
  expect(index.blocks(asked)).toBe(true);
  index.remove('http://evil.example/%7Ea');
  expect(index.blocks(asked)).toBe(false);
  index.remove('http://evil.example/never');
});

test('a look-up does not cost more for more entries, nor for a long path', () => {
  const index = new BlockIndex();
  for (let count = 0; count < 100_000; count += 1) index.add(`http://evil-${count}.example/a/b`);
  const began = performance.now();
  for (let count = 0; count < 10_000; count += 1) index.blocks(readUri('GET', 'http://evil-7.example/a/c/d'));
  expect(performance.now() - began, 'ms for 10,000').toBeLessThan(2_000);
  const long = performance.now();
  index.blocks(readUri('GET', `http://evil-7.example/${'a/'.repeat(60_000)}`));
  expect(performance.now() - long, 'ms for a path of 120 KB').toBeLessThan(500);
});
