import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect, it, onTestFinished } from 'vitest';

const run = promisify(execFile);
const ROOT = path.join(import.meta.dirname, '..', '..', '..', '..');
const PROGRAM = path.join(ROOT, 'packages/cli/bin/interdict.cjs');

/** A folder outside of the repository that has its packages, and nothing else. */
async function freshFolder(): Promise<string> {
  const folder = await realpath(await mkdtemp(path.join(os.tmpdir(), 'interdict-new-')));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  await mkdir(path.join(folder, 'node_modules/@interdict'), { recursive: true });
  for (const name of ['connectors', 'contract']) {
    await symlink(path.join(ROOT, 'packages', name), path.join(folder, 'node_modules/@interdict', name));
  }
  await symlink(path.join(ROOT, 'node_modules/vitest'), path.join(folder, 'node_modules/vitest'));
  await writeFile(path.join(folder, 'package.json'), '{ "type": "module" }');
  return folder;
}

const interdict = (cwd: string, ...args: string[]) => run(process.execPath, [PROGRAM, ...args], { cwd });

it('makes a connector that passes the whole suite where it stands', { timeout: 120_000 }, async () => {
  const cwd = await freshFolder();
  const { stdout } = await interdict(cwd, 'connector', 'new', 'door-lock');
  expect(stdout).toContain('npx vitest run');
  const made = path.join(cwd, 'connectors/door-lock');
  const source = await readFile(path.join(made, 'connector.ts'), 'utf8');
  expect(source).toContain("name: 'door-lock'");
  expect(source).toContain('openDoorLock');
  expect(source).not.toMatch(/my-product|MyProduct/);
  const env = { ...process.env };
  for (const name of Object.keys(env)) if (name.startsWith('VITEST')) delete env[name];
  const vitest = path.join(cwd, 'node_modules/vitest/vitest.mjs');
  const tests = await run(process.execPath, [vitest, 'run', '--reporter=dot'], {
    cwd: made,
    env: { ...env, NO_COLOR: '1' },
  });
  expect(Number(/Tests +(\d+) passed \(\1\)/.exec(tests.stdout)?.[1])).toBeGreaterThan(30);
});

it('writes over nothing, and takes no name that is none', async () => {
  const cwd = await freshFolder();
  await interdict(cwd, 'connector', 'new', 'door', '--folder', 'mine');
  const again = interdict(cwd, 'connector', 'new', 'door', '--folder', 'mine');
  await expect(again).rejects.toMatchObject({ code: 1, stderr: 'error: mine exists: nothing is written over.\n' });
  for (const name of ['Door', '../door', 'a b', '']) {
    await expect(interdict(cwd, 'connector', 'new', name)).rejects.toMatchObject({ code: 1 });
  }
});
