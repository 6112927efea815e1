import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { requirement } from '../../../../test/requirement.ts';
import type { Connector } from '../connector.ts';
import { aCall, Gate, HOSTILE_ANSWERS, TENANT_A, TENANT_B } from '../testing.ts';
import { clamav } from './connector.ts';
import { NO_PORTS } from './testing/clamav-under-test.ts';
import { apply, effectOf, openWorkshop, release, soon, verify } from './testing/workshop.ts';

const EFFECT = effectOf('sha256', 0);

function opened(socket: string, folder: string): { readonly connector: Connector } {
  const connector = clamav.open({ name: 'files', own: { socket, folder } }, NO_PORTS);
  onTestFinished(() => connector.close());
  return { connector };
}

async function tempFolder(): Promise<string> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'interdict-clamav-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** What an apply, a release and a look say, which is one and the same. */
async function saying(at: { readonly connector: Connector }): Promise<string> {
  const answers = [await apply(at, EFFECT), await release(at, EFFECT), await verify(at, EFFECT)];
  const [applied, released, looked] = answers;
  expect(applied).toMatchObject({ kind: 'unavailable' });
  expect(released).toEqual(applied);
  expect(looked?.kind).toBe('unknown');
  expect(looked && 'fault' in looked).toBe(applied && 'fault' in applied);
  return applied && 'message' in applied ? `${'fault' in applied ? 'ours: ' : ''}${applied.message}` : '';
}

describe.skipIf(!requirement('clamav').ok)('a wrong configuration', () => {
  it('of the socket is told in a sentence', async () => {
    const folder = await tempFolder();
    const socket = path.join(folder, 'clamd.sock');
    expect(await saying(opened(socket, folder))).toBe(
      `The socket ${socket} is not there: is clamd running, and is this clamd's LocalSocket?`,
    );
    expect(await saying(opened(path.join(folder, 'no', 'clamd.sock'), folder))).toMatch(/is not there/);
    await writeFile(socket, '');
    expect(await saying(opened(socket, folder))).toMatch(/nobody listens/);
    expect(await saying(opened(path.join(socket, 'x'), folder))).toMatch(/^ours: .* a part of the path is a file/);
  });

  it('of the folder is told in a sentence', async () => {
    const { clamd } = await openWorkshop();
    const missing = path.join(clamd.home, 'missing');
    expect(await apply(opened(clamd.socket, missing), EFFECT)).toEqual({
      kind: 'unavailable',
      fault: 'ours',
      message: `The folder ${missing} is not there: give clamd's DatabaseDirectory.`,
    });
    expect(await verify(opened(clamd.socket, missing), EFFECT)).toMatchObject({ kind: 'unknown', fault: 'ours' });
    const file = path.join(clamd.folder, 'interdict.hsb');
    expect(await apply(opened(clamd.socket, file), EFFECT)).toMatchObject({
      kind: 'unavailable',
      fault: 'ours',
      message: `The folder ${file} is no folder.`,
    });
    await rm(file);
    await mkdir(file);
    expect(await apply(opened(clamd.socket, clamd.folder), EFFECT)).toMatchObject({
      kind: 'unavailable',
      fault: 'ours',
      message: expect.stringContaining('has a folder where a file of Interdict should be'),
    });
  });

  it('of another folder than clamd reads is never taken for a success', async () => {
    const { clamd } = await openWorkshop();
    const folder = await tempFolder();
    expect(await apply(opened(clamd.socket, folder), EFFECT)).toMatchObject({
      kind: 'pending',
      message: expect.stringContaining('another DatabaseDirectory'),
    });
  });

  it('of a folder that clamd may not enter is never taken for a success', async () => {
    const workshop = await openWorkshop();
    await chmod(workshop.clamd.folder, 0o700);
    expect(await apply(workshop, EFFECT)).toMatchObject({
      kind: 'pending',
      message: expect.stringContaining('may not read it'),
    });
    expect(await verify(workshop, EFFECT)).toMatchObject({ kind: 'pending' });
    await chmod(workshop.clamd.folder, 0o755);
    expect(await apply(workshop, EFFECT)).toMatchObject({ kind: 'done' });
  });

  it('is refused at the start where a path is relative', () => {
    const at = (own: Record<string, unknown>) => () => clamav.open({ name: 'files', own }, NO_PORTS);
    expect(at({ socket: 'clamd.sock', folder: '/a' })).toThrow('socket is "clamd.sock": an absolute path is wanted.');
    expect(at({ socket: '/a', folder: './b' })).toThrow('folder is "./b": an absolute path is wanted.');
    expect(at({ socket: '/a' })).toThrow('folder is undefined');
    const twin = (folder: string) => clamav.exclusiveOf?.({ name: 'x', own: { socket: '/a', folder } });
    expect(twin('/b/c/')).toBe(twin('/b/./c'));
    expect(twin('/b')).not.toBe(twin('/c'));
  });
});

