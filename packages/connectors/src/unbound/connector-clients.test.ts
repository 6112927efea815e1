import { execFileSync } from 'node:child_process';
import { chmodSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { requirement } from '../../../../test/requirement.ts';
import type { Answer, Connector, Effect, Presence } from '../connector.ts';
import { aCall, TENANT_A } from '../testing.ts';
import { unbound } from './connector.ts';
import { startUnbound, type UnboundProduct } from './testing/unbound-product.ts';

const calm = (): AbortSignal => new AbortController().signal;
const domain = (value: string): Effect => ({
  tenantId: TENANT_A,
  action: 'BlockDomain',
  target: { kind: 'domain', value },
});
const DONE = { kind: 'done', level: 'reported' };

describe.skipIf(!requirement('unbound').ok)('Unbound, seen by its clients', () => {
  let product: UnboundProduct;
  let connector: Connector;

  const open = (own: object = {}): Connector =>
    unbound.open(
      { name: 'dns', own: { socket: product.socket, probe: `127.0.0.1:${product.port}`, ...own } },
      {} as never,
    );
  const apply = (value: string): Promise<Answer> => connector.apply(aCall(domain(value)), calm());
  const release = (value: string): Promise<Answer> => connector.release(aCall(domain(value)), calm());
  const look = async (value: string): Promise<Presence | undefined> => connector.verify?.(aCall(domain(value)), calm());
  const statusOf = async (name: string): Promise<string> =>
    /status: (\w+)/.exec(await product.dig(name))?.[1] ?? 'none';

  beforeAll(async () => {
    product = await startUnbound(
      '  local-zone: "pass.example." transparent\n  local-zone: "mine.example." always_nxdomain',
    );
  });
  afterAll(() => product?.stop());
  beforeEach(() => {
    connector = open();
  });
  afterEach(() => connector.close());

  test('a name and all below it do not exist once it is done, and are asked for again after the release', async () => {
    expect(await statusOf('evil.example')).toBe('NOERROR');
    expect(await apply('evil.example')).toEqual(DONE);
    expect([await statusOf('evil.example'), await statusOf('a.b.evil.example')]).toEqual(['NXDOMAIN', 'NXDOMAIN']);
    expect(await statusOf('notevil.example')).toBe('NOERROR');
    expect(await look('evil.example')).toEqual({ kind: 'present' });
    expect(await release('evil.example')).toEqual(DONE);
    expect(await statusOf('evil.example')).toBe('NOERROR');
    expect(await look('evil.example')).toEqual({ kind: 'absent' });
  });

  test('a parent that blocks it too is somebody else’s: it is not taken for the block', async () => {
    await apply('evil.example');
    expect(await look('www.evil.example')).toEqual({ kind: 'absent' });
    await release('evil.example');
  });

  test("an administrator's zone of another type is neither overwritten nor removed", async () => {
    expect(await apply('pass.example')).toMatchObject({
      kind: 'refused',
      message: expect.stringContaining('type transparent'),
    });
    expect(await release('pass.example')).toEqual(DONE);
    expect(await product.control('list_local_zones')).toContain('pass.example. transparent');
  });

  test('a reload forgets it, which a look and a list see; it is put back by an apply', async () => {
    await apply('evil.example');
    await product.control('reload');
    await vi.waitFor(async () => expect(await look('evil.example')).toEqual({ kind: 'absent' }), { timeout: 5_000 });
    const names = (await connector.list?.(TENANT_A, calm()))?.map(({ target }) => target.value);
    expect(names).toEqual(['mine.example']);
    expect(await apply('evil.example')).toEqual(DONE);
    expect(await statusOf('evil.example')).toBe('NXDOMAIN');
    await release('evil.example');
  });

  test('10,000 names are in force within 306 ms and half as long again, or what a busy machine makes of it', async () => {
    const names = Array.from({ length: 10_000 }, (_, index) => `n-${index}.evil.example`);
    const alone: number[] = [];
    const [took, gone]: number[][] = [[], []];
    const file = path.join(product.folder, 'zones');
    writeFileSync(file, names.map((name) => `${name} always_nxdomain\n`).join(''));
    const byHand = (command: string, lines: string): void =>
      void execFileSync('/usr/sbin/unbound-control', ['-c', `${product.folder}/unbound.conf`, command], {
        input: lines,
      });
    for (let round = 0; round < 3; round += 1) {
      let began = performance.now();
      byHand('local_zones', names.map((name) => `${name} always_nxdomain\n`).join(''));
      alone.push(performance.now() - began);
      byHand('local_zones_remove', names.map((name) => `${name}\n`).join(''));
      began = performance.now();
      const answers = await Promise.all(names.map(apply));
      took?.push(performance.now() - began);
      expect(answers.every(({ kind }) => kind === 'done')).toBe(true);
      expect(await statusOf('n-9999.evil.example')).toBe('NXDOMAIN');
      began = performance.now();
      await Promise.all(names.map(release));
      gone?.push(performance.now() - began);
    }
    console.log(
      `10,000 in force: ${took?.map(Math.round)} ms; by hand ${alone.map(Math.round)} ms; gone: ${gone?.map(Math.round)} ms`,
    );
    expect(Math.min(...(took ?? []))).toBeLessThan(Math.max(306 * 1.5, Math.min(...alone) * 3));
  }, 60_000);

  test.each([
    'evil.example\nstop',
    'evil.example;x',
    'evil example',
    '*.evil.example',
    'evil.example.',
    'EVIL.example',
    'evil',
    '.',
    `${'a'.repeat(64)}.example`,
    `${'a.'.repeat(125)}example`,
    'evil\0.example',
    'еvil.example',
    '"evil.example"',
  ])('the name %j is never sent', async (value) => {
    const before = await product.control('list_local_zones');
    expect(await apply(value)).toMatchObject({ kind: 'refused' });
    expect(await release(value)).toMatchObject({ kind: 'refused' });
    expect(await look(value)).toEqual({ kind: 'absent' });
    expect(await product.control('list_local_zones')).toBe(before);
  });

  test.each([
    ['a socket that is not there', { socket: '/no/such/socket' }],
    ['a file in place of the socket', { socket: '/etc/hostname' }],
  ])('%s: our own fault, in a sentence', async (_, own) => {
    await connector.close();
    connector = open(own);
    expect(await apply('evil.example')).toMatchObject({ kind: 'unavailable', fault: 'ours' });
    expect(await look('evil.example')).toMatchObject({ kind: 'unknown' });
  });

  test('a probe that asks another resolver shows no block, and says so', async () => {
    await connector.close();
    connector = open({ probe: '127.0.0.1:1' });
    await apply('evil.example');
    expect(await look('evil.example')).toMatchObject({ kind: 'unknown', message: expect.stringContaining('probe') });
    await release('evil.example');
  });

  test('the group of the socket is the only right: without it nothing is done', () => {
    chmodSync(product.socket, 0o660);
    const script = `
      import { unbound } from ${JSON.stringify(path.join(import.meta.dirname, 'connector.ts'))};
      const connector = unbound.open({ name: 'dns', own: { socket: '${product.socket}', probe: '127.0.0.1:${product.port}' } }, {});
      const call = { tenantId: '${TENANT_A}', action: 'BlockDomain', target: { kind: 'domain', value: 'evil.example' }, operationId: 'x', attempt: 1, expirationDateTime: '', request: {} };
      console.log((await connector.apply(call, new AbortController().signal)).kind);`;
    const as = (gid: number): string =>
      execFileSync(
        'setpriv',
        [
          '--reuid=65534',
          `--regid=${gid}`,
          '--clear-groups',
          '--inh-caps=-all',
          process.execPath,
          '--conditions=source',
          '--input-type=module',
          '-e',
          script,
        ],
        { encoding: 'utf8', cwd: '/' },
      ).trim();
    expect([as(65_534), as(0)]).toEqual(['unavailable', 'done']);
  });
});
