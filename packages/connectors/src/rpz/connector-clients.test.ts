import { execFileSync } from 'node:child_process';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { requirement } from '../../../../test/requirement.ts';
import type { Answer, Connector, Effect, Presence } from '../connector.ts';
import { Secret } from '../secret.ts';
import { aCall, TENANT_A, TENANT_B } from '../testing.ts';
import { type Bind, KEY_NAME, SECRET, startBind, ZONE } from './testing/bind-product.ts';
import { areBlocked, dig, run } from './testing/dns-tools.ts';
import { openRpz } from './testing/rpz-under-test.ts';
import { startSeenRpz } from './testing/seen-rpz.ts';

const calm = (): AbortSignal => new AbortController().signal;
const domain = (value: string, tenantId = TENANT_A): Effect => ({
  tenantId,
  action: 'BlockDomain',
  target: { kind: 'domain', value },
});
const ip = (value: string, action = 'BlockIp'): Effect => ({
  tenantId: TENANT_A,
  action,
  target: { kind: value.includes('/') ? 'cidr' : 'ip', value },
});

describe.skipIf(!requirement('bind').ok)('a response policy zone of BIND, seen by its clients', () => {
  let bind: Bind;
  let connector: Connector;

  const apply = (effect: Effect): Promise<Answer> => connector.apply(aCall(effect), calm());
  const release = (effect: Effect): Promise<Answer> => connector.release(aCall(effect), calm());
  const look = async (effect: Effect): Promise<Presence | undefined> => connector.verify?.(aCall(effect), calm());
  const inForce = async (effect: Effect): Promise<void> => {
    expect(await apply(effect)).toMatchObject({ kind: 'done' });
    await vi.waitFor(async () => expect(await look(effect)).toEqual({ kind: 'present' }), { timeout: 5_000 });
  };
  const answersOf = async (question: string): Promise<string> => {
    const [asked] = await dig(bind.port, [question]);
    return `${asked?.status} ${asked?.answers.length}`;
  };

  beforeAll(async () => {
    bind = await startBind();
  });
  afterAll(() => bind?.stop());
  beforeEach(() => {
    connector = openRpz(bind.port);
  });
  afterEach(() => connector.close());

  test('a name and all below it do not exist once it is present, nor before the release is done; others do', async () => {
    const names = ['evil.example', 'www.evil.example', 'a.b.evil.example', 'notevil.example', 'example'];
    expect(await areBlocked(bind.port, names)).toEqual([false, false, false, false, false]);
    await inForce(domain('evil.example'));
    expect(await areBlocked(bind.port, names)).toEqual([true, true, true, false, false]);
    expect(await release(domain('evil.example'))).toMatchObject({ kind: 'done' });
    expect(await areBlocked(bind.port, names)).toEqual([false, false, false, false, false]);
  });

  test('answers with a blocked address, or one of a blocked network, are kept back', async () => {
    expect(await answersOf('ip-203-0-113-9.good.example A')).toBe('NOERROR 1');
    await inForce(ip('203.0.113.9'));
    await inForce(ip('198.51.100.0/24'));
    expect(await answersOf('ip-203-0-113-9.good.example A')).toBe('NXDOMAIN 0');
    expect(await answersOf('ip-198-51-100-77.good.example A')).toBe('NXDOMAIN 0');
    expect(await answersOf('ip-203-0-113-10.good.example A')).toBe('NOERROR 1');
    for (const each of ['203.0.113.9', '198.51.100.0/24'])
      expect(await release(ip(each))).toMatchObject({ kind: 'done' });
    expect(await answersOf('ip-203-0-113-9.good.example A')).toBe('NOERROR 1');
  });

  test('a client in quarantine is told nothing that is true', async () => {
    const quarantine = ip('127.0.0.1', 'QuarantineDnsClient');
    await apply(quarantine);
    await vi.waitFor(async () => expect(await answersOf('good.example A')).toBe('NXDOMAIN 0'), { timeout: 5_000 });
    await release(quarantine);
    await vi.waitFor(async () => expect(await answersOf('good.example A')).toBe('NOERROR 1'), { timeout: 5_000 });
  });

  test('two tenants block one name; the second release lets it go', async () => {
    await inForce(domain('evil.example', TENANT_A));
    await inForce(domain('evil.example', TENANT_B));
    await release(domain('evil.example', TENANT_A));
    expect(await areBlocked(bind.port, ['evil.example'])).toEqual([true]);
    await release(domain('evil.example', TENANT_B));
    expect(await areBlocked(bind.port, ['evil.example'])).toEqual([false]);
  });

  test("an administrator's block stays, and his record of another kind is not overwritten", async () => {
    await bind.update([
      `update add theirs.example.${ZONE}. 60 CNAME .`,
      `update add *.theirs.example.${ZONE}. 60 CNAME .`,
    ]);
    await bind.update([`update add pass.example.${ZONE}. 60 CNAME rpz-passthru.`]);
    expect(await look(domain('theirs.example'))).toEqual({ kind: 'present', foreign: true });
    expect(await apply(domain('pass.example'))).toMatchObject({
      kind: 'refused',
      message: expect.stringContaining('administrator'),
    });
    expect(await apply(domain('theirs.example'))).toMatchObject({ kind: 'done' });
    expect(await release(domain('theirs.example'))).toMatchObject({ kind: 'done' });
    expect(await areBlocked(bind.port, ['theirs.example', 'pass.example'])).toEqual([true, false]);
  });

  test('a release of what is not there is proven too: a zone without a version of ours gets one', async () => {
    const listed = (): Promise<string> => bind.zone().then((lines) => lines.join('\n'));
    const versions = [...(await listed()).matchAll(/^(\S+zz--interdict\S*)\s.*\sTXT\s/gm)].map(([, name = '']) => name);
    if (versions.length > 0) await bind.update(versions.map((name) => `update delete ${name} TXT`));
    expect(await listed()).not.toContain('versions.zz--interdict');
    expect(await release(domain('gone.example'))).toMatchObject({ kind: 'done' });
    expect(await listed()).toContain('versions.zz--interdict');
  });

  test('a block outlives kill -9 of the name server', async () => {
    await inForce(domain('lasting.example'));
    await bind.restart('SIGKILL');
    expect(await areBlocked(bind.port, ['lasting.example'])).toEqual([true]);
    await vi.waitFor(async () => expect(await look(domain('lasting.example'))).toEqual({ kind: 'present' }), {
      timeout: 10_000,
    });
    await release(domain('lasting.example'));
  });

  test('the key may change CNAME and TXT of this zone, and nothing else', async () => {
    const key = ['-y', `hmac-sha256:${KEY_NAME}:${SECRET}`];
    const update = (lines: readonly string[], signed = key): Promise<string> =>
      run('nsupdate', [...signed, '-v'], [`server 127.0.0.1 ${bind.port}`, ...lines, 'send', ''].join('\n'));
    expect(await update([`zone ${ZONE}.`, `update add x.${ZONE}. 60 A 192.0.2.1`])).toContain('REFUSED');
    expect(await update([`zone ${ZONE}.`, `update add ${ZONE}. 60 NS evil.example.`])).toContain('REFUSED');
    expect(await update([`zone ${ZONE}.`, `update add x.${ZONE}. 60 CNAME .`], [])).toContain('REFUSED');
    expect(await update(['zone other.example.', 'update add x.other.example. 60 CNAME .'])).toMatch(/NOTAUTH|REFUSED/);
    const axfr = execFileSync('dig', ['@127.0.0.1', '-p', `${bind.port}`, ZONE, 'AXFR'], { encoding: 'utf8' });
    expect(axfr).toContain('Transfer failed');
  });

  test.each([
    ['the wrong secret', { secret: new Secret(Buffer.alloc(32, 7).toString('base64')) }],
    ['a key that the server does not know', { keyName: 'stranger' }],
    ['a zone that the server does not have', { zone: 'rpz.nowhere' }],
    ['a port on which nobody listens', { port: 1 }],
  ])('%s: nothing is done, and a sentence says so', async (_, changes) => {
    const other = openRpz(bind.port, changes);
    const answer = await other.apply(aCall(domain('evil.example')), calm());
    expect(answer.kind).toBe('unavailable');
    expect('message' in answer && answer.message.length).toBeGreaterThan(20);
    expect((await other.verify?.(aCall(domain('evil.example')), calm()))?.kind).toBe('unknown');
    await other.close();
  });

  test.each([
    'evil.example\nupdate add x',
    'evil.example;x',
    'evil .example',
    '*.evil.example',
    'evil.example.',
    'EVIL.example',
    'evil',
    `${'a'.repeat(64)}.example`,
    `${'a.'.repeat(125)}example`,
    'evil\0.example',
    'rpz-ip',
    '32.1.2.0.192.rpz-ip',
    'x.zz--interdict',
    'еvil.example',
  ])('the name %j is never sent', async (value) => {
    const before = (await bind.zone()).length;
    expect(await apply(domain(value))).toMatchObject({ kind: 'refused' });
    expect(await release(domain(value))).toMatchObject({ kind: 'refused' });
    expect((await bind.zone()).length).toBe(before);
  });

  test('the product of the measurements blocks, loses and keeps what it is told to', async () => {
    const seen = await startSeenRpz();
    expect([await seen.isBlocked(0), await seen.isBlocked(1)]).toEqual([false, false]);
    await seen.putForeign(1);
    expect([await seen.isBlocked(0), await seen.isBlocked(1)]).toEqual([false, true]);
    await seen.lose(1);
    expect(await seen.isBlocked(1)).toBe(false);
    await seen.stop();
  });
});

describe.skipIf(!requirement('bind').ok)('a BIND with the default of min-update-interval', () => {
  test('acknowledges at once, and what it does not go by yet is pending, never present', async () => {
    const bind = await startBind({ policyOptions: '' });
    const connector = openRpz(bind.port);
    expect(await connector.apply(aCall(domain('second.example')), calm())).toMatchObject({
      kind: 'done',
      level: 'accepted',
    });
    expect(await areBlocked(bind.port, ['second.example'])).toEqual([false]);
    expect(await connector.verify?.(aCall(domain('second.example')), calm())).toMatchObject({ kind: 'pending' });
    await connector.close();
    await bind.stop();
  });
});