describe.skipIf(!requirement('clamav').ok)('who is not clamd', () => {
  it.each(HOSTILE_ANSWERS.slice(0, 40).map((answer) => [answer.name, answer] as const))(
    'and answers a ping with %s gets nothing written',
    async (_, answer) => {
      const folder = await tempFolder();
      const gate = new Gate({ product: () => ({ path: folder }), path: path.join(folder, 'gate.sock') });
      await gate.open();
      onTestFinished(() => gate.close());
      await gate.misbehave({ kind: 'hostile', answer });
      const { connector } = opened(path.join(folder, 'gate.sock'), folder);
      const said = await connector.apply(aCall(EFFECT), AbortSignal.timeout(200));
      expect(said.kind).toBeOneOf(['unknown', 'unavailable']);
      expect(existsSync(path.join(folder, 'interdict.hsb'))).toBe(false);
    },
  );

  it('and hangs up at once is not waited for', async () => {
    const folder = await tempFolder();
    const socket = path.join(folder, 'x.sock');
    const server = createServer((client) => client.destroy()).listen(socket);
    onTestFinished(() => void server.close());
    expect(await apply(opened(socket, folder), EFFECT)).toMatchObject({ kind: 'unknown' });
  });
});

describe.skipIf(!requirement('clamav').ok)('a target that is none', () => {
  const hash = EFFECT.target.value;
  it.each([
    ['', 'sha256'],
    [`${hash}\n${hash}:*:X:73`, 'sha256'],
    [`${hash}\n`, 'sha256'],
    [`${hash}\0`, 'sha256'],
    [`${hash};`, 'sha256'],
    [hash.toUpperCase(), 'sha256'],
    [`${hash.slice(0, 63)}:`, 'sha256'],
    [`${hash.slice(0, 63)}*`, 'sha256'],
    [hash.slice(1), 'sha256'],
    [hash, 'md5'],
    [hash.slice(0, 32), 'sha1'],
    ['a'.repeat(10_000), 'sha1'],
    [`"${hash.slice(2)}"`, 'sha256'],
  ] as const)('%j as %s is never written', async (value, kind) => {
    const folder = await tempFolder();
    const at = opened(path.join(folder, 'none.sock'), folder);
    const effect = { tenantId: TENANT_A, action: 'BlockFile', target: { kind, value } };
    expect(await apply(at, effect)).toMatchObject({ kind: 'refused', message: expect.stringMatching(/^[^\n\0]+$/) });
    expect(await release(at, effect)).toMatchObject({ kind: 'refused' });
    expect(await verify(at, effect)).toEqual({ kind: 'absent' });
  });

  it.each(['', 'x', `${TENANT_B}\n`, `${TENANT_B.slice(0, 35)}:`, '*'])('tenant %j is none', async (tenantId) => {
    const folder = await tempFolder();
    const at = opened(path.join(folder, 'none.sock'), folder);
    expect(await apply(at, { ...EFFECT, tenantId })).toMatchObject({ kind: 'refused' });
    await expect(at.connector.list?.(tenantId, soon())).rejects.toThrow();
  });
});
