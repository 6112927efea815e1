import type { TargetKind } from '@interdict/contract';
import { describe, expect, it } from 'vitest';
import { Refusal } from '../../errors.ts';
import { parseTarget } from '../targets/parse-target.ts';
import { createProtectedTargets } from './protected-targets.ts';

/** A text that somebody sends, and the kinds of target that the parameter takes. */
type Sent = readonly [readonly TargetKind[], string];

const IP: readonly TargetKind[] = ['ip', 'cidr'];
const DOMAIN: readonly TargetKind[] = ['domain'];
const URL_: readonly TargetKind[] = ['url'];
const HASH: readonly TargetKind[] = ['sha256', 'sha1', 'md5'];

const PROTECTION = createProtectedTargets({
  configured: [
    {
      ips: ['10.0.0.0/8', '192.0.2.53', '2001:db8:53::/48'],
      domains: ['corp.example', 'münchen.example'],
      users: ['breakglass', 'root@corp.example', 'corp.example\\operator', 'vault@corp.example.'],
      hosts: ['dc1.corp.example', 'hypervisor-3'],
      hashes: ['275a021bbfb6489e54d471899f7db9d1663fc695ec2fe2a2c4538aabf651fd0f'],
    },
  ],
  discovered: {
    addresses: [
      { value: '203.0.113.7', role: 'an address of this server' },
      { value: '203.0.113.1', role: 'a default gateway of this server' },
    ],
    domains: [{ value: 'login.microsoftonline.com', role: 'the host of an issuer' }],
  },
});

/** The canonical form that would be carried out; undefined where a rule or the parser stops it. */
function findThrough([kinds, text]: Sent): string | undefined {
  try {
    const target = parseTarget(kinds, text, 'parameters/0/value');
    return PROTECTION.refusalFor('t', target) ? undefined : `${target.kind}:${target.value}`;
  } catch (error) {
    if (error instanceof Refusal) return undefined;
    throw error;
  }
}

/** Repeatable, and even enough: the same corpus on every run. */
function createRandom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const hex = (value: number, width = 0): string => value.toString(16).padStart(width, '0');
const octetsOf = (address: string): number[] => address.split('.').map(Number);
const numberOf = (address: string): number => octetsOf(address).reduce((value, octet) => value * 256 + octet, 0);
const textOf = (value: number): string => [24, 16, 8, 0].map((shift) => (value >>> shift) & 255).join('.');
const fullWidth = (text: string): string =>
  text.replace(/[!-~]/g, (letter) => String.fromCharCode(letter.charCodeAt(0) + 0xfee0));
const mixedCase = (text: string): string =>
  [...text].map((letter, index) => (index % 2 ? letter.toUpperCase() : letter)).join('');

const PROTECTED_IPV4 = [
  '127.0.0.1',
  '127.0.0.53',
  '127.255.255.254',
  '0.0.0.0',
  '0.1.2.3',
  '169.254.169.254',
  '169.254.0.1',
  '224.0.0.251',
  '239.255.255.250',
  '255.255.255.255',
  '10.0.0.1',
  '10.255.255.255',
  '10.8.9.10',
  '192.0.2.53',
  '203.0.113.7',
  '203.0.113.1',
];
const PROTECTED_IPV6 = [
  '::1',
  '::',
  'fe80::1',
  'febf:ffff::1',
  'ff02::fb',
  'ff0e::1',
  '2001:db8:53::1',
  '2001:db8:53:ffff::2',
];

const HIDDEN = ['\u200b', '\u200d', '\u2060', '\ufeff', '\u00ad', '\u202e', '\u0000', '\n'];

/** Ways to write one IPv4 address that some product, browser or library somewhere takes for it. */
function looseForms(address: string): string[] {
  const [a = 0, b = 0, c = 0, d = 0] = octetsOf(address);
  const octal = (value: number): string => `0${value.toString(8)}`;
  return [
    [a, b, c, d].map(octal).join('.'),
    [a, b, c, d].map((octet) => `00${octal(octet)}`).join('.'),
    [a, b, c, d].map((octet) => `0x${hex(octet)}`).join('.'),
    [a, b, c, d].map((octet) => `0X${hex(octet, 2).toUpperCase()}`).join('.'),
    [a, b, c, d].map((octet) => octet.toString().padStart(3, '0')).join('.'),
    `${octal(a)}.${b}.${c}.${d}`,
    `0x${hex(a)}.${b}.${c}.${octal(d)}`,
    `0x${hex(numberOf(address))}`,
    `0${numberOf(address).toString(8)}`,
    `${numberOf(address)}`,
    `${a}.${numberOf(address) % 2 ** 24}`,
    `${a}.${b}.${c * 256 + d}`,
    `0x${hex(a)}.0x${hex(numberOf(address) % 2 ** 24)}`,
    fullWidth(address),
    address.replaceAll('.', '。'),
    address.replaceAll('.', '．'),
    [...address]
      .map((letter) => (/\d/.test(letter) ? String.fromCodePoint(0x1d7ce + Number(letter)) : letter))
      .join(''),
    address.replace(/[1-9]/g, (digit) => String.fromCharCode(0x2460 + Number(digit) - 1)),
    `${address}.`,
    ` ${address}`,
    `${address} `,
    `+${address}`,
    ...HIDDEN.map((character) => address.replace('.', `${character}.`)),
    ...HIDDEN.map((character) => `${address}${character}`),
  ];
}

