import { existsSync, readFileSync, rmSync } from 'node:fs';
import type { Reporter, TestModule } from 'vitest/node';

interface NotRun {
  readonly name: string;
  readonly reason: string;
  readonly install: string;
}

function readNotRun(list: string): readonly NotRun[] {
  if (!existsSync(list)) return [];
  const lines = new Set(readFileSync(list, 'utf8').split('\n').filter(Boolean));
  rmSync(list);
  return [...lines].map((line) => JSON.parse(line) as NotRun);
}

/** Tells at the end what this machine could not run, why, and what would install it; then the count that CI reads. */
export class NotRunReporter implements Reporter {
  readonly #list: string;

  constructor(list: string) {
    this.#list = list;
  }

  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly unknown[]): void {
    const notRun = readNotRun(this.#list);
    for (const { name, reason, install } of notRun) {
      console.log(`NOT RUN  what needs ${name}: ${reason}.\n         To run it: ${install}`);
    }
    const mustRunAll = process.env.INTERDICT_TEST_ALL === '1';
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    const passed = tests.filter((test) => test.result().state === 'passed').length;
    const skipped = tests.filter((test) => test.result().state === 'skipped').length;
    const brokenFiles = modules.filter((module) => module.errors().length > 0).length;
    const failed = tests.filter((test) => test.result().state === 'failed').length + brokenFiles + unhandled.length;
    const refused = mustRunAll ? notRun.length + skipped : 0;
    if (refused > 0) {
      console.log(`${skipped} skipped: with INTERDICT_TEST_ALL=1 nothing may be skipped.`);
      process.exitCode = 1;
    }
    console.log(`${passed} passed, ${failed + refused} failed`);
  }
}
