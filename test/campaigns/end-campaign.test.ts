import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'vitest';

const ROOT = path.join(import.meta.dirname, '..', '..');

/** Begins a process that would go on for a minute, says its id, and is busy: it hears no signal. */
const BUSY = `
  const { spawn } = require('node:child_process');
  const fs = require('node:fs');
  process.on('SIGTERM', () => undefined).on('SIGINT', () => undefined);
  const child = spawn(process.execPath, ['-e', 'setTimeout(() => undefined, 60_000)'], { stdio: 'ignore' });
  fs.writeSync(1, String(child.pid));
  for (const until = Date.now() + 30_000; Date.now() < until; );`;

/** Begins one too, and ends by itself as it is told to. */
const WILLING = `
  const { spawn } = require('node:child_process');
  process.on('SIGTERM', () => process.exit(1));
  const child = spawn(process.execPath, ['-e', 'setTimeout(() => undefined, 60_000)'], { stdio: 'ignore' });
  process.stdout.write(String(child.pid));`;

function lives(pid: number): boolean {
  try {
    // One that ended and that nobody has asked for is a zombie.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

const begin = (program: string) =>
  spawn(process.execPath, [path.join(ROOT, 'scripts', 'with-node.cjs'), '--campaign', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });

describe.concurrent('a campaign', () => {
  it.for([
    ['is busy', 'SIGTERM', 143, BUSY],
    ['is busy', 'SIGINT', 130, BUSY],
    ['ends by itself', 'SIGTERM', 143, WILLING],
  ] as const)('that %s ends within two seconds of %s, with all that it began', async (of, { expect }) => {
    const [, signal, exits, program] = of;
    const campaign = begin(program);
    const [said] = (await once(campaign.stdout, 'data')) as [Buffer];
    const begun = Number(said.toString());
    expect(lives(begun)).toBe(true);
    const askedAt = performance.now();
    const exited = once(campaign, 'exit');
    campaign.kill(signal);
    expect(await exited).toEqual([exits, null]);
    await expect.poll(() => lives(begun), { interval: 10 }).toBe(false);
    expect(performance.now() - askedAt).toBeLessThan(2_000);
  });

  it('ends with the code of its own where nobody ends it', async ({ expect }) => {
    expect(await once(begin('process.exit(3)'), 'exit')).toEqual([3, null]);
  });

  it('is run so by each command', ({ expect }) => {
    const { scripts } = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8')) as {
      scripts: Readonly<Record<string, string>>;
    };
    const campaigns = Object.values(scripts).filter((script) => script.includes('test/campaigns/'));
    expect(campaigns.length).toBeGreaterThan(7);
    expect(campaigns.filter((script) => !script.includes('with-node.cjs --campaign '))).toEqual([]);
  });
});