/** No host is in 0.0.0.0/8: in 64:ff9b:1::/48, where four layouts compete, such an address is read as chance. */
const isHost = (address: string): boolean => !address.startsWith('0.');

/** The IPv6 addresses that carry it. */
function carriersOf(address: string): string[] {
  const value = numberOf(address);
  const [high, low] = [hex(value >>> 16), hex(value & 0xffff)];
  const [a, b, c, d] = octetsOf(address).map((octet) => hex(octet, 2));
  const inverted = (~value >>> 0).toString(16).padStart(8, '0');
  const fronts = [
    '::ffff:',
    '::FFFF:',
    '0:0:0:0:0:ffff:',
    '::ffff:0:',
    '::',
    '64:ff9b::',
    '0064:FF9B::',
    '64:ff9b:1::',
  ];
  const layouts = [
    `64:ff9b:1:2::${address}`,
    `64:ff9b:1:2:${a}:${b}${c}:${d}00:0`,
    `64:ff9b:1:7${a}:${b}:${c}${d}::`,
    `64:ff9b:1:${a}${b}:${c}:${d}00::`,
  ];
  return [
    ...fronts.flatMap((front) => [`${front}${address}`, `${front}${high}:${low}`]),
    ...(isHost(address) ? layouts : []),
    `2002:${high}:${low}::`,
    `2002:${high}:${low}::1`,
    `2002:${high}:${low}:abcd:1:2:3:4`,
    `2001:0:4136:e378:8000:63bf:${inverted.slice(0, 4)}:${inverted.slice(4)}`,
    `2001:0:${high}:${low}:8000:63bf:3fff:fdd2`,
  ];
}

/** Networks that cover it, and for wide ones a network in it. */
function networksAround(address: string): string[] {
  const value = numberOf(address);
  const network = (length: number): string =>
    `${textOf(length === 0 ? 0 : (value >>> (32 - length)) << (32 - length))}/${length}`;
  const inside = Array.from({ length: 32 }, (_, length) => network(length));
  const mapped = inside.map((text) => `::ffff:${text.split('/')[0]}/${96 + Number(text.split('/')[1])}`);
  const nat64 = mapped.map((text) => text.replace('::ffff:', '64:ff9b::'));
  const sixToFour = inside.map((text) => {
    const [first = '', length] = text.split('/');
    return `2002:${hex(numberOf(first) >>> 16)}:${hex(numberOf(first) & 0xffff)}::/${16 + Number(length)}`;
  });
  return [...inside, ...mapped, ...nat64, ...sixToFour, `${address}/32`, `::ffff:${address}/128`];
}

function asUrls(host: string): string[] {
  const inBrackets = /^[\da-f:.]*:[\da-f:.]*$/i.test(host) ? `[${host}]` : host;
  return [
    `http://${inBrackets}/`,
    `HTTPS://${inBrackets}:443/admin`,
    `http://${inBrackets}:8080?x=1`,
    `http://user@${inBrackets}/`,
    `http://evil.example@${inBrackets}/`,
    `http:\\\\${inBrackets}\\x`,
    `http:///${inBrackets}/`,
    `http:${inBrackets}`,
    `http://${[...host].map((letter) => (/[a-z]/i.test(letter) ? `%${hex(letter.charCodeAt(0))}` : letter)).join('')}/`,
    ` http://${inBrackets}/`,
    `ht\ttp://${inBrackets}/`,
  ];
}

const PROTECTED_DOMAINS = [
  'corp.example',
  'vpn.corp.example',
  'a.b.c.corp.example',
  'xn--mnchen-3ya.example',
  'münchen.example',
  'www.münchen.example',
  'login.microsoftonline.com',
  'microsoftonline.com',
  'eu.login.microsoftonline.com',
  'localhost',
  'a.localhost',
  'com',
  'co.uk',
  'github.io',
  'blogspot.com',
  'x.kawasaki.jp',
  'amazonaws.com',
  's3.amazonaws.com',
  'windows.net',
  'azurewebsites.net',
  'web.app',
  'org',
  'net',
  'de',
  'gov.uk',
  'k12.ca.us',
  'pages.dev',
  'herokuapp.com',
];

