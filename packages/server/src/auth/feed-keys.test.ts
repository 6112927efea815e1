import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { inspect } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';
import type { FeedKey } from './feed-keys.ts';
import { findFeedKey, findFeedKeyFaults } from './feed-keys.ts';
import { createInstallKey } from './install-key.ts';
import { openLocalFeedKey } from './local-feed-key.ts';
import { LOCAL_TENANT_ID } from './local-issuer.ts';
import { TENANT_A } from './testing/token-bases.ts';

const aKey = (name: string, secret: string): FeedKey => ({
  name,
  tenantId: TENANT_A,
  providers: ['blocklist'],
  networks: false,
  key: { reveal: () => secret },
});

const KEYS = [aKey('one', 'the first feed key'), aKey('two', 'ein zweiter: mit Doppelpunkt und ü')];
const basic = (text: string): string => `Basic ${Buffer.from(text).toString('base64')}`;

describe('a feed key', () => {
  it.each([
    [basic('anyone:the first feed key'), 'one'],
    [basic(':the first feed key'), 'one'],
    [basic('x:ein zweiter: mit Doppelpunkt und ü'), 'two'],
    [basic('x:the first feed key').replace('Basic', 'basic'), 'one'],
    [basic('the first feed key:'), undefined],
    [basic('the first feed key'), undefined],
    [basic('x:the first feed ke'), undefined],
    [basic('x:the first feed key '), undefined],
    [basic('x:The first feed key'), undefined],
    [basic('x:'), undefined],
    [basic(`${'x'.repeat(2_000)}:the first feed key`), undefined],
    [`${basic('x:the first feed key')} `, undefined],
    [basic('x:the first feed key').replace('Basic', 'Bearer'), undefined],
    ['Basic', undefined],
    ['', undefined],
    [undefined, undefined],
  ])('is found as the password of %j: %s', (header, name) => {
    expect(findFeedKey(header, KEYS)?.name).toBe(name);
  });

  it('is none where none is configured', () => {
    expect(findFeedKey(basic('x:y'), [])).toBeUndefined();
  });

  it('that is short, or named or used twice, is a fault of the configuration, which is not shown', () => {
    expect(findFeedKeyFaults(KEYS)).toEqual([]);
    const faults = findFeedKeyFaults([...KEYS, aKey('one', 'short'), aKey('three', 'the first feed key')]);
    expect(faults.map(({ path: at }) => at)).toEqual(['feedKeys/2/key', 'feedKeys/2/name', 'feedKeys/3/key']);
    expect(JSON.stringify(faults)).not.toMatch(/short"|first feed key/);
  });
});

describe('the local feed key', () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'interdict-feed-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const filePath = path.join(folder, 'feed-key');
  const open = (letter: string): FeedKey =>
    openLocalFeedKey({ filePath, installKey: createInstallKey(Buffer.alloc(32, letter)), providers: ['blocklist'] });

  it('lies in its file, for its owner alone, and opens the lists', () => {
    const key = open('a');
    expect(key).toMatchObject({ name: 'local', tenantId: LOCAL_TENANT_ID, providers: ['blocklist'] });
    expect(statSync(filePath).mode & 0o777).toBe(0o600);
    expect(findFeedKey(basic(`any:${readFileSync(filePath, 'utf8').trim()}`), [key])).toBe(key);
    expect(findFeedKeyFaults([key])).toEqual([]);
    expect(inspect(key, { depth: 9 }) + JSON.stringify(key)).not.toContain(key.key.reveal());
  });

  it('is the same for one install key, and another for another', () => {
    const first = open('a').key.reveal();
    expect(open('a').key.reveal()).toBe(first);
    expect(open('b').key.reveal()).not.toBe(first);
    expect(readFileSync(filePath, 'utf8').trim()).not.toBe(first);
  });

  it('is refused where others may read its file', () => {
    writeFileSync(filePath, 'x');
    chmodSync(filePath, 0o644);
    expect(() => open('a')).toThrow('chmod 600');
  });
});
