import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createInstallKey, openInstallKey } from './install-key.ts';
import { UnusableFile } from './private-file.ts';

let folder: string;
let filePath: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'interdict-key-'));
  filePath = path.join(folder, 'data', 'key');
});

afterEach(() => rmSync(folder, { recursive: true }));

const put = (text: string, mode = 0o600): void => {
  filePath = path.join(folder, 'key');
  writeFileSync(filePath, text, { mode });
  chmodSync(filePath, mode);
};

const GOOD = Buffer.from('0123456789abcdefghijklmnopqrstuv').toString('base64url');

describe('the install key', () => {
  it('is made at the first start, for its owner alone, and is the same ever after', () => {
    const first = openInstallKey(filePath);
    expect(statSync(filePath).mode & 0o777).toBe(0o600);
    expect(readFileSync(filePath, 'utf8')).toMatch(/^[A-Za-z0-9_-]{43}\n$/);
    expect(openInstallKey(filePath).fingerprint).toBe(first.fingerprint);
    expect(readdirSync(path.dirname(filePath))).toEqual(['key']);
  });

  it('is one key for processes that start at once', async () => {
    const script = `import { openInstallKey } from ${JSON.stringify(path.join(import.meta.dirname, 'install-key.ts'))};
      process.stdin.once('data', () => process.stdout.write(openInstallKey(process.argv[1]).fingerprint)).once('end', () => {});
      process.stdout.write('ready ');`;
    const children = Array.from({ length: 6 }, () =>
      spawn(process.execPath, ['--input-type=module', '--conditions=source', '-e', script, filePath]),
    );
    const ends = children.map(
      (child) =>
        new Promise<string>((resolve, reject) => {
          let output = '';
          child.stderr.on('data', (part) => reject(new Error(String(part))));
          child.stdout.on('data', (part) => {
            output += String(part);
          });
          child.on('close', () => resolve(output));
        }),
    );
    await Promise.all(children.map((child) => new Promise((resolve) => child.stdout.once('data', resolve))));
    for (const child of children) child.stdin.end('go');
    const outputs = new Set(await Promise.all(ends));
    expect(outputs).toEqual(new Set([`ready ${openInstallKey(filePath).fingerprint}`]));
    expect(readdirSync(path.dirname(filePath))).toEqual(['key']);
  });

  it.each([0o640, 0o604, 0o660, 0o620, 0o644])('is refused where others may read or write it: mode %o', (mode) => {
    put(`${GOOD}\n`, mode);
    expect(() => openInstallKey(filePath)).toThrow(UnusableFile);
    expect(() => openInstallKey(filePath)).toThrow(`chmod 600 '${filePath}'`);
  });

  it.each([
    ['nothing', ''],
    ['too little', GOOD.slice(0, 42)],
    ['too much', `${GOOD}A`],
    ['other letters', `${GOOD.slice(0, 42)}!`],
    ['bits that decode to nothing', `${GOOD.slice(0, 42)}${String.fromCharCode(GOOD.charCodeAt(42) + 1)}`],
    ['two lines', `${GOOD}\n${GOOD}`],
    ['a guessable key', Buffer.alloc(32).toString('base64url')],
    ['a large file', 'x'.repeat(10_000)],
  ])('is refused where the file holds %s, without showing it', (_name, text) => {
    put(text);
    expect(() => openInstallKey(filePath)).toThrow(UnusableFile);
    expect(() => openInstallKey(filePath)).not.toThrow(GOOD.slice(0, 20));
    expect(readFileSync(filePath, 'utf8')).toBe(text);
  });

  it('may be put there by hand, with or without a line feed', () => {
    put(GOOD);
    const { fingerprint } = openInstallKey(filePath);
    expect(fingerprint).toMatch(/^[0-9a-f]{32}$/);
    put(`${GOOD}\r\n`);
    expect(openInstallKey(filePath).fingerprint).toBe(fingerprint);
  });

  it('gives a key of its own for each purpose and length, always the same', () => {
    const [one, again, other] = ['a', 'a', 'b'].map((text) => createInstallKey(Buffer.alloc(32, text)));
    expect(one?.derive('x', 32)).toEqual(again?.derive('x', 32));
    const all = [
      one?.derive('x', 32),
      one?.derive('y', 32),
      other?.derive('x', 32),
      one?.derive('x', 48).subarray(0, 32),
    ];
    expect(new Set(all.map((key) => key?.toString('hex'))).size).toBe(4);
    expect(one?.derive('x', 500)).toHaveLength(500);
    expect(one?.fingerprint).not.toBe(other?.fingerprint);
  });

  it('is never shown', () => {
    const secret = Buffer.from(GOOD, 'base64url');
    const key = createInstallKey(secret);
    const shown = [
      inspect(key, { depth: 9, showHidden: true }),
      JSON.stringify({ key }),
      `${String(key)}`,
      inspect({ key }),
    ];
    for (const text of shown) expect(text).toContain('***');
    for (const text of shown) expect(text).not.toMatch(new RegExp(`${GOOD}|${secret.toString('hex').slice(0, 8)}`));
  });
});
