import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Answer, Connector, Effect } from '../connector.ts';
import { aCall, inHours, SAMPLE_TARGETS, TENANT_A } from '../testing.ts';
import { nftables } from './connector.ts';
import { createNftDouble, type Fault, type NftDouble } from './testing/nft-double.ts';
import { blockedIn, NO_PORTS } from './testing/nftables-under-test.ts';

const block = (value: string, kind: Effect['target']['kind'] = 'ip'): Effect => ({
  tenantId: TENANT_A,
  action: 'BlockIp',
  target: { kind, value },
});

const [HELD, OTHER] = [block('203.0.113.9'), block('203.0.113.10')];
const calm = (): AbortSignal => new AbortController().signal;

let nft: NftDouble;
let connector: Connector;

beforeEach(async () => {
  nft = await createNftDouble();
  connector = nftables.open({ name: 'edge', own: { nft: nft.nft } }, NO_PORTS);
});
afterEach(async () => {
  await connector.close();
  nft.remove();
});

const apply = (effect: Effect): Promise<Answer> => connector.apply(aCall(effect), calm());
const release = (effect: Effect): Promise<Answer> => connector.release(aCall(effect), calm());
const verify = (effect: Effect) => connector.verify?.(aCall(effect), calm());
const blocked = async () => (await blockedIn(nft)).map(({ target }) => target.value);

describe('an answer that cannot be trusted is no answer', () => {
  const FAULTS: readonly (readonly [string, Fault])[] = [
    ['words instead of an answer', 'nonsense'],
    ['10 MB', 'flood'],
    ['odd words and code 1', { code: 1, stderr: 'nft: something is odd: No such file or directory\n' }],
    ['an error of its wrapper', { code: 1, stderr: 'Cannot open network namespace "x": No such file or directory\n' }],
    ['code 127', { code: 127, stderr: 'nft: error while loading shared libraries\n' }],
  ];

  test.each(FAULTS)('%s', async (_, fault) => {
    expect((await apply(HELD)).kind).toBe('done');
    await nft.setFault(fault);
    for (const answer of [await apply(OTHER), await release(HELD)]) expect(answer.kind).toBe('unknown');
    for (const effect of [HELD, OTHER]) expect((await verify(effect))?.kind).toBe('unknown');
    await expect(connector.list?.(TENANT_A, calm())).rejects.toThrow();
    expect(await blocked()).toEqual([HELD.target.value]);
  });

  test('a listing that breaks off', async () => {
    for (const effect of [HELD, OTHER]) expect((await apply(effect)).kind).toBe('done');
    await nft.setFault('halfList');
    await expect(connector.list?.(TENANT_A, calm())).rejects.toThrow('no whole JSON');
    for (const effect of [HELD, OTHER, block('203.0.113.11')]) expect((await verify(effect))?.kind).toBe('unknown');
    const together = await Promise.all([verify(HELD), verify(block('203.0.113.11'))]);
    expect(together.map((presence) => presence?.kind)).toEqual(['unknown', 'unknown']);
    expect((await Promise.all([release(HELD), release(OTHER)])).map(({ kind }) => kind)).toEqual([
      'unknown',
      'unknown',
    ]);
  });

  test('silence is believed of no look', async () => {
    expect((await apply(HELD)).kind).toBe('done');
    await nft.setFault('silent');
    expect((await verify(HELD))?.kind).toBe('unknown');
    expect((await verify(OTHER))?.kind).toBe('unknown');
    expect((await release(HELD)).kind).toBe('unknown');
    await expect(connector.list?.(TENANT_A, calm())).rejects.toThrow();
  });
});

test('a product that is not installed is named, and is our fault', async () => {
  await nft.setFault('down');
  const installs = { fault: 'ours', message: expect.stringContaining('install the package nftables') };
  expect(await apply(HELD)).toEqual({ kind: 'unavailable', ...installs });
  expect(await release(HELD)).toEqual({ kind: 'unavailable', ...installs });
  expect(await verify(HELD)).toEqual({ kind: 'unknown', ...installs });
  await expect(connector.list?.(TENANT_A, calm())).rejects.toThrow('install the package nftables');
});

test('a table that cannot be made names the ruleset that an administrator may load', async () => {
  await nft.setFault({ words: 'Operation not permitted' });
  expect(await apply(HELD)).toMatchObject({
    kind: 'unavailable',
    fault: 'ours',
    message: expect.stringMatching(/CAP_NET_ADMIN/),
  });
});

test('no message is longer than what is kept of it', async () => {
  await nft.setFault({ words: 'x'.repeat(2_000) });
  for (const answer of [await apply(HELD), await release(HELD), await verify(HELD)]) {
    const message = answer && 'message' in answer ? answer.message : '';
    expect(message.length).toBeLessThanOrEqual(300);
    expect(message).not.toBe('');
  }
});

