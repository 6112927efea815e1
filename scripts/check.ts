import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

/** Everything but the tests. Each step is a promise; a red one says which is broken. */
interface Step {
  readonly promise: string;
  readonly check: () => string | undefined;
}

const ROOT = path.join(import.meta.dirname, '..');
const MODULES_AT_LEAST = 250;

/** @returns what the program printed where it failed */
function run(script: string, ...args: readonly string[]): string | undefined {
  const done = spawnSync(process.execPath, [path.join(ROOT, 'node_modules', script), ...args], {
    cwd: ROOT,
    encoding: 'utf8',
    maxBuffer: 64 * 1_048_576,
  });
  return done.status === 0 ? undefined : `${done.stdout}${done.stderr}`;
}

/** Under a compiler that it does not know, dependency-cruiser passes on no modules at all: the count is checked too. */
function checkRooms(): string | undefined {
  const broken = run(
    'dependency-cruiser/bin/dependency-cruiser.mjs',
    'packages',
    '--config',
    '.dependency-cruiser.mjs',
  );
  if (broken !== undefined) return broken;
  const args = ['packages', '--config', '.dependency-cruiser.mjs', '-T', 'json'];
  const program = path.join(ROOT, 'node_modules/dependency-cruiser/bin/dependency-cruiser.mjs');
  const { stdout } = spawnSync(process.execPath, [program, ...args], {
    cwd: ROOT,
    encoding: 'utf8',
    maxBuffer: 64 * 1_048_576,
  });
  const { totalCruised } = (JSON.parse(stdout) as { summary: { totalCruised: number } }).summary;
  return totalCruised >= MODULES_AT_LEAST ? undefined : `Only ${totalCruised} modules were looked at.`;
}

/** The description that the server would serve, as a file. */
async function describeApi(folder: string): Promise<string> {
  const { describeApi: describe } = await import('../packages/server/src/http/open-api.ts');
  const { isServed, ROUTES } = await import('../packages/server/src/http/routes.ts');
  const file = path.join(folder, 'openapi.json');
  writeFileSync(file, JSON.stringify(describe(ROUTES.filter(isServed), '0.0.0')));
  return file;
}

const steps = (api: string): readonly Step[] => [
  {
    promise: 'The code is formatted, and breaks no lint rule',
    check: () => run('@biomejs/biome/bin/biome', 'check', '--error-on-warnings', '.'),
  },
  {
    promise: 'No promise floats, and every case of a union is handled',
    check: () => run('oxlint/bin/oxlint', '--type-aware', '.'),
  },
  { promise: 'The types are strict and right', check: () => run('typescript/bin/tsc', '-p', '.') },
  { promise: 'Every room opens only the doors in its list, and nothing runs in circles', check: checkRooms },
  {
    promise: 'No file, export or dependency is there for nothing',
    check: () => run('knip/bin/knip.js', '--no-config-hints'),
  },
  {
    promise: 'The API description is valid, and says who may call',
    check: () => run('@redocly/cli/bin/cli.js', 'lint', api),
  },
];

async function main(): Promise<void> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'interdict-check-'));
  let failed = 0;
  const all = steps(await describeApi(folder));
  for (const { promise, check } of all) {
    const words = check();
    console.log(`${words === undefined ? '✓' : '✗'} ${promise}`);
    if (words === undefined) continue;
    failed += 1;
    console.log(words);
  }
  rmSync(folder, { recursive: true });
  console.log(`${all.length - failed} passed, ${failed} failed`);
  process.exitCode = failed === 0 ? 0 : 1;
}

await main();
