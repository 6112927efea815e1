import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { withLock } from './lock.ts';

const HOLD = `
  const { DatabaseSync } = require('node:sqlite');
  globalThis.held = new DatabaseSync(process.argv[1]);
  held.exec('BEGIN EXCLUSIVE');
  console.log('held');
  setInterval(() => {}, 1000);
`;

const calm = (): AbortSignal => AbortSignal.timeout(5_000);

async function lockFile(): Promise<string> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'interdict-lock-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return path.join(folder, 'lock');
}

it('lets one run after the other, and leaves an empty file', async () => {
  const file = await lockFile();
  const events: string[] = [];
  const run = (name: string) =>
    withLock(file, calm(), async () => {
      events.push(`${name} begins`);
      await new Promise((resolve) => setTimeout(resolve, 5));
      events.push(`${name} ends`);
    });
  await Promise.all([run('a'), run('b'), run('c')]);
  for (let at = 0; at < events.length; at += 2) expect(events[at + 1]).toBe(events[at]?.replace('begins', 'ends'));
  expect([(await stat(file)).size, await readdir(path.dirname(file))]).toEqual([0, ['lock']]);
});

it('is free after what ran has thrown', async () => {
  const file = await lockFile();
  await expect(withLock(file, calm(), () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(await withLock(file, calm(), async () => 'free')).toBe('free');
});

it('is waited for no longer than the caller waits, and is free as soon as its holder is killed', async () => {
  const file = await lockFile();
  const holder = spawn(process.execPath, ['--no-warnings', '-e', HOLD, file], { stdio: ['ignore', 'pipe', 'ignore'] });
  onTestFinished(() => void holder.kill('SIGKILL'));
  await once(holder.stdout, 'data');
  await expect(withLock(file, AbortSignal.timeout(30), async () => 'mine')).rejects.toThrow(/abort/i);
  const waiting = withLock(file, calm(), async () => 'mine');
  holder.kill('SIGKILL');
  expect(await waiting).toBe('mine');
});
