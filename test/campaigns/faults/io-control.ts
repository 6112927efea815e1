import { execFileSync } from 'node:child_process';
import { closeSync, openSync, readFileSync, writeFileSync, writeSync } from 'node:fs';
import { constants } from 'node:os';
import path from 'node:path';

/** The calls that fail, in a process that is started with {@link IoControl.env}. */
export interface IoFault {
  readonly call: 'write' | 'sync';
  readonly error: 'EIO' | 'ENOSPC';
  /** The first that fails, counted from 1 since the process began. */
  readonly at: number;
  /** All that follow fail too. */
  readonly isLasting: boolean;
}

export interface IoControl {
  readonly env: Readonly<Record<string, string>>;
  readonly heal: () => void;
  /** How many calls failed so far. @throws {Error} where the shim was not loaded: then nothing is proven */
  readonly failed: () => number;
}

/** Compiles the shim. @throws {Error} where there is no C compiler */
export function compileFailIo(folder: string): string {
  const shim = path.join(folder, 'fail-io.so');
  const source = path.join(import.meta.dirname, 'fail-io.c');
  execFileSync('gcc', ['-O2', '-shared', '-fPIC', '-Wall', '-Werror', '-o', shim, source, '-ldl']);
  return shim;
}

/** Places of the control block, as `fail-io.c` has them. */
const [FAILED, PRESENT] = [6, 7];
const BYTES = 8;

export function armIo(shim: string, file: string, { call, error, at, isLasting }: IoFault): IoControl {
  const block = new BigInt64Array(
    [at, call === 'write' ? 1 : 2, constants.errno[error], Number(isLasting), 0, 0, 0, 0].map(BigInt),
  );
  writeFileSync(file, block);
  const read = (place: number): number => Number(readFileSync(file).readBigInt64LE(place * BYTES));
  return {
    env: { LD_PRELOAD: shim, FAIL_IO_CONTROL: file },
    heal: () => {
      const descriptor = openSync(file, 'r+');
      writeSync(descriptor, Buffer.alloc(BYTES), 0, BYTES, 0);
      closeSync(descriptor);
    },
    failed: () => {
      if (read(PRESENT) !== 1) throw new Error('The shim was not loaded: this proves nothing.');
      return read(FAILED);
    },
  };
}
