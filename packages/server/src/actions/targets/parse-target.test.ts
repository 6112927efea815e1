import type { TargetKind } from '@interdict/contract';
import { targetText } from '@interdict/contract';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Refusal } from '../../errors.ts';
import { parseTarget } from './parse-target.ts';

const FAMILIES: readonly (readonly TargetKind[])[] = [
  ['ip', 'cidr'],
  ['domain'],
  ['url'],
  ['sha256', 'sha1', 'md5'],
  ['host'],
  ['user'],
];
const IP = FAMILIES[0] ?? [];

const kept = (kinds: readonly TargetKind[], text: string): string =>
  targetText(parseTarget(kinds, text, 'parameters/0/value'));

/** The canonical text, or undefined when it is refused; any other error is a bug and is thrown. */
function keptOrRefused(kinds: readonly TargetKind[], text: string): string | undefined {
  try {
    return kept(kinds, text);
  } catch (error) {
    if (error instanceof Refusal) return undefined;
    throw error;
  }
}

function refusalOf(kinds: readonly TargetKind[], text: string): Refusal {
  try {
    kept(kinds, text);
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
  throw new Error(`${text} was taken`);
}

const octet = fc.nat(255);
const ipv4 = fc.tuple(octet, octet, octet, octet).map((octets) => octets.join('.'));
const groups = fc.array(fc.oneof(fc.constant(0), fc.nat(0xffff)), { minLength: 8, maxLength: 8 });

/** One address in some of its RFC 4291 spellings. */
function spellingsOfIpv6(numbers: readonly number[]): string[] {
  const hex = numbers.map((number) => number.toString(16));
  const padded = hex.map((group) => group.padStart(4, '0'));
  const head = hex.slice(0, 6).join(':');
  const [a = 0, b = 0] = numbers.slice(6);
  const dotted = `${head}:${a >> 8}.${a & 255}.${b >> 8}.${b & 255}`;
  const zero = hex.indexOf('0');
  const gap = zero === -1 ? hex.join(':') : `${hex.slice(0, zero).join(':')}::${hex.slice(zero + 1).join(':')}`;
  return [hex.join(':'), padded.join(':'), padded.join(':').toUpperCase(), dotted, gap];
}

const ipv6 = groups.filter((numbers) => numbers.slice(0, 5).some(Boolean) || numbers[5] !== 0xffff);

const label = fc.stringMatching(/^[a-z]([a-z0-9-]{0,10}[a-z0-9])?$/);
const domain = fc.tuple(label, label).map((labels) =>
  labels
    .filter((each) => !each.startsWith('xn--'))
    .concat('example')
    .join('.'),
);
const urlPart = fc.stringMatching(/^[A-Za-z0-9._~!$&()*+,;=:@/-]{0,20}$/);

const hostile = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.string({ unit: fc.constantFrom(...'0123456789abcdefx:./[]%@?#\\- '), maxLength: 40 }),
  fc.string({
    unit: fc.constantFrom(
      'http://',
      'https:',
      'xn--',
      '%2e',
      '.',
      '/',
      '。',
      'ａ',
      '１',
      'é',
      '\u200b',
      '127',
      '0x7f',
      ':',
      '@',
    ),
    maxLength: 20,
  }),
);

