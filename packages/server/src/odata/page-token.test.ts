import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatPageToken, type PageToken, parsePageToken } from './page-token.ts';
import type { TokenScope } from './sealed-text.ts';

const scope: TokenScope = { secret: Buffer.alloc(32, 7), tenantId: 'tenant-a', collection: 'securityActions' };
const TOKEN: PageToken = { after: ['2026-11-25T12:00:00.0000000Z', '0190-a'], top: 50 };
const REFUSED = { code: 'badRequest', inner: 'invalidQueryOption', target: '$skiptoken' };

const refusalOf = (of: TokenScope, text: string): unknown => {
  try {
    return { taken: parsePageToken(of, text) };
  } catch (thrown) {
    return thrown;
  }
};

describe('a page token', () => {
  it('gives back what it was made of, in letters that no URL escapes', () => {
    const tokens = fc.record({
      after: fc.array(fc.string({ unit: 'binary', maxLength: 40 }), { maxLength: 4 }),
      top: fc.nat(),
    });
    fc.assert(
      fc.property(tokens, (token) => {
        const text = formatPageToken(scope, token);
        expect(text).toMatch(/^[\w-]+\.[\w-]+$/);
        expect(parsePageToken(scope, text)).toEqual(token);
      }),
    );
  });

  it.each<[string, TokenScope]>([
    ['tenant', { ...scope, tenantId: 'tenant-b' }],
    ['collection', { ...scope, collection: 'enforcements' }],
    ['installation', { ...scope, secret: Buffer.alloc(32, 8) }],
    [
      'pair of names that reads the same without a line between them',
      { ...scope, tenantId: 'tenant-', collection: 'asecurityActions' },
    ],
  ])('is good for no other %s', (_of, other) => {
    expect(refusalOf(other, formatPageToken(scope, TOKEN))).toMatchObject(REFUSED);
  });

  it('is refused with any one letter changed, put in or left out', () => {
    const text = formatPageToken(scope, TOKEN);
    for (let at = 0; at < text.length; at += 1) {
      const other = text[at] === 'A' ? 'B' : 'A';
      for (const changed of [
        text.slice(0, at) + other + text.slice(at + 1),
        text.slice(0, at) + other + text.slice(at),
        text.slice(0, at) + text.slice(at + 1),
      ]) {
        expect(refusalOf(scope, changed), changed).toMatchObject(REFUSED);
      }
    }
  });

  it.each(['', '.', 'a', 'a.b', '..', 'null.null', 'x'.repeat(3_000)])('is not "%s"', (text) => {
    expect(refusalOf(scope, text)).toMatchObject(REFUSED);
  });

  it.each(['=', '.', '.x', ' ', '\n'])('is refused with "%s" behind it', (more) => {
    expect(refusalOf(scope, formatPageToken(scope, TOKEN) + more)).toMatchObject(REFUSED);
  });
});
