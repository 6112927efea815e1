import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const LIBRARY = '/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1';

export const hasFakeTime = (): boolean => existsSync(LIBRARY);

/** The system's clock of one process, as a test sets it. What is monotonic goes on. */
export interface FakeTime {
  readonly env: Readonly<Record<string, string>>;
  /** @param seconds ahead of the true time, or behind it */
  set(seconds: number): void;
  discard(): void;
}

export function createFakeTime(): FakeTime {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'interdict-test-time-'));
  const file = path.join(folder, 'time');
  const set = (seconds: number): void => writeFileSync(file, `${seconds < 0 ? '-' : '+'}${Math.abs(seconds)}`);
  set(0);
  return {
    env: {
      LD_PRELOAD: LIBRARY,
      FAKETIME_TIMESTAMP_FILE: file,
      FAKETIME_NO_CACHE: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
    },
    set,
    discard: () => rmSync(folder, { recursive: true }),
  };
}
