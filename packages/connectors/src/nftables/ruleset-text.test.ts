import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { requirement } from '../../../../test/requirement.ts';
import { aCall, TENANT_A, TENANT_B } from '../testing.ts';
import { nftables } from './connector.ts';
import { rulesetText } from './ruleset-text.ts';
import { CONFIG_SCHEMA } from './settings.ts';
import { createNamespace, type Namespace } from './testing/namespaces.ts';
import { createNftDouble, type NftDouble } from './testing/nft-double.ts';
import { NO_PORTS } from './testing/nftables-under-test.ts';

const PAGE = readFileSync(path.join(import.meta.dirname, '../../../../docs/connectors/nftables.md'), 'utf8');
const onPage = (language: string): string => PAGE.split(`\`\`\`${language}\n`)[1]?.split('```')[0] ?? '';

const EDGE = { name: 'edge', own: {} };
const block = (value: string, tenantId = TENANT_A) => {
  const kind = value.includes('/') ? ('cidr' as const) : ('ip' as const);
  return aCall({ tenantId, action: 'BlockIp', target: { kind, value } });
};
const calm = (): AbortSignal => new AbortController().signal;

describe('the page', () => {
  test('prints the ruleset that the connector would make', () => {
    expect(onPage('nft')).toBe(rulesetText(EDGE, [TENANT_A]));
  });

  test('has a configuration that opens', () => {
    const { providers } = parse(onPage('yaml')) as { providers: [Record<string, unknown>] };
    const [{ connector, name, ...keys }] = providers;
    const own = Object.fromEntries(Object.entries(keys).filter(([key]) => key in CONFIG_SCHEMA.properties));
    expect(connector).toBe(nftables.name);
    expect(Object.keys(own)).toEqual(['table', 'never', 'grace']);
    expect(() => nftables.open({ name: String(name), own }, NO_PORTS)).not.toThrow();
  });

  test('describes every key', () => {
    for (const key of Object.keys(CONFIG_SCHEMA.properties)) expect(PAGE).toContain(`| \`${key}\``);
  });
});

test('a tenant that is no GUID is refused', () => {
  expect(() => rulesetText(EDGE, ['x; flush ruleset'])).toThrow('GUID');
});

/** Lets elements be changed and everything be read. */
const ONLY_ELEMENTS = `#!/bin/sh
case "$*" in
*'"chain"'* | *'"rule":{'* | *'{"create":{"set"'* | *'{"add":{"set"'* | *'{"add":{"table"'* | *'{"flush"'*)
  echo 'internal:0:0-0: Error: Could not process rule: Operation not permitted' >&2
  exit 1 ;;
esac
exec "$REAL" "$@"
`;

describe.skipIf(!requirement('nftables').ok)('a ruleset that an administrator loads', () => {
  let namespace: Namespace;
  let nft: NftDouble;
  let directory: string;

  beforeEach(async () => {
    namespace = createNamespace('loaded');
    nft = await createNftDouble([...namespace.enter, 'nft']);
    directory = mkdtempSync(path.join(os.tmpdir(), 'interdict-ruleset-'));
  });
  afterEach(() => {
    nft.remove();
    namespace.remove();
    rmSync(directory, { recursive: true });
  });

  const load = async (text: string): Promise<void> => {
    const file = path.join(directory, 'interdict.nft');
    writeFileSync(file, text);
    expect(await nft.run('-f', file)).toEqual({ code: 0, stdout: '', stderr: '' });
  };
  const listed = async (): Promise<string> => (await nft.run('-s', 'list', 'ruleset')).stdout;

  test('may be loaded again, and keeps what is blocked', async () => {
    const settings = { name: 'edge', own: { nft: nft.nft, never: ['192.0.2.0/24', '2001:db8::1'] } };
    await load(rulesetText(settings, [TENANT_A]));
    const connector = nftables.open(settings, NO_PORTS);
    expect((await connector.apply(block('203.0.113.9'), calm())).kind).toBe('done');
    const before = await listed();
    await load(rulesetText(settings, [TENANT_A]));
    expect((await listed()).replaceAll(/expires \w+/g, '')).toBe(before.replaceAll(/expires \w+/g, ''));
    expect(await connector.verify?.(block('203.0.113.9'), calm())).toEqual({ kind: 'present' });
    await connector.close();
  });

  test('is all that a connector needs which may only fill sets', async () => {
    const wrapper = path.join(directory, 'nft');
    writeFileSync(wrapper, ONLY_ELEMENTS.replace('"$REAL"', nft.nft));
    chmodSync(wrapper, 0o755);
    const settings = { name: 'edge', own: { nft: wrapper, never: ['192.0.2.0/24'] } };
    const connector = nftables.open(settings, NO_PORTS);
    const cannot = { kind: 'unavailable', fault: 'ours', message: expect.stringContaining('load the ruleset') };
    expect(await connector.apply(block('203.0.113.9'), calm())).toEqual(cannot);
    await load(rulesetText(settings, [TENANT_A, TENANT_B]));
    for (const call of [block('203.0.113.9'), block('2001:db8::9'), block('203.0.113.9', TENANT_B)]) {
      expect((await connector.apply(call, calm())).kind).toBe('done');
      expect(await connector.verify?.(call, calm())).toEqual({ kind: 'present' });
      expect((await connector.release(call, calm())).kind).toBe('done');
      expect(await connector.verify?.(call, calm())).toEqual({ kind: 'absent' });
    }
    expect(await connector.apply(block('203.0.113.0/24'), calm())).toEqual(cannot);
    await connector.close();
  });
});
