import { createHash } from 'node:crypto';
import type { Guarded, ProtectionRule } from './guarded.ts';

// biome-ignore format: a table reads better in columns
const NETWORKS: readonly (readonly [ProtectionRule, string, string])[] = [
  ['unspecified', '0.0.0.0/8',          'the unspecified network'],
  ['loopback',    '127.0.0.0/8',        'the loopback network'],
  ['linkLocal',   '169.254.0.0/16',     'the link-local network'],
  ['multicast',   '224.0.0.0/4',        'the multicast network'],
  ['broadcast',   '255.255.255.255',    'the broadcast address'],
  ['unspecified', '::',                 'the unspecified address'],
  ['loopback',    '::1',                'the loopback address'],
  ['linkLocal',   'fe80::/10',          'the link-local network'],
  ['multicast',   'ff00::/8',           'the multicast network'],
];

const emptyFile = (kind: 'md5' | 'sha1' | 'sha256'): Guarded => ({
  rule: 'emptyFile',
  kind,
  value: createHash(kind).digest('hex'),
  what: `the ${kind} hash of the empty file`,
});

/**
 * What nobody can configure away.
 *
 * @see https://www.iana.org/assignments/iana-ipv4-special-registry
 */
export const BUILT_IN: readonly Guarded[] = [
  ...NETWORKS.map(([rule, value, what]): Guarded => ({ rule, kind: value.includes('/') ? 'cidr' : 'ip', value, what })),
  { rule: 'localhost', kind: 'domain', value: 'localhost', what: 'this machine' },
  { rule: 'localhost', kind: 'host', value: 'localhost', what: 'this machine' },
  emptyFile('md5'),
  emptyFile('sha1'),
  emptyFile('sha256'),
];
