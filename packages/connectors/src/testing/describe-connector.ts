import { describe, test } from 'vitest';
import { apartnessChecks } from './apartness-checks.ts';
import type { Check } from './bench.ts';
import type { ConnectorUnderTest } from './connector-under-test.ts';
import { faultChecks } from './fault-checks.ts';
import { hostileChecks } from './hostile-checks.ts';
import { lifeChecks } from './life-checks.ts';
import { mannersChecks } from './manners-checks.ts';
import { traitsChecks } from './traits-checks.ts';

const TIMEOUT_MS = 30_000;

/** All that a connector must pass, by what its traits promise. */
export function connectorChecks(underTest: ConnectorUnderTest): readonly Check[] {
  return [traitsChecks, lifeChecks, apartnessChecks, faultChecks, hostileChecks, mannersChecks].flatMap((checks) =>
    checks(underTest),
  );
}

/** Registers what every connector must pass with Vitest; to be called at the top level of a test file. */
export function describeConnector(underTest: ConnectorUnderTest): void {
  describe(`${underTest.name} is a connector`, () => {
    for (const { title, timeoutMs, run } of connectorChecks(underTest)) test(title, run, timeoutMs ?? TIMEOUT_MS);
  });
}
