import os from 'node:os';
import path from 'node:path';
import { defineConfig } from 'vitest/config';
import { NotRunReporter } from './test/not-run-reporter.ts';

const notRunList = path.join(os.tmpdir(), `interdict-not-run-${process.pid}.jsonl`);
process.env.INTERDICT_NOT_RUN_LIST = notRunList;

/** `resolve.conditions` alone does not find the workspaces' sources: the tests' processes go by these. */
const fromSource = { ssr: { resolve: { conditions: ['source'] } }, resolve: { conditions: ['source'] } };

export default defineConfig({
  ...fromSource,
  test: {
    reporters: ['default', new NotRunReporter(notRunList)],
    // Servers start within a test, and other files' servers beside them.
    testTimeout: 45_000,
    hookTimeout: 90_000,
    maxWorkers: 2,
    include: ['packages/*/src/**/*.test.ts', 'test/**/*.test.ts'],
  },
});
