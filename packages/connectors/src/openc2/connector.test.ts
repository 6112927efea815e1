import { afterEach, describe, expect, test } from 'vitest';
import { requirement } from '../../../../test/requirement.ts';
import type { Call, Connector } from '../connector.ts';
import { Secret } from '../secret.ts';
import { selfMadeCertificate } from '../testing/self-made-certificate.ts';
import { aCall, TENANT_A } from '../testing.ts';
import { open, startHttps, startSeenOpenc2 } from './testing/openc2-product.ts';

type Started = Awaited<ReturnType<typeof startHttps>>;
const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

const calm = (): AbortSignal => AbortSignal.timeout(10_000);
const block = (value: string, changes: Partial<Call> = {}): Call =>
  aCall({ tenantId: TENANT_A, action: 'BlockIp', target: { kind: 'ip', value } }, changes);
const isolate = (value: string): Call =>
  aCall({ tenantId: TENANT_A, action: 'IsolateHost', target: { kind: 'host', value } });
const opened = (own: Record<string, unknown>): Connector => {
  const connector = open(own);
  ends.push(() => connector.close());
  return connector;
};

async function start(...args: Parameters<typeof startHttps>): Promise<Started & { readonly connector: Connector }> {
  const started = await startHttps(...args);
  ends.push(() => started.product.stop());
  return { ...started, connector: opened(started.own) };
}

const noteOf = (answer: object): { note?: string } => ('note' in answer ? { note: String(answer.note) } : {});
const deny = (requests: readonly { action: string }[]) => requests.filter(({ action }) => action === 'deny');

describe.skipIf(!requirement('nftables').ok)('before nftables', () => {
  test('a packet is dropped once it says done, and passes again after the release', async () => {
    const { consumer, connector } = await start({ profile: 'slpf', filters: true });
    consumer.filter?.addAddresses('203.0.113.0/24');
    expect(consumer.filter?.pings('203.0.113.7')).toBe(true);
    const answer = await connector.apply(block('203.0.113.7'), calm());
    expect(answer).toMatchObject({ kind: 'done', level: 'reported' });
    expect(consumer.filter?.pings('203.0.113.7')).toBe(false);
    expect(await connector.release(block('203.0.113.7', noteOf(answer)), calm())).toMatchObject({ kind: 'done' });
    expect(consumer.filter?.pings('203.0.113.7')).toBe(true);
  });

  test('what the measurements of docs/truth.md see is a packet that comes back or not', async () => {
    const seen = await startSeenOpenc2();
    ends.push(() => seen.stop());
    expect(await seen.isBlocked(300)).toBe(false);
    await seen.putForeign(300);
    expect([await seen.isBlocked(300), await seen.isBlocked(301)]).toEqual([true, false]);
    await seen.lose(300);
    expect(await seen.isBlocked(300)).toBe(false);
  });

  test('10,000 rules within half as long again as the measured 8 ms each', { timeout: 180_000 }, async () => {
    const { consumer, connector, front } = await start({ profile: 'slpf', filters: true });
    const begun = performance.now();
    let next = 0;
    const lane = async (): Promise<void> => {
      while (next < 10_000) {
        const index = next++;
        const answer = await connector.apply(block(`198.18.${index >> 8}.${index & 255}`), AbortSignal.timeout(60_000));
        expect(answer.kind).toBe('done');
      }
    };
    await Promise.all(Array.from({ length: connector.traits.limits.concurrency }, lane));
    const tookMs = Math.round(performance.now() - begun);
    console.log(`10,000 rules over HTTPS: ${tookMs} ms`);
    expect(consumer.filter?.names().length).toBe(10_000);
    expect(front.connections, 'connections are kept').toBeLessThan(640);
    // The consumer of this test does one thing at a time: 64 calls at once hide only what is on the way.
    expect(tookMs).toBeLessThan(10_000 * 8 * 1.5);
  });
});

