import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { appendFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { requirement } from '../../../../../test/requirement.ts';
import { queries } from '../queries.ts';
import { anActionRow } from '../testing/an-action-row.ts';
import { describeStore } from '../testing/describe-store.ts';
import { addAction } from '../testing/test-units.ts';
import { reserveFile } from './disk-room.ts';
import { type OpenSqlite, openSqliteStore } from './sqlite-store.ts';

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

it('refuses a file that a newer version changed, and serves one that it only added to', async () => {
  const folder = aFolder();
  const store = await openSqliteStore({ folder, entry });
  await store.settleFact('migration:0999-added', 'now');
  await store.close();
  const again = await openSqliteStore({ folder, entry });
  await again.settleFact('needs:0999-changed', 'now');
  await again.close();
  const newer = 'changed by a newer version of Interdict (0999-changed)';
  await expect(openSqliteStore({ folder, entry })).rejects.toThrow(newer);
  rmSync(folder, { recursive: true });
});

async function onDiskOf(size: string, use: (store: OpenSqlite, folder: string) => Promise<void>): Promise<void> {
  const folder = aFolder();
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', folder]);
  const store = await openSqliteStore({ folder, entry });
  try {
    await use(store, folder);
  } finally {
    await store.close();
    execFileSync('umount', [folder]);
    rmSync(folder, { recursive: true });
  }
}

/** Until not a block is left. */
function fill(filler: string): void {
  expect(() => {
    for (;;) appendFileSync(filler, Buffer.alloc(4_096));
  }).toThrow('ENOSPC');
}

describe.skipIf(!requirement('tmpfs').ok)('a disk without room', () => {
  it('takes nothing, says that nothing was changed, and goes on by itself when there is room', async () => {
    await onDiskOf('4m', async (store, folder) => {
      const tenant = randomUUID();
      const [before, after] = [anActionRow(), anActionRow()];
      const within: string[] = [];
      await store.run(tenant, addAction, before);
      const filler = path.join(folder, 'filler');
      fill(filler);
      await expect.poll(() => store.isShort()).toBe(true);
      const refused = { code: 'insufficientStorage', message: expect.stringContaining('Nothing was changed') };
      await expect(store.run(tenant, addAction, anActionRow(), { isNew: true })).rejects.toMatchObject(refused);
      // What is not new goes on in the room of the reserve, until that is used up too.
      while (existsSync(reserveFile(folder))) {
        const row = anActionRow({ entity: 'x'.repeat(20_000) });
        await store.run(tenant, addAction, row);
        within.push(row.id);
      }
      const large = anActionRow({ entity: 'x'.repeat(1_048_576) });
      await expect(store.run(tenant, addAction, large)).rejects.toMatchObject(refused);
      rmSync(filler);
      await expect.poll(() => store.isShort()).toBe(false);
      await store.run(tenant, addAction, after, { isNew: true });
      expect(existsSync(reserveFile(folder))).toBe(true);
      const stored = await store.read(tenant, queries.newestEntities({ limit: 100 }));
      expect(new Set(stored.map(({ id }) => id))).toEqual(new Set([before.id, ...within, after.id]));
    });
  });

  it('is written to as long as the rows fit, however much was written before', async () => {
    await onDiskOf('64m', async (store, folder) => {
      const tenant = randomUUID();
      await store.run(tenant, addAction, anActionRow());
      await expect.poll(() => existsSync(reserveFile(folder))).toBe(true);
      const filler = path.join(folder, 'filler');
      appendFileSync(filler, Buffer.alloc(55 * 1_048_576));
      await expect.poll(() => store.isShort()).toBe(true);
      fill(filler);
      for (let done = 0; done < 1_200; done += 1) await store.run(tenant, addAction, anActionRow());
      expect(await store.read(tenant, queries.newestEntities({ limit: 2_000 }))).toHaveLength(1_201);
    });
  });

  it('goes on in a young file, however much was written at once', async () => {
    await onDiskOf('64m', async (store, folder) => {
      const tenant = randomUUID();
      const add = (entity: string): Promise<unknown> => store.run(tenant, addAction, anActionRow({ entity }));
      for (let done = 0; done < 12; done += 1) await add('x'.repeat(1_048_576));
      fill(path.join(folder, 'filler'));
      for (let done = 0; done < 100; done += 1) await add('x');
      expect(await store.read(tenant, queries.newestEntities({ limit: 500 }))).toHaveLength(112);
    });
  });
});