function looseNames(name: string): string[] {
  return [
    name,
    name.toUpperCase(),
    mixedCase(name),
    `${name}.`,
    `${name.toUpperCase()}.`,
    `${name}..`,
    `.${name}`,
    `*.${name}`,
    fullWidth(name),
    name.replaceAll('.', '。'),
    name.replaceAll('.', '．'),
    name.replaceAll('.', '｡'),
    name.replace(/[a-z]/, (letter) => String.fromCodePoint(0x1d41a + letter.charCodeAt(0) - 97)),
    name.replace(/[a-z]/, (letter) => String.fromCodePoint(0x24d0 + letter.charCodeAt(0) - 97)),
    name.replace('o', 'º'),
    name.replace('s', 'ſ'),
    `${name} `,
    `http://${name}`,
    `${name}:443`,
    `${name}/`,
    [...name].map((letter) => (/[a-z]/.test(letter) ? `%${hex(letter.charCodeAt(0))}` : letter)).join(''),
    ...HIDDEN.map((character) => `${name.slice(0, 2)}${character}${name.slice(2)}`),
  ];
}

function looseAccounts(name: string): string[] {
  return [
    name,
    name.toUpperCase(),
    mixedCase(name),
    fullWidth(name),
    ` ${name}`,
    `${name} `,
    name.replace('o', 'º'),
    ...HIDDEN.map((character) => name.slice(0, 2) + character + name.slice(2)),
  ];
}

function dangerousCorpus(): Sent[] {
  const addresses = PROTECTED_IPV4.flatMap((address) => [address, ...looseForms(address), ...carriersOf(address)]);
  const networks = PROTECTED_IPV4.flatMap(networksAround);
  const ipv6 = PROTECTED_IPV6.flatMap((address) => [
    address,
    address.toUpperCase(),
    `${address}/128`,
    `${address}%eth0`,
    `[${address}]`,
    ` ${address}`,
  ]);
  const wide = [
    '::/0',
    '::/8',
    'fe80::/9',
    'fe80::/10',
    'fe80::/64',
    'ff00::/8',
    'ff02::/16',
    '2000::/3',
    '2001::/16',
    '2001:db8:53::/48',
    '2001:db8:53:8000::/49',
    '2001:db8:50::/44',
    '2001:db8::/32',
    '::/96',
    '::/127',
    '64:ff9b::/96',
    '64:ff9b::/64',
    '64:ff9b:1::/48',
    '64:ff9b::/32',
    '2002::/16',
    '2001::/32',
    '::ffff:0:0:0/96',
  ];
  const names = PROTECTED_DOMAINS.flatMap(looseNames);
  const users = [
    'breakglass',
    'breakglass@corp.example',
    'breakglass@other.example',
    'corp\\breakglass',
    'root',
    'root@corp.example',
    'corp\\root',
    'breakglass.',
    'breakglass@corp.example.',
    'root@corp.example.',
    'root@corp.example..',
    'corp.\\root',
    'corp.example\\operator',
    'corp.example.\\operator',
    'vault@corp.example',
    'vault@corp.example.',
  ];
  const hosts = [
    'dc1',
    'dc1.corp.example',
    'dc1.corp.example.',
    'hypervisor-3',
    'hypervisor-3.corp.example',
    'localhost',
    '127.0.0.1',
    '10.1.2.3',
    '203.0.113.7',
    '::1',
    '::ffff:10.0.0.1',
    '64:ff9b::a00:1',
    'login.microsoftonline.com',
  ];
  const empty = [
    'd41d8cd98f00b204e9800998ecf8427e',
    'da39a3ee5e6b4b0d3255bfef95601890afd80709',
    'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    '275a021bbfb6489e54d471899f7db9d1663fc695ec2fe2a2c4538aabf651fd0f',
  ];
  return [
    ...[...addresses, ...networks, ...ipv6, ...wide].map((text): Sent => [IP, text]),
    ...[...addresses, ...PROTECTED_IPV6, ...names].flatMap(asUrls).map((text): Sent => [URL_, text]),
    ...[...names, ...addresses].map((text): Sent => [DOMAIN, text]),
    ...users.flatMap(looseAccounts).map((text): Sent => [['user'], text]),
    ...hosts.flatMap(looseAccounts).map((text): Sent => [['host'], text]),
    ...empty
      .flatMap((text) => [text, text.toUpperCase(), mixedCase(text), ` ${text}`, fullWidth(text)])
      .map((text): Sent => [HASH, text]),
  ];
}

const WORDS = [
  'evil',
  'mallory',
  'phish',
  'update',
  'login-secure',
  'cdn7',
  'bücher',
  'почта',
  '例え',
  'r3---sn-4g5e',
  'a1',
];
const SUFFIXES = [
  'example',
  'com',
  'co.uk',
  'github.io',
  'org',
  'net',
  'ru',
  'kawasaki.jp.example',
  'xn--p1ai',
  's3.amazonaws.com',
  'test',
  'invalid',
  'home.arpa',
  'app',
  'dev',
];

