import { closeSync, fdatasyncSync, openSync, readFileSync, writeSync } from 'node:fs';

/** A file of JSON lines that a crash of anybody cannot shorten: a line is on the disk before whoever wrote it goes on. */
export interface AppendLog {
  /** Resolves when the line is on the disk; lines of one turn of the event loop go together. */
  append(line: object): Promise<void>;
  close(): void;
}

export function openAppendLog(file: string): AppendLog {
  const fd = openSync(file, 'a');
  let waiting: { readonly text: string; readonly resolve: () => void }[] = [];
  const flush = (): void => {
    const group = waiting;
    waiting = [];
    writeSync(fd, group.map(({ text }) => text).join(''));
    fdatasyncSync(fd);
    for (const { resolve } of group) resolve();
  };
  return {
    append: (line) =>
      new Promise((resolve) => {
        if (waiting.push({ text: `${JSON.stringify(line)}\n`, resolve }) === 1) setImmediate(flush);
      }),
    close: () => closeSync(fd),
  };
}

export const readAppendLog = <Line>(file: string): Line[] =>
  readFileSync(file, 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Line);
