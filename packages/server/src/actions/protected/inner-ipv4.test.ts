import { describe, expect, it } from 'vitest';
import { findPrefix } from '../targets/ip-prefix.ts';
import { prefixText } from '../targets/ip-text.ts';
import { listInnerIpv4 } from './inner-ipv4.ts';

function inside(text: string): string[] {
  const prefix = findPrefix(text);
  if (!prefix) throw new Error(`${text} is no prefix`);
  return listInnerIpv4(prefix).map((inner) => `${inner.form} ${prefixText(inner.prefix)}`);
}

describe('listInnerIpv4', () => {
  it.each([
    ['2001:db8::1', []],
    ['203.0.113.9', []],
    ['::203.0.113.9', ['IPv4-compatible 203.0.113.9']],
    ['::ffff:0:203.0.113.9', ['IPv4-translated 203.0.113.9']],
    ['64:ff9b::203.0.113.9', ['NAT64 203.0.113.9']],
    ['64:ff9b::203.0.113.0/120', ['NAT64 203.0.113.0/24']],
    ['64:ff9b::/96', ['NAT64 0.0.0.0/0']],
    ['64:ff9b::/64', ['NAT64 0.0.0.0/0']],
    ['64:ff9b:1::203.0.113.9', ['NAT64 203.0.113.9']],
    ['2002:cb00:7109:1::1', ['6to4 203.0.113.9']],
    ['2002:cb00:7109::/48', ['6to4 203.0.113.9']],
    ['2002:cb00:7100::/40', ['6to4 203.0.113.0/24']],
    ['2001:0:4136:e378:8000:63bf:3fff:fdd2', ['Teredo server 65.54.227.120', 'Teredo client 192.0.2.45']],
    ['2001:0:4136:e378::/64', ['Teredo server 65.54.227.120', 'Teredo client 0.0.0.0/0']],
  ])('finds in %s %j', (text, expected) => {
    expect(inside(text)).toEqual(expected);
  });

  /** The rows of RFC 6052 §2.4, under the local prefix of RFC 8215. */
  it.each([
    '64:ff9b:1:c000:2:2100::',
    '64:ff9b:1:22c0:0:221::',
    '64:ff9b:1:22:c0:2:2100:0',
    '64:ff9b:1:22::192.0.2.33',
  ])('finds 192.0.2.33 in %s', (text) => {
    expect(inside(text)).toContain('NAT64 192.0.2.33');
  });
});
