import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { LINGER_MS, runNft } from './run-nft.ts';
import { sendJson } from './send-json.ts';

let directory: string;
const at = (name: string): string => path.join(directory, name);

beforeEach(() => {
  directory = mkdtempSync(path.join(os.tmpdir(), 'interdict-run-'));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(directory, { recursive: true });
});

function script(body: string): string {
  writeFileSync(at('nft'), `#!/bin/sh\n${body}\n`);
  chmodSync(at('nft'), 0o755);
  return at('nft');
}

function order(nft: string, signals: readonly AbortSignal[] = [new AbortController().signal]) {
  return { nft, signals, closing: new AbortController().signal, maxBytes: 1000 };
}

/** A zombie is dead: who collects it is not ours to say. */
const isAlive = (pid: number): boolean => {
  try {
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
};

const pidIn = async (file: string): Promise<number> => {
  await expect.poll(() => existsSync(at(file)) && readFileSync(at(file), 'utf8')).toMatch(/\d\n/);
  return Number(readFileSync(at(file), 'utf8'));
};

test('the program gets its arguments as they are, no environment but PATH and language, and no standard input', async () => {
  const nft = script(
    'printf "%s|" "$@"; env | grep -v -e ^PWD= -e ^_= -e ^SHLVL= | cut -d= -f1 | sort | tr "\\n" " "; cat; pwd',
  );
  const run = await runNft({ ...order(nft), args: ['-j', '$(id)', 'a b', '"'] });
  expect(run).toEqual({ kind: 'exited', code: 0, stdout: '-j|$(id)|a b|"|LC_ALL PATH /\n', stderr: '' });
});

test('a program that is not there is named with its package', async () => {
  const run = await runNft({ ...order('no-such-nft'), args: [] });
  expect(run).toEqual({
    kind: 'notStarted',
    message: 'The program no-such-nft was not found: install the package nftables.',
  });
});

test('a program that may not be started is named', async () => {
  writeFileSync(at('nft'), '');
  expect(await runNft({ ...order(at('nft')), args: [] })).toMatchObject({
    kind: 'notStarted',
    message: expect.stringContaining('EACCES'),
  });
});

test('arguments that the system does not take start nothing', async () => {
  const run = await runNft({ ...order(script('exit 0')), args: ['x'.repeat(300_000)] });
  expect(run).toMatchObject({ kind: 'notStarted', message: expect.stringContaining('E2BIG') });
});

test('at the abort the program and its children are killed', async () => {
  const nft = script(`sleep 600 & echo $! > '${at('child')}'; echo $$ > '${at('self')}'; wait`);
  const abort = new AbortController();
  const run = runNft({ ...order(nft, [abort.signal]), args: [] });
  const [self, child] = [await pidIn('self'), await pidIn('child')];
  abort.abort();
  expect(await run).toMatchObject({ kind: 'killed' });
  await expect.poll(() => [isAlive(self), isAlive(child)]).toEqual([false, false]);
});

test('nobody left means no start', async () => {
  const run = await runNft({ ...order(script(`touch '${at('ran')}'`), [AbortSignal.abort()]), args: [] });
  expect(run.kind).toBe('givenUp');
  expect(existsSync(at('ran'))).toBe(false);
});

test('one of several who gives up does not end the run for the others', async () => {
  const nft = script(`echo $$ > '${at('self')}'; while [ ! -e '${at('go')}' ]; do sleep 0.01; done; echo well`);
  const abort = new AbortController();
  const run = runNft({ ...order(nft, [abort.signal, new AbortController().signal]), args: [] });
  await pidIn('self');
  abort.abort();
  writeFileSync(at('go'), '');
  expect(await run).toMatchObject({ kind: 'exited', stdout: 'well\n' });
});

test('but a run that hangs ends a while after the first who gave up', async () => {
  const abort = new AbortController();
  const nft = script(`echo $$ > '${at('self')}'; exec sleep 600`);
  const run = runNft({ ...order(nft, [abort.signal, new AbortController().signal]), args: [] });
  await pidIn('self');
  const start = performance.now();
  abort.abort();
  expect(await run).toMatchObject({ kind: 'killed' });
  expect(performance.now() - start).toBeGreaterThan(LINGER_MS - 50);
});

test('what prints without end is ended', async () => {
  const run = await runNft({ ...order(script('while :; do echo 0123456789; done')), args: [] });
  expect(run).toEqual({ kind: 'killed', message: 'nft printed more than 1000 bytes and was ended.' });
});

test('JSON goes as an argument, and what is too long for one in a file that nobody else reads and that is removed', async () => {
  const nft = script(
    'for last; do :; done; if [ "$2" = -f ]; then stat -c %a "$3"; wc -c < "$3"; else printf %s "$2"; fi',
  );
  vi.stubEnv('TMPDIR', directory);
  expect(await sendJson([{ add: 1 }], order(nft))).toMatchObject({ stdout: '{"nftables":[{"add":1}]}' });
  const run = await sendJson([{ add: 'x'.repeat(150_000) }], order(nft));
  expect(run).toMatchObject({ stdout: '600\n150025\n' });
  expect(readdirSync(directory)).toEqual(['nft']);
});
