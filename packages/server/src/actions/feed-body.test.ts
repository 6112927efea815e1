import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { FeedEntryRow } from '../store/queries.ts';
import { toJsonFeed, toTextFeed } from './feed-body.ts';

/** As the store gives them: by target, and so by kind. */
const rowsOf = (...targets: readonly string[]): readonly FeedEntryRow[] =>
  targets.toSorted().map((target, index) => ({ id: `e${index}`, target, wanted_until: 1_000 * index }));

const digestOf = (body: Buffer): string => createHash('sha256').update(body).digest('hex');

describe('a list in one order', () => {
  it.each<[string, readonly string[], string]>([
    ['nothing', [], ''],
    ['one kind', ['ip:203.0.113.9', 'ip:198.51.100.1'], '198.51.100.1\n203.0.113.9\n'],
    [
      'two kinds that lie between each other',
      ['cidr:203.0.113.0/24', 'cidr:198.51.100.0/25', 'ip:2001:db8::9', 'ip:203.0.113.9', 'ip:198.51.100.7'],
      '198.51.100.0/25\n198.51.100.7\n2001:db8::9\n203.0.113.0/24\n203.0.113.9\n',
    ],
    ['three kinds', ['md5:b', 'sha1:a', 'sha256:c', 'md5:d', 'sha1:e'], 'a\nb\nc\nd\ne\n'],
  ])('%s', async (_what, targets, expected) => {
    const { body, version } = await toTextFeed(rowsOf(...targets));
    expect(body.toString()).toBe(expected);
    expect(version).toBe(digestOf(body));
  });

  it('is whole and in order where it is written in many turns, and lets others come in between', async () => {
    const numbers = Array.from({ length: 60_000 }, (_, index) => String(index).padStart(6, '0'));
    const rows = rowsOf(...numbers.map((number, index) => `${index % 3 === 0 ? 'cidr' : 'ip'}:${number}`));
    let turns = 0;
    const ticking = setInterval(() => {
      turns += 1;
    }, 0);
    const { body, version } = await toTextFeed(rows);
    clearInterval(ticking);
    expect(body.toString()).toBe(numbers.map((number) => `${number}\n`).join(''));
    expect(version).toBe(digestOf(body));
    expect(turns).toBeGreaterThan(0);
  });
});

describe('a list as JSON', () => {
  it('is JSON, with the actions and the end of each entry', async () => {
    const rows = rowsOf('ip:203.0.113.9', 'cidr:203.0.113.0/24', 'ip:"');
    const holds = [
      { enforcement_id: 'e0', id: 'a1', hold_until: 5 },
      { enforcement_id: 'e2', id: 'a2', hold_until: 5 },
      { enforcement_id: 'e2', id: 'a3', hold_until: 5 },
      { enforcement_id: 'elsewhere', id: 'a4', hold_until: 5 },
    ];
    const { body, version } = await toJsonFeed({ provider: 'the "edge"', list: 'ip' }, rows, holds);
    const value = [
      { entry: '"', actionIds: [], expirationDateTime: '1970-01-01T00:00:01.0000000Z' },
      { entry: '203.0.113.0/24', actionIds: ['a1'], expirationDateTime: '1970-01-01T00:00:00.0000000Z' },
      { entry: '203.0.113.9', actionIds: ['a2', 'a3'], expirationDateTime: '1970-01-01T00:00:02.0000000Z' },
    ];
    expect(body.toString()).toBe(`${JSON.stringify({ provider: 'the "edge"', list: 'ip', value })}\n`);
    expect(version).toBe(digestOf(body));
  });

  it('of nothing has an empty value', async () => {
    const { body } = await toJsonFeed({ provider: 'edge', list: 'url' }, [], []);
    expect(body.toString()).toBe('{"provider":"edge","list":"url","value":[]}\n');
  });
});
