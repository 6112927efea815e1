import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';

const SCRIPT = path.join(import.meta.dirname, 'testing', 'stalling-process.ts');

interface Stalling {
  readonly child: ChildProcess;
  readonly begun: Promise<unknown>;
  /** When it is over: what it said, and how it ended. */
  readonly over: Promise<{ out: string; err: string; signal: string | null }>;
}

function start(standsMs: number, longestMs: number): Stalling {
  const child = spawn(process.execPath, ['--conditions=source', SCRIPT, String(standsMs), String(longestMs)]);
  const [out, err]: string[][] = [[], []];
  child.stdout.on('data', (chunk) => out?.push(String(chunk)));
  child.stderr.on('data', (chunk) => err?.push(String(chunk)));
  const over = once(child, 'exit').then(([, signal]) => ({
    out: out?.join('') ?? '',
    err: err?.join('') ?? '',
    signal: signal as string | null,
  }));
  return { child, begun: once(child.stdout, 'data'), over };
}

const saidMs = (out: string): number => Number(out.split('\n')[1]);

it('tells for how long the event loop stood still, when it goes again', { timeout: 30_000 }, async () => {
  const { out, signal } = await start(3_000, 20_000).over;
  expect(signal).toBeNull();
  expect(saidMs(out)).toBeGreaterThan(1_000);
  expect(saidMs(out)).toBeLessThan(6_000);
});

it('ends the process where the event loop does not come back', { timeout: 30_000 }, async () => {
  const { err, signal } = await start(20_000, 1_000).over;
  expect(signal).toBe('SIGKILL');
  expect(err).toContain('"msg":"The event loop stood still for 10');
});

it('takes a process that was stopped as a whole for one that stood still with it', { timeout: 30_000 }, async () => {
  const { child, begun, over } = start(0, 2_000);
  await begun;
  child.kill('SIGSTOP');
  await delay(5_000);
  child.kill('SIGCONT');
  const { out, signal } = await over;
  expect(signal).toBeNull();
  expect(saidMs(out)).toBeLessThan(2_000);
});