describe('parseTarget', () => {
  it('is idempotent: a canonical value gives itself', () => {
    const samples = fc.oneof(
      hostile,
      ipv4,
      ipv6.map((numbers) => spellingsOfIpv6(numbers)[4] ?? ''),
      domain,
      fc.tuple(domain, urlPart, urlPart).map(([host, path, query]) => `http://${host}/${path}?${query}`),
      fc.tuple(ipv4, fc.nat(32)).map(([address, length]) => `${address}/${length}`),
      fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }),
    );
    fc.assert(
      fc.property(fc.constantFrom(...FAMILIES), samples, (kinds, text) => {
        const once = keptOrRefused(kinds, text);
        if (once !== undefined) expect(kept(kinds, once.slice(once.indexOf(':') + 1))).toBe(once);
      }),
      { numRuns: 20_000 },
    );
  });

  it('throws nothing but refusals', () => {
    fc.assert(
      fc.property(fc.constantFrom(...FAMILIES), hostile, (kinds, text) => {
        keptOrRefused(kinds, text);
      }),
      { numRuns: 20_000 },
    );
  });

  it('gives one target for all spellings of one IPv6 address, as RFC 5952 writes it', () => {
    fc.assert(
      fc.property(ipv6, (numbers) => {
        const targets = new Set(spellingsOfIpv6(numbers).map((text) => kept(IP, text)));
        expect([...targets]).toEqual([
          `ip:${new URL(`http://[${spellingsOfIpv6(numbers)[0]}]`).hostname.slice(1, -1)}`,
        ]);
      }),
      { numRuns: 3_000 },
    );
  });

  it('gives one target for an IPv4 address and its mapped forms, as address and as host of a URL', () => {
    fc.assert(
      fc.property(ipv4, (address) => {
        const hex = address
          .split('.')
          .map((part) => Number(part).toString(16).padStart(2, '0'))
          .join('');
        const mapped = `::ffff:${hex.slice(0, 4)}:${hex.slice(4)}`;
        for (const text of [address, `${address}/32`, `::ffff:${address}`, mapped, `::FFFF:${address}/128`]) {
          expect(kept(IP, text)).toBe(`ip:${address}`);
        }
        expect(kept(['url'], `http://[${mapped}]/`)).toBe(`url:http://${address}/`);
      }),
    );
  });

  it('names the network of every CIDR with host bits, and takes that network', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          ipv4.map((address) => [address, 32] as const),
          ipv6.map((numbers) => [spellingsOfIpv6(numbers)[0] ?? '', 128] as const),
        ),
        fc.nat(127),
        ([address, width], bits) => {
          const length = bits % width;
          const text = `${address}/${length}`;
          const taken = keptOrRefused(IP, text);
          if (taken !== undefined) return;
          const network = /the network is (\S+)\.$/.exec(refusalOf(IP, text).message)?.[1] ?? '';
          expect(kept(IP, network)).toBe(`cidr:${network}`);
        },
      ),
    );
  });

  it('gives one target for a domain in any letter case, width and with a dot at its end', () => {
    fc.assert(
      fc.property(domain, (name) => {
        const wide = name.replace(/[a-z]/g, (letter) => String.fromCharCode(letter.charCodeAt(0) + 0xfee0));
        for (const text of [name.toUpperCase(), `${name}.`, name.replaceAll('.', '。'), wide]) {
          expect(kept(['domain'], text)).toBe(`domain:${name}`);
        }
      }),
    );
  });

  it('gives one target for a URL whatever is percent-encoded that needs not be', () => {
    fc.assert(
      fc.property(domain, fc.stringMatching(/^[A-Za-z0-9_~-]{1,12}$/), (host, text) => {
        const encoded = [...text].map((letter) => `%${letter.charCodeAt(0).toString(16)}`).join('');
        expect(kept(['url'], `HTTP://${host}:80/${encoded}?${encoded}`)).toBe(
          kept(['url'], `http://${host}/${text}?${text}`),
        );
      }),
    );
  });

  it.each([
    ['ip', '1.2.3.0/24'],
    ['cidr', '1.2.3.4'],
  ] as const)('refuses under %s alone what only the other kind takes', (kind, text) => {
    expect(refusalOf([kind], text)).toMatchObject({ inner: 'invalidParameter', target: 'parameters/0/value' });
  });

  it.each(['sha256', 'sha1', 'md5'] as const)('refuses under %s the hash of another algorithm', (kind) => {
    const digits = { sha256: 40, sha1: 32, md5: 64 };
    expect(refusalOf([kind], 'a'.repeat(digits[kind])).message).toContain(`takes ${kind}`);
  });

  it.each([
    '\r',
    '\n',
    '\0',
    '\t',
    '\u007f',
    '\u0085',
    '\u202e',
    '\u2066',
    '\u200b',
    '\u200d',
    '\u00ad',
    '\u2028',
    '\ufeff',
    '\ud800',
    '\u3164',
    '\ufe0f',
    '\u{e0041}',
    '\ue000',
  ])('refuses %j inside every kind of target', (character) => {
    const texts = [
      `1.2.3.4${character}`,
      `ev${character}il.example`,
      `http://evil.example/${character}x`,
      `${'a'.repeat(31)}${character}`,
      `a${character}b`,
      `a${character}b`,
    ];
    for (const [index, kinds] of FAMILIES.entries())
      expect(refusalOf(kinds, texts[index] ?? '').message).toContain('U+');
  });

  it('shows a sent text cut short, with what cannot be seen as its number', () => {
    const { message } = refusalOf(['ip'], 'x'.repeat(2_000));
    expect(message.length).toBeLessThan(300);
  });

  it('refuses a canonical URL beyond the limit, and takes one at it', () => {
    const base = 'http://evil.example/';
    expect(kept(['url'], base + 'x'.repeat(4_096 - base.length))).toHaveLength(4_100);
    expect(refusalOf(['url'], base + 'é'.repeat(1_000)).inner).toBe('limitExceeded');
    expect(refusalOf(['url'], base + 'x'.repeat(4_097 - base.length)).inner).toBe('limitExceeded');
  });

  it('refuses 4,097 characters of every kind, before it looks at them', () => {
    for (const kinds of FAMILIES) expect(refusalOf(kinds, '\u202e'.repeat(4_097)).inner).toBe('limitExceeded');
  });

  it('refuses a megabyte of anything at once, and the longest texts in linear time', () => {
    const pieces = [
      '1',
      '0',
      '1.',
      '0.0',
      ':',
      '::',
      'a.',
      'a',
      '-',
      'xn--',
      '%41',
      '%',
      '/',
      '../',
      '[',
      '@',
      '?',
      ' - ',
      'é',
      '１',
      'ﷺ',
      '\u0301',
      'A',
      '.',
      '\\',
      '<',
    ];
    const starts = ['', 'http://', 'http://a.example/', '1.2.3.4/'];
    const texts = starts.flatMap((start) => pieces.map((piece) => ({ start, piece })));
    for (const { start, piece } of texts) {
      const long = start + piece.repeat(1_048_576 / piece.length);
      const run = (): number => {
        const before = performance.now();
        for (const kinds of FAMILIES) {
          keptOrRefused(kinds, long);
          keptOrRefused(kinds, long.slice(0, 4_096));
        }
        return performance.now() - before;
      };
      let bestMs = run();
      for (let round = 0; round < 10 && bestMs > 100; round += 1) bestMs = Math.min(bestMs, run());
      expect({ start, piece, bestMs, isFast: bestMs <= 100 }).toMatchObject({ isFast: true });
    }
  });
});
