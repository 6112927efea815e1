import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';

let folder: string;
let helper: ChildProcessWithoutNullStreams;
let told = '';

function start(...args: string[]): void {
  helper = spawn(process.execPath, [
    path.join(import.meta.dirname, 'helper.ts'),
    path.join(folder, 'blocked.txt'),
    ...args,
  ]);
  told = '';
  helper.stdout.on('data', (chunk) => {
    told += chunk;
  });
}

beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'helper-'));
});
afterEach(() => {
  helper.kill('SIGKILL');
  rmSync(folder, { recursive: true });
});

const answers = async (...lines: string[]): Promise<readonly string[]> => {
  await vi.waitFor(() => {
    for (const line of lines) expect(told.split('\n')).toContain(line);
  }, 5_000);
  return told.trim().split('\n').toSorted();
};

test('each channel gets its answer, and garbage gets none', async () => {
  writeFileSync(path.join(folder, 'blocked.txt'), 'evil.example\n');
  start();
  helper.stdin.write('1 http://evil.example/x GET - -\n2 http://good.example/ GET - -\n3 www.evil.exam');
  helper.stdin.write('ple:443 CONNECT - -\n');
  helper.stdin.write(Buffer.from([0xff, 0, 10, 13, 10, 0x80, 10]));
  helper.stdin.write('\n \nx y z\n-1 http://evil.example/ GET -\n99999999999 http://evil.example/ GET -\n4\n5 %%%\n');
  helper.stdin.write(`6 http://evil.example/${'a'.repeat(1_000_000)} GET - -\n7 http://evil.example/ GET - -\n`);
  expect(await answers('1 OK', '2 ERR', '3 OK', '4 ERR', '5 ERR', '7 OK')).toEqual([
    '1 OK',
    '2 ERR',
    '3 OK',
    '4 ERR',
    '5 ERR',
    '7 OK',
  ]);
});

test('a hundred questions at once, while the list changes', async () => {
  start();
  const file = path.join(folder, 'blocked.txt');
  const ask = (from: number): void => {
    for (let channel = from; channel < from + 100; channel += 1)
      helper.stdin.write(`${channel} http://evil.example/ GET - -\n`);
  };
  ask(0);
  expect(await answers(...Array.from({ length: 100 }, (_, index) => `${index} ERR`))).toHaveLength(100);
  writeFileSync(file, 'evil.example\n');
  ask(100);
  await answers(...Array.from({ length: 100 }, (_, index) => `${index + 100} OK`));
  rmSync(file);
  ask(200);
  await answers(...Array.from({ length: 100 }, (_, index) => `${index + 200} ERR`));
});

test('it ends when Squid closes it', async () => {
  start();
  helper.stdin.end('1 http://evil.example/ GET - -\n');
  const [code] = await new Promise<[number | null]>((resolve) => helper.once('exit', (status) => resolve([status])));
  expect(code).toBe(0);
  expect(told).toBe('1 ERR\n');
});
