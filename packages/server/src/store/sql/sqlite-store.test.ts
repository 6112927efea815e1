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

describe.skipIf(!requirement('tmpfs').ok)('a disk without room', () => {
  it('takes nothing, says that nothing was changed, and goes on by itself when there is room', async () => {
    const folder = aFolder();
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', folder]);
    const store = await openSqliteStore({ folder, entry });
    try {
      const tenant = randomUUID();
      const [before, within, after] = [anActionRow(), anActionRow(), anActionRow()];
      await store.run(tenant, addAction, before);
      const filler = path.join(folder, 'filler');
      expect(() => {
        for (;;) appendFileSync(filler, Buffer.alloc(4_096));
      }).toThrow('ENOSPC');
      await expect.poll(() => store.isShort()).toBe(true);
      const refused = { code: 'insufficientStorage', message: expect.stringContaining('Nothing was changed') };
      await expect(store.run(tenant, addAction, anActionRow(), { isNew: true })).rejects.toMatchObject(refused);
      // What is not new goes on in the room of the reserve, until that is used up too.
      await store.run(tenant, addAction, within);
      expect(existsSync(reserveFile(folder))).toBe(false);
      const large = anActionRow({ entity: 'x'.repeat(1_048_576) });
      await expect(store.run(tenant, addAction, large)).rejects.toMatchObject(refused);
      rmSync(filler);
      await expect.poll(() => store.isShort()).toBe(false);
      await store.run(tenant, addAction, after, { isNew: true });
      expect(existsSync(reserveFile(folder))).toBe(true);
      const stored = await store.read(tenant, queries.newestEntities({ limit: 100 }));
      expect(new Set(stored.map(({ id }) => id))).toEqual(new Set([before.id, within.id, after.id]));
    } finally {
      await store.close();
      execFileSync('umount', [folder]);
      rmSync(folder, { recursive: true });
    }
  });
});
