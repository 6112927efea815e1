import { defineConfig } from 'vitest/config';

/** Packages that are linked from a checkout run from their sources; of installed ones this changes nothing. */
export default defineConfig({
  ssr: { resolve: { conditions: ['source'] } },
  resolve: { conditions: ['source'] },
  test: { include: ['**/*.test.ts'], testTimeout: 45_000 },
});
