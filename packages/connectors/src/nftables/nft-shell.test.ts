import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { NftShell } from './nft-shell.ts';

let directory: string;
let closing: AbortController;
const at = (name: string): string => path.join(directory, name);

beforeEach(() => {
  directory = mkdtempSync(path.join(os.tmpdir(), 'interdict-shell-'));
  closing = new AbortController();
});
afterEach(() => {
  closing.abort();
  rmSync(directory, { recursive: true });
});

function script(body: string): string {
  writeFileSync(at('nft'), `#!/bin/sh\n${body}\n`);
  chmodSync(at('nft'), 0o755);
  return at('nft');
}

const order = (nft: string, signal = new AbortController().signal, maxBytes = 1_000) => ({
  ...{ nft, signals: [signal], closing: closing.signal, maxBytes },
});

const shellFor = (nft: string): NftShell => new NftShell(nft, closing.signal);

const numberIn = async (file: string): Promise<number> => {
  await expect.poll(() => existsSync(at(file)) && readFileSync(at(file), 'utf8')).toMatch(/\d\n/);
  return Number(readFileSync(at(file), 'utf8'));
};

/** A zombie is dead: who collects it is not ours to say. */
const isAlive = (pid: number): boolean => {
  try {
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
};

it('gives nft the commands as they are, no input, and the environment of a direct run; and brings what it says', async () => {
  const nft = script('printf "%s|" "$@"; cat; pwd; echo "$LC_ALL" >&2; printf "no end" >&2; exit 3');
  const json = JSON.stringify({ a: '$(id) `id` \\n \' " é' });
  const answer = { kind: 'exited', code: 3, stdout: `-j|${json}|/\n`, stderr: 'C\nno end' };
  const shell = shellFor(nft);
  expect(await shell.run(json, order(nft))).toEqual(answer);
  expect(await shell.run(json, order(nft))).toEqual(answer);
});

it('is one process for all runs', async () => {
  const nft = script('echo "$PPID"');
  const shell = shellFor(nft);
  const [one, other] = [await shell.run('{}', order(nft)), await shell.run('{}', order(nft))];
  expect(one).toEqual(other);
  expect(one).toMatchObject({ stdout: expect.stringMatching(/^\d+\n$/) });
  expect(one).not.toMatchObject({ stdout: `${process.pid}\n` });
});

it('runs what comes meanwhile, and what is long, without itself', async () => {
  const nft = script('echo "$PPID"; sleep 0.2');
  const shell = shellFor(nft);
  const own = { stdout: `${process.pid}\n` };
  const [first, second] = await Promise.all([shell.run('{}', order(nft)), shell.run('{}', order(nft))]);
  expect(first).not.toMatchObject(own);
  expect(second).toMatchObject(own);
  expect(await shell.run(JSON.stringify('x'.repeat(9_000)), order(nft))).toMatchObject(own);
});

it('says of a program that cannot be started what a direct run says', async () => {
  expect(await shellFor('no-such-nft').run('{}', order('no-such-nft'))).toMatchObject({
    kind: 'notStarted',
    message: expect.stringContaining('install the package nftables'),
  });
  writeFileSync(at('nft'), '');
  expect(await shellFor(at('nft')).run('{}', order(at('nft')))).toMatchObject({
    kind: 'notStarted',
    message: expect.stringContaining('EACCES'),
  });
});

it('ends a run that nobody waits for, with all that it started, and runs the next one', async () => {
  const nft = script(`[ "$2" = '{}' ] || exit 0; sleep 600 & echo $! > ${at('pid')}; wait`);
  const shell = shellFor(nft);
  const leaving = new AbortController();
  const run = shell.run('{}', order(nft, leaving.signal));
  const pid = await numberIn('pid');
  leaving.abort();
  expect(await run).toMatchObject({ kind: 'killed' });
  expect(isAlive(pid)).toBe(false);
  expect(await shell.run('[]', order(nft))).toMatchObject({ kind: 'exited', code: 0 });
});

it('answers a run that a signal does not end, and does not mix it up with the next', async () => {
  const nft = script(`[ "$2" = '{}' ] || exit 7; setsid sleep 2 & echo $$ > ${at('pid')}; sleep 600`);
  const shell = shellFor(nft);
  const leaving = new AbortController();
  const run = shell.run('{}', order(nft, leaving.signal));
  await numberIn('pid');
  leaving.abort();
  expect(await run).toMatchObject({ kind: 'killed' });
  expect(await shell.run('[]', order(nft))).toMatchObject({ kind: 'exited', code: 7 });
  await new Promise((resolve) => setTimeout(resolve, 700));
  expect(await shell.run('[]', order(nft))).toMatchObject({ kind: 'exited', code: 7 });
});

it('ends a run that prints too much', async () => {
  const nft = script('yes');
  const shell = shellFor(nft);
  expect(await shell.run('{}', order(nft))).toMatchObject({ kind: 'killed', message: expect.stringContaining('1000') });
});

it('says that it does not know where the shell is ended, and starts another', async () => {
  const nft = script(`[ "$2" = '{}' ] || exit 0; echo $PPID > ${at('shell')}; sleep 600`);
  const shell = shellFor(nft);
  const run = shell.run('{}', order(nft));
  process.kill(await numberIn('shell'), 'SIGKILL');
  expect(await run).toMatchObject({ kind: 'killed' });
  expect(await shell.run('[]', order(nft))).toMatchObject({ kind: 'exited', code: 0 });
});

it('ends with its connector', async () => {
  const nft = script(`echo $PPID > ${at('shell')}; sleep 600`);
  const shell = shellFor(nft);
  const run = shell.run('{}', order(nft));
  const pid = await numberIn('shell');
  closing.abort();
  expect(await run).toMatchObject({ kind: 'killed' });
  expect(isAlive(pid)).toBe(false);
  expect(await shell.run('{}', order(nft))).toMatchObject({ kind: 'givenUp' });
});