test.each([
  [400, { kind: 'refused', subcode: 400 }],
  [401, { kind: 'unavailable', fault: 'ours', subcode: 401 }],
  [403, { kind: 'refused', subcode: 403 }],
  [404, { kind: 'refused', subcode: 404 }],
  [500, { kind: 'unknown' }],
  [501, { kind: 'refused', subcode: 501, message: expect.stringContaining('words of fw1') }],
  [503, { kind: 'unavailable', subcode: 503 }],
  [102, { kind: 'pending', againMs: 5_000 }],
  [204, { kind: 'unknown' }],
])('HTTP says 200 and the body %i: the body counts', async (status, expected) => {
  const { consumer, connector } = await start({ profile: 'slpf' });
  consumer.says = () => ({ status, status_text: 'words of fw1' });
  expect(await connector.apply(block('203.0.113.7'), calm())).toMatchObject(expected);
});

test('200 without a number cannot be taken back, and is not told as done', async () => {
  const { consumer, connector } = await start({ profile: 'slpf' });
  consumer.says = () => ({ status: 200 });
  expect(await connector.apply(block('203.0.113.7'), calm())).toMatchObject({
    kind: 'unknown',
    message: expect.stringContaining('an administrator must look'),
  });
});

test('a release behind a lost answer asks for the number again, and adds no rule', async () => {
  const { consumer, connector, front } = await start({ profile: 'slpf' });
  await front.misbehave({ kind: 'lostAnswer' });
  expect(await connector.apply(block('203.0.113.7'), calm())).toMatchObject({ kind: 'unknown' });
  await front.behave();
  expect(consumer.entries).toHaveLength(1);
  expect(await connector.release(block('203.0.113.7'), calm())).toMatchObject({ kind: 'done' });
  expect(consumer.entries).toEqual([]);
  expect(consumer.requests.map(({ action }) => action)).not.toContain('allow');
});

test('a release behind an apply that another process lost is no release', async () => {
  const { consumer, connector, front, own } = await start({ profile: 'slpf' });
  const made = await connector.apply(block('203.0.113.8'), calm());
  await front.misbehave({ kind: 'lostAnswer' });
  expect(await connector.apply(block('203.0.113.7'), calm())).toMatchObject({ kind: 'unknown' });
  await front.behave();
  const next = opened(own);
  const LOST = { kind: 'pending', message: expect.stringContaining('administrator must look') };
  const lost = await next.release({ ...block('203.0.113.7'), inDoubt: true }, calm());
  expect(lost).toMatchObject(LOST);
  expect(await next.release({ ...block('203.0.113.7', noteOf(lost)), attempt: 2 }, calm())).toMatchObject(LOST);
  // A release whose own answer was lost is just sent again: the number is known.
  const again = { ...block('203.0.113.8', noteOf(made)), inDoubt: true, attempt: 2 } as const;
  expect(await next.release(again, calm())).toMatchObject({ kind: 'done' });
  expect(consumer.entries).toHaveLength(1);
});

test('of a later end that another process lost the known rule goes, and the other is told of', async () => {
  const { consumer, connector, front, own } = await start({ profile: 'slpf' });
  const made = await connector.apply(block('203.0.113.7'), calm());
  await front.misbehave({ kind: 'lostAnswer' });
  expect(await connector.apply(block('203.0.113.7', noteOf(made)), calm())).toMatchObject({ kind: 'unknown' });
  await front.behave();
  expect(consumer.entries).toHaveLength(2);
  const answer = await opened(own).release({ ...block('203.0.113.7', noteOf(made)), inDoubt: true }, calm());
  expect(answer).toMatchObject({ kind: 'pending', message: expect.stringContaining('administrator must look') });
  expect(consumer.entries.map(({ number }) => number)).toEqual([2]);
});

test('more responders than a note has room for are refused at the start', () => {
  const responders = Array.from({ length: 40 }, (_, index) => `firewall-${index}.example`);
  const own = { url: 'mqtts://broker.example.net', profile: 'slpf', responders };
  expect(() => open(own)).toThrow('cannot keep the numbers of 40 responders');
  expect(() => open({ ...own, responders: responders.slice(0, 10) })).not.toThrow();
});