describe('of what does not name an address nothing reaches nft', () => {
  test.each([
    block('localhost'),
    block('evil.example'),
    block('203.0.113.9 }; flush ruleset'),
    block('203.0.113.9\nflush ruleset'),
    block('203.0.113.9"'),
    block('{203.0.113.9}'),
    block('::ffff:203.0.113.9'),
    block('fe80::1%eth0'),
    block('0.0.0.0/0', 'cidr'),
    block('::/0', 'cidr'),
    block('203.0.113.9/24', 'cidr'),
    block('203.0.113.9', 'cidr'),
    block('203.0.113.0/24', 'ip'),
    block('203.0.113.9/32', 'cidr'),
    block('203.0.113.9', 'domain'),
    { ...HELD, action: 'blockip' },
    { ...HELD, action: 'IsolateHost' },
    { ...HELD, tenantId: 'interdict' },
    { ...HELD, tenantId: `${TENANT_A}; flush ruleset` },
    { ...HELD, tenantId: '' },
  ])('%j', async (effect) => {
    expect((await apply(effect)).kind).toBe('refused');
    expect((await release(effect)).kind).toBe('refused');
    expect(await verify(effect)).toEqual({ kind: 'absent' });
    expect(nft.runs()).toBe(0);
  });

  test('nor of an operation’s id that is none, or an end that is no date', async () => {
    const odd = aCall(HELD, { operationId: '"}]}}}, {"flush": {"ruleset": null}' });
    expect((await connector.apply(odd, calm())).kind).toBe('done');
    expect(nft.seen.join('\n')).not.toContain('"flush":{"ruleset"');
    expect(nft.seen.at(-1)).toContain('"comment":"interdict"');
    const endless = aCall(OTHER, { expirationDateTime: 'never' });
    expect((await connector.apply(endless, calm())).kind).toBe('refused');
  });

  test('a list for what is no tenant is refused', async () => {
    await expect(connector.list?.('interdict', calm())).rejects.toThrow('GUID');
    expect(nft.runs()).toBe(0);
  });
});

test('two calls for one effect at once leave one entry, with the later end', async () => {
  const ends = [inHours(1), inHours(9)];
  const calls = ends.map((expirationDateTime) => aCall(HELD, { expirationDateTime }));
  const answers = await Promise.all(calls.map((call) => connector.apply(call, calm())));
  expect(answers.map(({ kind }) => kind)).toEqual(['done', 'done']);
  const [only, ...more] = await blockedIn(nft);
  expect(more).toEqual([]);
  expect((only?.expires ?? 0) * 1000).toBeGreaterThan(8 * 3_600_000);
});

test('an entry that leaves by itself before its release does not keep its neighbours', async () => {
  const effects = Array.from({ length: 9 }, (_, index) => block(SAMPLE_TARGETS.ip(index)));
  for (const answer of await Promise.all(effects.map(apply))) expect(answer.kind).toBe('done');
  const name = `block4_32_${TENANT_A.replaceAll('-', '')}`;
  const json = { element: { family: 'inet', table: 'interdict', name, elem: [effects[4]?.target.value] } };
  nft.duringNextLook(() => nft.run('-j', JSON.stringify({ nftables: [{ delete: json }] })));
  expect((await Promise.all(effects.map(release))).map(({ kind }) => kind)).toEqual(effects.map(() => 'done'));
  expect(await blocked()).toEqual([]);
});

test('an entry that another process makes at the same moment is taken for what it is', async () => {
  expect((await apply(HELD)).kind).toBe('done');
  const other = nftables.open({ name: 'edge', own: { nft: nft.nft } }, NO_PORTS);
  const third = nftables.open({ name: 'edge', own: { nft: nft.nft } }, NO_PORTS);
  nft.duringNextLook(() => apply(OTHER));
  expect((await other.apply(aCall(OTHER), calm())).kind).toBe('done');
  nft.duringNextLook(() => apply(block('2001:db8::9')));
  expect((await third.apply(aCall(block('2001:db8::9')), calm())).kind).toBe('done');
  expect((await blocked()).sort()).toEqual(['2001:db8::9', OTHER.target.value, HELD.target.value].sort());
  for (const connector of [other, third]) await connector.close();
});

test('what is interrupted by another change is run again', async () => {
  expect((await apply(HELD)).kind).toBe('done');
  await nft.setFault({ words: 'Interrupted system call' });
  nft.endFaultAfter(2);
  expect(await verify(OTHER)).toEqual({ kind: 'absent' });
  await nft.setFault({ words: 'Interrupted system call' });
  nft.endFaultAfter(2);
  expect((await release(HELD)).kind).toBe('done');
  await nft.setFault({ words: 'Interrupted system call' });
  expect((await verify(OTHER))?.kind).toBe('unknown');
});

test('where the kernel refuses everything, few runs are lost on it', async () => {
  expect((await apply(HELD)).kind).toBe('done');
  const effects = Array.from({ length: 500 }, (_, index) => block(`100.64.${index >> 8}.${index & 255}`));
  const before = nft.runs();
  await nft.setFault({ words: 'Invalid argument' });
  const answers = await Promise.all(effects.map(apply));
  expect(new Set(answers.map(({ kind }) => kind))).toEqual(new Set(['refused']));
  expect(nft.runs() - before).toBeLessThan(100);
});

test('closing ends what hangs, and what comes afterwards is not sent', async () => {
  await nft.setFault('hang');
  const hanging = apply(HELD);
  await expect.poll(() => nft.seen.length).toBe(1);
  const waiting = apply(OTHER);
  await connector.close();
  expect((await hanging).kind).toBe('unknown');
  expect((await waiting).kind).toBe('unavailable');
  const runs = nft.runs();
  expect([(await apply(HELD)).kind, (await release(HELD)).kind]).toEqual(['unavailable', 'unavailable']);
  expect((await verify(HELD))?.kind).toBe('unknown');
  expect(nft.runs()).toBe(runs);
});

test('a look that is given up in the queue does not wait for the one that hangs', async () => {
  await nft.setFault('hang');
  const [first, second] = [new AbortController(), new AbortController()];
  const hanging = connector.verify?.(aCall(HELD), first.signal);
  await expect.poll(() => nft.seen.length).toBe(1);
  const waiting = connector.verify?.(aCall(OTHER), second.signal);
  second.abort();
  expect((await waiting)?.kind).toBe('unknown');
  first.abort();
  expect((await hanging)?.kind).toBe('unknown');
});
