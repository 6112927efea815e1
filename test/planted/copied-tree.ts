import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const ROOT = path.join(import.meta.dirname, '..', '..');
const COPIED = ['packages', 'test', 'scripts', 'docs', 'package.json', 'tsconfig.json', 'vitest.config.ts'];

export const patchOf = (name: string): string => path.join(ROOT, 'test', 'campaigns', 'planted', `${name}.patch`);

/** Whether a patch still fits the code here; what git said where it does not. */
export function faultOfPatch(name: string): string | undefined {
  const { status, stderr } = spawnSync('git', ['apply', '--check', patchOf(name)], { cwd: ROOT, encoding: 'utf8' });
  return status === 0 ? undefined : stderr.trim();
}

/** A copy of the tree to put bugs into; its packages are linked. Ends with the process. */
export function copyTree(): string {
  const tree = mkdtempSync(path.join(os.tmpdir(), 'interdict-planted-'));
  process.once('exit', () => rmSync(tree, { recursive: true, force: true }));
  for (const name of COPIED) cpSync(path.join(ROOT, name), path.join(tree, name), { recursive: true });
  symlinkSync(path.join(ROOT, 'node_modules'), path.join(tree, 'node_modules'));
  return tree;
}

/** Puts a bug in, or takes it out. @throws {Error} where the patch does not fit */
export function applyPatch(tree: string, name: string, isBack = false): void {
  const args = ['apply', ...(isBack ? ['-R'] : []), patchOf(name)];
  const { status, stderr } = spawnSync('git', args, { cwd: tree, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${name} does not apply: ${stderr.trim()}`);
}

export interface Verdict {
  readonly passed: readonly string[];
  readonly failed: readonly string[];
}

interface Report {
  readonly testResults: readonly {
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[];
  }[];
}

/** Runs the tests of a file whose names have the words in them, in the copy. A file that cannot be loaded has neither. */
export function runTest(tree: string, file: string, test: string, withinMs: number): Verdict {
  const words = test.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const report = path.join(tree, 'report.json');
  rmSync(report, { force: true });
  const args = [
    'node_modules/vitest/vitest.mjs',
    'run',
    file,
    '-t',
    words,
    '--reporter=json',
    `--outputFile=${report}`,
  ];
  spawnSync(process.execPath, args, { cwd: tree, stdio: 'ignore', timeout: withinMs });
  if (!existsSync(report)) return { passed: [], failed: [] };
  const { testResults } = JSON.parse(readFileSync(report, 'utf8')) as Report;
  const all = testResults.flatMap(({ assertionResults }) => assertionResults);
  const named = (status: string): string[] =>
    all.filter((each) => each.status === status).map(({ fullName }) => fullName);
  return { passed: named('passed'), failed: named('failed') };
}
