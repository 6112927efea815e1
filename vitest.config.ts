import os from 'node:os';
import path from 'node:path';
import { defineConfig } from 'vitest/config';
import { NotRunReporter } from './test/not-run-reporter.ts';

const notRunList = path.join(os.tmpdir(), `interdict-not-run-${process.pid}.jsonl`);
process.env.INTERDICT_NOT_RUN_LIST = notRunList;

/** `resolve.conditions` alone does not find the workspaces' sources: the tests' processes go by these. */
const fromSource = { ssr: { resolve: { conditions: ['source'] } }, resolve: { conditions: ['source'] } };

const FILES = ['packages/*/src/**/*.test.ts', 'packages/*/template/**/*.test.ts', 'test/**/*.test.ts'];

/** What is held to fractions of a second, and measures nothing beside other tests. */
const TIMED = [
  'packages/connectors/src/clamav/connector-batch.test.ts',
  'packages/connectors/src/crowdsec/connector-batch.test.ts',
  'packages/connectors/src/haproxy/connector-batch.test.ts',
  'packages/connectors/src/ldap/batch.test.ts',
  'packages/connectors/src/rpz/connector-batch.test.ts',
  'packages/connectors/src/squid/connector-batch.test.ts',
  'packages/server/src/notify/judge-actions.test.ts',
  'packages/server/src/odata/search.test.ts',
  'test/end-to-end/fair-lists.test.ts',
  'test/end-to-end/large-pages.test.ts',
  'test/end-to-end/limits.test.ts',
  'test/end-to-end/start.test.ts',
  'test/end-to-end/stream-readers.test.ts',
];

/** Servers start within a test, and other files' servers beside them. */
const patient = { testTimeout: 45_000, hookTimeout: 90_000 };

export default defineConfig({
  test: {
    reporters: ['default', new NotRunReporter(notRunList)],
    maxWorkers: 2,
    projects: [
      {
        ...fromSource,
        test: { ...patient, name: 'usual', include: FILES, exclude: TIMED, sequence: { groupOrder: 0 } },
      },
      {
        ...fromSource,
        test: { ...patient, name: 'timed', include: TIMED, maxWorkers: 1, sequence: { groupOrder: 1 } },
      },
    ],
  },
});
