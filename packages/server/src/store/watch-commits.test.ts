import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createAction } from '../actions/create-action.ts';
import { openSqliteStore } from './sql/sqlite-store.ts';
import type { Store } from './store.ts';
import { anActionRow } from './testing/an-action-row.ts';
import { watchCommits } from './watch-commits.ts';

const ORIGIN = { appId: 'app', user: null, oid: null, requestId: 'r', sourceIp: null };
const ENTRY = new URL('../store-thread.ts', import.meta.url);

const folder = mkdtempSync(path.join(os.tmpdir(), 'watched-'));
let store: Store;
beforeAll(async () => {
  store = await openSqliteStore({ folder, entry: ENTRY });
}, 30_000);
afterAll(async () => {
  await store.close();
  rmSync(folder, { recursive: true, force: true });
});

it('tells behind the last commit of many that are under way at once, and of no other tenant', async () => {
  const { store: watched, commits } = watchCommits(store);
  const [mine, other] = [randomUUID(), randomUUID()];
  const add = (tenantId: string): Promise<unknown> =>
    watched.run(tenantId, createAction, { row: anActionRow({}), origin: ORIGIN });
  const seen: Promise<number>[] = [];
  let ofAll = 0;
  const unwatch = commits.watch(mine, () => {
    seen.push(store.tenant(mine).then(({ sequence }) => sequence));
  });
  for (let round = 0; round < 5; round += 1) {
    // More than a group holds, some of them begun while others are under way.
    const first = Array.from({ length: 300 }, () => add(mine));
    await delay(1);
    await Promise.all([...first, ...Array.from({ length: 40 }, () => add(mine)), add(other)]);
    await delay(10);
    const sequences = await Promise.all(seen);
    expect(sequences.at(-1)).toBe((await store.tenant(mine)).sequence);
    expect(sequences.length).toBeLessThan(340);
    seen.length = 0;
  }
  unwatch();
  commits.watchAll(() => {
    ofAll += 1;
  });
  await add(mine);
  await delay(10);
  expect([seen.length, ofAll]).toEqual([0, 1]);
});

it('tells where nobody knows whether it was committed', async () => {
  const { store: watched, commits } = watchCommits(store);
  const tenantId = randomUUID();
  let told = 0;
  commits.watchAll(() => {
    told += 1;
  });
  const row = anActionRow({});
  const add = (): Promise<unknown> => watched.run(tenantId, createAction, { row, origin: ORIGIN });
  await add();
  await expect(add()).rejects.toThrow();
  await delay(10);
  expect(told).toBe(2);
});
