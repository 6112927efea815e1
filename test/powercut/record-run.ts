import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { ask, startServer, type TestServer } from '../server.ts';

const ROOT = path.join(import.meta.dirname, '..', '..');

/** Compiles the shim. @throws {Error} where there is no C compiler */
export function compileShim(folder: string): string {
  const shim = path.join(folder, 'shim.so');
  const source = path.join(import.meta.dirname, 'shim.c');
  execFileSync('gcc', ['-O2', '-shared', '-fPIC', '-Wall', '-Werror', '-o', shim, source, '-ldl', '-lpthread']);
  return shim;
}

/**
 * A copy of the server that asks the disk for less: `synchronous=NORMAL`, for the control run. The product has no such
 * switch, and must have none.
 * @returns its entry
 */
export function copyWithNormal(folder: string): string {
  const tree = path.join(folder, 'control');
  mkdirSync(path.join(tree, 'packages'), { recursive: true });
  cpSync(path.join(ROOT, 'packages', 'server'), path.join(tree, 'packages', 'server'), { recursive: true });
  symlinkSync(path.join(ROOT, 'node_modules'), path.join(tree, 'node_modules'));
  const file = path.join(tree, 'packages', 'server', 'src', 'store', 'sql', 'sqlite-open.ts');
  const source = readFileSync(file, 'utf8');
  const weaker = source
    .replace('synchronous = full', 'synchronous = normal')
    .replace('const FULL = 2', 'const FULL = 1');
  if (weaker === source) throw new Error('The control run weakens nothing: sqlite-open.ts has changed.');
  writeFileSync(file, weaker);
  return path.join(tree, 'packages', 'server', 'src', 'main.ts');
}

export interface RecordSettings {
  readonly shim: string;
  readonly folder: string;
  readonly posts: number;
  readonly main?: string;
}

const IN_FLIGHT = 64;

async function load(server: TestServer, posts: number): Promise<void> {
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < posts) {
      next += 1;
      const value = `2001:db8:${Math.floor(next / 60_000).toString(16)}::${(next % 60_000).toString(16)}`;
      const body = {
        name: 'BlockIp',
        parameters: [{ name: 'IP', value }],
        vendorInformation: { provider: next % 2 ? 'simulator' : 'blocklist' },
      };
      await ask(server, '/beta/security/securityActions', { body });
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, work));
}

/** Runs the server on a new data folder under load, kills it, and gives the side log of the whole life. */
export async function recordRun({
  shim,
  folder,
  posts,
  main,
}: RecordSettings): Promise<{ readonly log: Buffer; readonly data: string }> {
  const data = path.join(folder, 'data');
  rmSync(data, { recursive: true, force: true });
  mkdirSync(data, { recursive: true });
  const log = path.join(folder, 'side-log');
  rmSync(log, { force: true });
  const env = { LD_PRELOAD: shim, POWERCUT_LOG: log };
  const server = await startServer({ data, env, ...(main !== undefined && { main }) });
  try {
    await load(server, posts);
  } finally {
    await server.kill();
  }
  return { log: readFileSync(log), data };
}
