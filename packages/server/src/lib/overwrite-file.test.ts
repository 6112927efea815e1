import { mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import os, { constants } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isNoRoom, overwriteFile, replaceOrOverwrite } from './overwrite-file.ts';

describe('overwriting a file', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'interdict-test-overwrite-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('leaves nothing of a longer text, in the same file, for its owner alone', () => {
    const file = path.join(folder, 'token');
    writeFileSync(file, 'a much longer text', { mode: 0o644 });
    const { ino } = statSync(file);
    overwriteFile(file, 'short');
    expect(readFileSync(file, 'utf8')).toBe('short');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(statSync(file).ino).toBe(ino);
  });

  it('comes in for a replacement where there is no room for that, and a file is there', () => {
    const file = path.join(folder, 'token');
    const fail = (code: string) => (): never => {
      throw Object.assign(new Error(code), { code });
    };
    expect(() => replaceOrOverwrite(file, 'new', fail('ENOSPC'))).toThrow('ENOSPC');
    writeFileSync(file, 'old');
    expect(() => replaceOrOverwrite(file, 'new', fail('EIO'))).toThrow('EIO');
    expect(readFileSync(file, 'utf8')).toBe('old');
    replaceOrOverwrite(file, 'new', fail('ENOSPC'));
    expect(readFileSync(file, 'utf8')).toBe('new');
  });

  it('makes no file, and follows no link', () => {
    expect(() => overwriteFile(path.join(folder, 'none'), 'text')).toThrow('ENOENT');
    const other = path.join(folder, 'other');
    writeFileSync(other, 'of another');
    symlinkSync(other, path.join(folder, 'link'));
    expect(() => overwriteFile(path.join(folder, 'link'), 'text')).toThrow('ELOOP');
    expect(readFileSync(other, 'utf8')).toBe('of another');
  });
});

it.each([
  [{ code: 'ENOSPC', errno: -constants.errno.ENOSPC }, true],
  [{ code: `Unknown system error -${constants.errno.EDQUOT}`, errno: -constants.errno.EDQUOT }, true],
  [{ code: 'EIO', errno: -constants.errno.EIO }, false],
  [undefined, false],
])('%o is for want of room: %s', (fault, isSo) => {
  expect(isNoRoom(fault && Object.assign(new Error('A write failed.'), fault))).toBe(isSo);
});