test('before a consumer that does repeats again, nothing is repeated and an administrator is called', async () => {
  const { consumer, connector, front } = await start(
    { profile: 'slpf', deduplicates: false },
    { own: { deduplicates: false } },
  );
  expect(connector.traits.idempotence).toBe('none');
  await front.misbehave({ kind: 'lostAnswer' });
  await connector.apply(block('203.0.113.7'), calm());
  await front.behave();
  const answer = await connector.release(block('203.0.113.7'), calm());
  expect(answer).toMatchObject({ kind: 'pending', message: expect.stringContaining('administrator') });
  expect(deny(consumer.requests)).toHaveLength(1);
});

test('a number that was released is not deleted again: it may be another rule now', async () => {
  const { consumer, connector } = await start({ profile: 'slpf' });
  const made = await connector.apply(block('203.0.113.7'), calm());
  const gone = await connector.release(block('203.0.113.7', noteOf(made)), calm());
  const before = consumer.requests.length;
  expect(await connector.release(block('203.0.113.7', noteOf(gone)), calm())).toMatchObject({ kind: 'done' });
  expect(consumer.requests).toHaveLength(before);
});

test('a rule that is replaced and cannot be deleted yet is pending, and neither is lost', async () => {
  const { consumer, connector } = await start({ profile: 'slpf' });
  const first = await connector.apply(block('203.0.113.7'), calm());
  consumer.says = ({ action }) => (action === 'delete' ? { status: 503 } : undefined);
  const call = block('203.0.113.7', noteOf(first));
  const second = await connector.apply(call, calm());
  expect(second.kind).toBe('pending');
  consumer.says = undefined;
  const third = await connector.apply({ ...call, attempt: 2, ...noteOf(second) }, calm());
  expect(third.kind).toBe('done');
  expect(consumer.entries.map(({ number }) => number)).toEqual([2]);
});

test('501 for duration: once more without it; the rest is said again word for word', async () => {
  const { consumer, connector } = await start({ profile: 'slpf', duration: false }, { own: { keepsTime: true } });
  expect(await connector.apply(block('203.0.113.7'), calm())).toMatchObject({ kind: 'done' });
  const [first, second] = deny(consumer.requests) as { args?: object }[];
  expect(first?.args).toHaveProperty('duration');
  expect(second).toMatchObject({ target: { ipv4_net: '203.0.113.7/32' }, args: { response_requested: 'complete' } });
  expect(second?.args).not.toHaveProperty('duration');
});

test('an endpoint that takes no argument for allow is asked without', async () => {
  const { consumer, connector } = await start({ profile: 'er', allowTakesArgs: false });
  expect(await connector.apply(isolate('laptop-17.corp.example'), calm())).toMatchObject({ kind: 'done' });
  expect(consumer.entries[0]?.target).toEqual({ device: { hostname: 'laptop-17.corp.example' } });
  expect(await connector.release(isolate('laptop-17.corp.example'), calm())).toMatchObject({ kind: 'done' });
  expect(consumer.entries).toEqual([]);
});

test.each([
  ['deny of ipv4_net', { query: ['features'], deny: ['ipv6_net'], delete: ['slpf:rule_number'] }],
  ['delete', { query: ['features'], deny: ['ipv4_net'] }],
])('what is not offered is refused in a sentence, and not commanded: %s', async (what, pairs) => {
  const { consumer, connector } = await start({ profile: 'slpf', pairs });
  const answer = await connector.apply(block('203.0.113.7'), calm());
  expect(answer).toMatchObject({ kind: 'refused', message: expect.stringContaining(`does not offer ${what}`) });
  expect(consumer.requests).toEqual([]);
});

