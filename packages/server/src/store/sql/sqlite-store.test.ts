import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { describeStore } from '../testing/describe-store.ts';
import { openSqliteStore } from './sqlite-store.ts';

const entry = new URL('../testing/store-thread.ts', import.meta.url);

const aFolder = (): string => mkdtempSync(path.join(os.tmpdir(), 'interdict-test-sqlite-'));

describeStore('a SQLite file', async () => {
  const folder = aFolder();
  return {
    open: () => openSqliteStore({ folder, entry }),
    discard: async () => rmSync(folder, { recursive: true }),
  };
});

describe('the embedded store', () => {
  it('refuses a second process on one folder, and not the next one after the first', async () => {
    const folder = aFolder();
    const one = await openSqliteStore({ folder, entry });
    await expect(openSqliteStore({ folder, entry })).rejects.toThrow('Another Interdict process works on');
    await one.close();
    const two = await openSqliteStore({ folder, entry });
    await two.close();
    rmSync(folder, { recursive: true });
  });

  it('writes a fact once', async () => {
    const folder = aFolder();
    const store = await openSqliteStore({ folder, entry });
    expect(await store.settleFact('key', 'one')).toBe('one');
    expect(await store.settleFact('key', 'two')).toBe('one');
    await store.close();
    rmSync(folder, { recursive: true });
  });
});