function benignCorpus(random: (below: number) => number): Sent[] {
  const pick = <T>(list: readonly T[]): T => list[random(list.length)] as T;
  const many = (count: number, make: () => Sent): Sent[] => Array.from({ length: count }, make);
  const group = (): string => hex(random(0x10000));
  const octet = (): number => random(256);
  const ipv4 = (): string =>
    `${pick([1, 5, 8, 45, 91, 100, 172, 185, 192, 198, 223, 240, 250])}.${pick([0, 1, 16, 168, 200])}.${octet()}.${octet()}`;
  const ipv6 = (): string =>
    `${pick(['2a00', '2606', '2400', 'fd12', 'fc00', '2001:db8', '2001:470'])}:${group()}:${group()}::${group()}`;
  const carried = (): string => {
    const value = numberOf(ipv4());
    const [high, low] = [hex(value >>> 16), hex(value & 0xffff)];
    return pick([
      `::ffff:${textOf(value)}`,
      `64:ff9b::${textOf(value)}`,
      `64:ff9b::${high}:${low}`,
      `2002:${high}:${low}::${group()}`,
      `::${high}:${low}`,
      `::ffff:0:${high}:${low}`,
    ]);
  };
  const cidr = (): string => {
    const length = 16 + random(17);
    const first = (numberOf(ipv4().replace(/^192\.0/, '192.1')) >>> (32 - length)) << (32 - length);
    return `${textOf(first)}/${length}`;
  };
  const cidr6 = (): string => `${pick(['2a00', '2606', '2400', 'fd12'])}:${group()}:${group()}::/${48 + random(16)}`;
  const name = (): string =>
    `${pick(WORDS)}${random(1_000)}.${pick([...WORDS, 'xn--e28h'])}.${pick(SUFFIXES)}${pick(['', '.'])}`;
  const spelled = (text: string): string => pick([text, text.toUpperCase(), fullWidth(text)]);
  const url = (): string => {
    const host = pick([name(), ipv4(), `[${ipv6()}]`]);
    return `${pick(['http', 'https', 'HTTP'])}://${host}${pick(['', ':8080', ':443'])}${pick(['', '/', '/a/../b', '/%7ex/é', '/a%2Fb?q=1&r=%41', '?x=1', '/a.php?id=1 OR 1'.replaceAll(' ', '+')])}`;
  };
  const id = (digits: number): string => Array.from({ length: digits }, () => hex(random(16))).join('');
  const account = (): string =>
    pick([
      `${pick(WORDS)}${random(1_000)}@corp.example`,
      `CORP\\Jane ${random(1_000)}`,
      id(24),
      `S-1-5-21-${random(2 ** 31)}`,
      `root${random(100)}@corp.example`,
    ]);
  const host = (): string =>
    pick([
      `LAPTOP-${random(10_000)}`,
      `laptop-${random(10_000)}.corp.example`,
      id(40),
      `${random(1_000)}`,
      `192.168.${octet()}.${octet()}`,
      ipv6(),
    ]);
  return [
    ...many(2_500, () => [IP, pick([ipv4, ipv4, ipv6, carried])()]),
    ...many(2_000, () => [IP, pick([cidr, cidr, cidr6])()]),
    ...many(2_500, () => [DOMAIN, spelled(name())]),
    ...many(2_500, () => [URL_, url()]),
    ...many(500, () => [HASH, pick([id(32), id(40).toUpperCase(), id(64)])]),
    ...many(500, () => [['user'], account()]),
    ...many(500, () => [['host'], host()]),
  ];
}

describe('parseTarget and refusalFor together', () => {
  it('stop every one of more than 5,000 dangerous encodings of protected targets', () => {
    const corpus = dangerousCorpus();
    expect(new Set(corpus.map(([kinds, text]) => `${kinds} ${text}`)).size).toBeGreaterThanOrEqual(5_000);
    const through = corpus.flatMap((sent) => {
      const found = findThrough(sent);
      return found === undefined ? [] : [`${JSON.stringify(sent[1])} → ${found}`];
    });
    expect(through).toEqual([]);
  });

  it('let every one of more than 10,000 benign targets through', () => {
    const corpus = benignCorpus(createRandom(20_261_124));
    expect(new Set(corpus.map(([kinds, text]) => `${kinds} ${text}`)).size).toBeGreaterThanOrEqual(10_000);
    const stopped = corpus.filter((sent) => findThrough(sent) === undefined).map(([kinds, text]) => `${kinds} ${text}`);
    expect(stopped).toEqual([]);
  });
});