describe('targets that are none never reach the wire', () => {
  const bad: readonly [string, string, string, 'slpf' | 'pf' | 'er'][] = [
    ...['1.2.3.4\n', '1.2.3.4;', '1.2.3.4/32', '::ffff:1.2.3.4%lo', '1.2.3', '1.2.3.4\0', '*', ''].map(
      (value) => ['BlockIp', 'ip', value, 'slpf'] as [string, string, string, 'slpf'],
    ),
    ...['1.2.3.0/33', '1.2.3.0/', '1.2.3.0/24/1', '1.2.3.0/-1', '1.2.3.0'].map(
      (value) => ['BlockIp', 'cidr', value, 'slpf'] as [string, string, string, 'slpf'],
    ),
    ...['a b', 'evil.example.', `${'a'.repeat(64)}.example`, 'evil"example', '*.example', 'a..b', 'EVIL.example'].map(
      (value) => ['BlockDomain', 'domain', value, 'pf'] as [string, string, string, 'pf'],
    ),
    ...['ftp://a/', 'http://a/\n', 'http://a/"', 'javascript:1'].map(
      (value) => ['BlockUrl', 'url', value, 'pf'] as [string, string, string, 'pf'],
    ),
    ...['A'.repeat(64), 'g'.repeat(64), 'a'.repeat(63)].map(
      (value) => ['BlockFile', 'sha256', value, 'er'] as [string, string, string, 'er'],
    ),
    ...['(cn=*)', 'host\nname', 'CN=x,DC=y'].map(
      (value) => ['IsolateHost', 'host', value, 'er'] as [string, string, string, 'er'],
    ),
  ];
  test.each(bad)('%s %s:%j', async (action, kind, value, profile) => {
    const connector = opened({ url: 'https://127.0.0.1:9', profile });
    const target = { kind: kind as 'ip', value };
    const answer = await connector.apply(aCall({ tenantId: TENANT_A, action, target }), calm());
    expect(answer).toMatchObject({ kind: 'refused' });
  });
});

describe('a configuration that is wrong is told in a sentence', () => {
  const valid = { url: 'https://fw1.example.net', profile: 'slpf' };
  test.each<[string, object, RegExp]>([
    ['no https', { url: 'http://fw1.example.net' }, /not encrypted; set allowPrivate/],
    ['a password in the url', { url: 'https://a:b@fw1.example.net' }, /secrets have their own keys/],
    ['mqtts without responders', { url: 'mqtts://broker.example.net' }, /needs responders/],
    ['a certificate without a key', { certificate: '/etc/hostname' }, /certificate and key together/],
    ['a file that is not there', { ca: '/nowhere/ca.pem' }, /cannot read its ca \/nowhere\/ca.pem: ENOENT/],
    ['a folder', { ca: '/etc' }, /EISDIR/],
    ['a key that is none', { certificate: '/etc/hostname', key: new Secret('no key') }, /needs PEM/],
  ])('%s', (_, own, words) => {
    expect(() => open({ ...valid, ...own })).toThrow(words);
  });

  test.each<[string, () => Record<string, unknown>]>([
    ['another token', () => ({ token: new Secret('another token of these tests') })],
    ['an authority that is not its', () => ({ ca: undefined })],
    ['another path', () => ({ messages: 'older' })],
    ['profile in the other key', () => ({ profileIn: 'profile' })],
  ])('%s: nothing was done', async (_, changes) => {
    const { consumer, own } = await start({ profile: 'slpf' });
    const connector = opened({ ...own, ...changes() });
    const answer = await connector.apply(block('203.0.113.7'), calm());
    expect(answer.kind).toBeOneOf(['unavailable', 'refused']);
    if (answer.kind === 'unavailable') expect(answer).toMatchObject({ fault: 'ours', message: expect.any(String) });
    expect(consumer.entries).toEqual([]);
  });

  test('no certificate: it hangs up without a word, and nothing was done', async () => {
    const { consumer, own } = await start({ profile: 'slpf' });
    const connector = opened({ ...own, key: undefined, certificate: undefined });
    const answer = await connector.apply(block('203.0.113.7'), calm());
    expect(answer).toMatchObject({
      kind: 'unavailable',
      message: expect.stringContaining('did not say what it offers'),
    });
    expect(consumer.entries).toEqual([]);
  });

  test('a key that does not fit its certificate', async () => {
    const { own } = await start({ profile: 'slpf' });
    expect(() => open({ ...own, key: new Secret(selfMadeCertificate('other').key) })).toThrow(/fits the certificate/);
  });
});
