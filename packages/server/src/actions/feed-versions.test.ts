import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openSqliteStore } from '../store/sql/sqlite-store.ts';
import type { Store } from '../store/store.ts';
import { anActionRow, anEnforcementRow } from '../store/testing/an-action-row.ts';
import { addAction, addEnforcement, tellOf } from '../store/testing/test-units.ts';
import { createFeedVersions, type FeedName, type FeedVersions, readVersion } from './feed-versions.ts';

const folder = mkdtempSync(path.join(os.tmpdir(), 'interdict-test-feeds-'));
let store: Store;
beforeAll(async () => {
  const entry = new URL('../store/testing/store-thread.ts', import.meta.url);
  store = await openSqliteStore({ folder, entry });
});
afterAll(async () => {
  await store.close();
  rmSync(folder, { recursive: true });
});

interface Case {
  readonly tenantId: string;
  readonly versions: FeedVersions;
  readonly list: FeedName;
}

function aCase(mostBytes?: number): Case {
  const tenantId = randomUUID();
  const list: FeedName = { tenantId, provider: 'edge', list: 'ip', action: 'BlockIp', form: 'txt' };
  return { tenantId, versions: createFeedVersions(store, mostBytes), list };
}

let made = 0;

/** What the server does where an effect comes onto a list: its row, and a journal entry of its action. */
async function block(tenantId: string, action = 'BlockIp'): Promise<string> {
  made += 1;
  const entry = `203.0.${made >>> 8}.${made & 255}`;
  const row = anActionRow({ action });
  await store.run(tenantId, addAction, row);
  await Promise.all([
    store.run(tenantId, addEnforcement, anEnforcementRow({ action, target: `ip:${entry}` })),
    store.run(tenantId, tellOf, { actionId: row.id, type: 'securityAction.started' }),
  ]);
  return entry;
}

describe('a version of a list', () => {
  it('is made once, and is answered with as of now while other lists change', async () => {
    const { tenantId, versions, list } = aCase();
    const entry = await block(tenantId);
    const first = await readVersion(versions, list);
    for (let times = 0; times < 600; times += 1) {
      await store.run(tenantId, tellOf, { actionId: null, type: 'securityAction.started' });
    }
    await block(tenantId, 'BlockUrl');
    const second = await readVersion(versions, list);
    expect(String(first.body)).toBe(`${entry}\n`);
    expect(second.body).toBe(first.body);
    expect(second.sequence).toBe((await store.tenant(tenantId)).sequence);
    expect(second.sequence).toBeGreaterThan(first.sequence);
    expect(versions.builds).toBe(1);
  });

  it('is another one behind a change, in each form by itself', async () => {
    const { tenantId, versions, list } = aCase();
    const entries = [await block(tenantId)];
    const first = await readVersion(versions, list);
    entries.push(await block(tenantId));
    const second = await readVersion(versions, list);
    expect(String(second.body).trim().split('\n').toSorted()).toEqual(entries.toSorted());
    expect(second.version).not.toBe(first.version);
    const json = JSON.parse(String((await readVersion(versions, { ...list, form: 'json' })).body));
    expect(json).toMatchObject({ provider: 'edge', list: 'ip', value: [{ actionIds: [] }, { actionIds: [] }] });
    expect(versions.builds).toBe(3);
  });

  it('is made once for all who wait for it', async () => {
    const { tenantId, versions, list } = aCase();
    await block(tenantId);
    const all = await Promise.all(Array.from({ length: 20 }, () => readVersion(versions, list)));
    expect(new Set(all.map(({ body }) => body)).size).toBe(1);
    expect(versions.builds).toBe(1);
  });

  it('shows whoever asks all that was committed before, whatever is being made meanwhile', async () => {
    const { tenantId, versions, list } = aCase();
    const committed: string[] = [];
    const ask = async (): Promise<readonly string[]> => {
      const expected = [...committed];
      const entries = new Set(String((await readVersion(versions, list)).body).split('\n'));
      return expected.filter((entry) => !entries.has(entry));
    };
    const asked: Promise<readonly string[]>[] = [];
    for (let round = 0; round < 60; round += 1) {
      asked.push(ask());
      committed.push(await block(tenantId));
      asked.push(ask(), ask());
    }
    expect((await Promise.all(asked)).flat()).toEqual([]);
    expect(versions.builds).toBeLessThanOrEqual(125);
  });

  it('is not kept where it is larger than all that may be, and is right all the same', async () => {
    const { tenantId, versions, list } = aCase(5);
    const entry = await block(tenantId);
    for (let times = 0; times < 2; times += 1) {
      expect(String((await readVersion(versions, list)).body)).toBe(`${entry}\n`);
    }
    expect([versions.bytes, versions.kept.size, versions.builds]).toEqual([0, 0, 2]);
  });

  it('goes when it is the least used and there is too much', async () => {
    const { tenantId, versions, list } = aCase(30);
    await block(tenantId);
    const [one, two, three] = ['one', 'two', 'three'].map((name): FeedName => ({ ...list, list: name }));
    if (!one || !two || !three) throw new Error('Three lists.');
    for (const name of [one, two, one, three]) await readVersion(versions, name);
    const before = versions.builds;
    await readVersion(versions, one);
    expect(versions.builds).toBe(before);
    await readVersion(versions, two);
    expect(versions.builds).toBe(before + 1);
    expect(versions.bytes).toBeLessThanOrEqual(30);
    expect(versions.bytes).toBe([...versions.kept.values()].reduce((sum, { body }) => sum + body.length, 0));
  });
});
