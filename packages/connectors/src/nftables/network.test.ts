import { describe, expect, test } from 'vitest';
import { findAddressText, findNetwork, maskText, networkText, overlap } from './network.ts';

describe('a canonical target', () => {
  test.each([
    ['203.0.113.9', 4, 32],
    ['203.0.113.0/24', 4, 24],
    ['128.0.0.0/1', 4, 1],
    ['0.0.0.0', 4, 32],
    ['203.0.113.8/31', 4, 31],
    ['2001:db8::9', 6, 128],
    ['2001:db8::/64', 6, 64],
    ['2001:db8::2/127', 6, 127],
    ['::', 6, 128],
    ['::1', 6, 128],
    ['::102:304', 6, 128],
    ['64:ff9b::102:304', 6, 128],
    ['1:0:0:2::3', 6, 128],
    ['1:2:3:4:5:6:7:0', 6, 128],
  ] as const)('%s is taken, and written as it was', (text, version, length) => {
    const network = findNetwork(text);
    expect(network).toMatchObject({ version, length });
    expect(network && networkText(network)).toBe(text);
  });

  test.each([
    ['a name', 'localhost'],
    ['a name that DNS knows', 'evil.example'],
    ['a name of digits', '1e100.net'],
    ['nothing', ''],
    ['a space in front', ' 203.0.113.9'],
    ['a space behind', '203.0.113.9 '],
    ['a line behind', '203.0.113.9\n'],
    ['a second command', '203.0.113.9 }; flush ruleset; add element inet interdict b4 { 203.0.113.8'],
    ['a line with a command', '203.0.113.9\nflush ruleset'],
    ['a quotation mark', '203.0.113.9"'],
    ['braces', '{ 203.0.113.9 }'],
    ['two addresses', '203.0.113.9, 203.0.113.10'],
    ['a range', '203.0.113.9-203.0.113.20'],
    ['a set', '@never4'],
    ['a variable', '$address'],
    ['a comment', '203.0.113.9#'],
    ['a NUL', '203.0.113.9\0'],
    ['an octal octet', '203.0.113.010'],
    ['a hexadecimal octet', '0xcb.0.113.9'],
    ['one number', '3405803785'],
    ['three octets', '203.0.113'],
    ['an octet too large', '203.0.113.256'],
    ['a dot behind', '203.0.113.9.'],
    ['Arabic digits', '٢٠٣.0.113.9'],
    ['IPv4 in IPv6', '::ffff:203.0.113.9'],
    ['IPv4 in IPv6, in groups', '::ffff:cb00:7109'],
    ['IPv6 with dots', '::203.0.113.9'],
    ['a zone', 'fe80::1%eth0'],
    ['a zone by number', 'fe80::1%2'],
    ['brackets', '[2001:db8::9]'],
    ['capitals', '2001:DB8::9'],
    ['leading zeros', '2001:0db8::9'],
    ['zeros written out', '2001:db8:0:0:0:0:0:9'],
    ['one zero group left out', '2001:db8::1:2:3:4:5'],
    ['the second of two runs left out', '1:0:0:2:0:0:0::'],
    ['all IPv4 addresses', '0.0.0.0/0'],
    ['all IPv6 addresses', '::/0'],
    ['host bits', '203.0.113.9/24'],
    ['host bits of IPv6', '2001:db8::9/64'],
    ['one address as a network', '203.0.113.9/32'],
    ['one IPv6 address as a network', '2001:db8::9/128'],
    ['a length too long', '203.0.113.0/33'],
    ['a mask', '203.0.113.0/255.255.255.0'],
    ['a length with a zero', '203.0.113.0/024'],
    ['a length with a sign', '203.0.113.0/+24'],
    ['a negative length', '203.0.113.0/-1'],
    ['two lengths', '203.0.113.0/24/24'],
    ['an empty length', '203.0.113.0/'],
    ['a mapped network', '::ffff:203.0.113.0/120'],
  ])('is not %s', (_, text) => {
    expect(findNetwork(text)).toBeUndefined();
  });
});

test('an address as nft prints it reads the same as ours', () => {
  expect(findAddressText('::1.2.3.4')).toBe('::102:304');
  expect(findAddressText('2001:DB8:0::9')).toBe('2001:db8::9');
  expect(findAddressText('evil.example')).toBeUndefined();
});

test('masks have their ones in front', () => {
  expect([1, 8, 23, 31].map((length) => maskText(4, length))).toEqual([
    '128.0.0.0',
    '255.0.0.0',
    '255.255.254.0',
    '255.255.255.254',
  ]);
  expect([1, 48, 64, 127].map((length) => maskText(6, length))).toEqual([
    '8000::',
    'ffff:ffff:ffff::',
    'ffff:ffff:ffff:ffff::',
    'ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe',
  ]);
});

test.each([
  ['10.0.0.0/8', '10.1.2.3', true],
  ['10.1.2.3', '10.0.0.0/8', true],
  ['10.0.0.0/8', '10.0.0.0/9', true],
  ['10.0.0.0/9', '10.128.0.0/9', false],
  ['10.0.0.1', '10.0.0.1', true],
  ['10.0.0.1', '10.0.0.2', false],
  ['2001:db8::/32', '2001:db8:9::/48', true],
  ['2001:db8::/32', '2001:db9::1', false],
  ['0.0.0.1', '::1', false],
])('%s and %s have an address in common: %s', (one, other, expected) => {
  const [first, second] = [findNetwork(one), findNetwork(other)];
  expect(first && second && overlap(first, second)).toBe(expected);
});
