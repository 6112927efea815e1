import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { requirement } from '../requirement.ts';
import { runIoCase } from './faults/io-case.ts';
import { compileFailIo, type IoFault } from './faults/io-control.ts';

/** Some n of `npm run faults`: one in a start, and some in the middle of requests. */
describe.skipIf(!requirement('gcc').ok)('a disk that fails under a server', () => {
  let folder: string;
  let shim: string;

  beforeAll(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'interdict-test-faults-'));
    shim = compileFailIo(folder);
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it.each<IoFault>([
    { call: 'write', error: 'EIO', at: 150, isLasting: false },
    { call: 'sync', error: 'EIO', at: 25, isLasting: false },
    { call: 'write', error: 'ENOSPC', at: 700, isLasting: true },
  ])(
    '$error in $call $at: every answer is true, and it recovers or ends with a reason',
    async (fault) => {
      const of = path.join(folder, `${fault.error}-${fault.at}`);
      mkdirSync(path.join(of, 'data'), { recursive: true });
      const state = await runIoCase({ words: '', fault, isKilled: false, isStartedAgain: false, shim, folder: of });
      expect(state.hasMet).toBe(true);
      expect(state.findings.filter(({ broken }) => broken !== undefined)).toEqual([]);
    },
    300_000,
  );
});
