import { once } from 'node:events';
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { aDataFolder, ask, spawnServer, startServer, until } from '../server.ts';

const ACTIONS = '/beta/security/securityActions';
const POINTS = ['sqlite.beforeEpoch', 'sqlite.afterEpoch', 'sqlite.inEpochFile', 'sqlite.afterEpochFile'] as const;

const body = {
  name: 'BlockIp',
  parameters: [{ name: 'IP', value: '203.0.113.9' }],
  vendorInformation: { provider: 'simulator' },
};

/** A start that ends by itself at the point, as by `kill -9`: while it starts, or once it has written something. */
async function diesAt(data: string, point: string, pass = 1): Promise<void> {
  const { child, output } = spawnServer({ data, env: { INTERDICT_FAILPOINT: `${point}:exit@${pass}` } });
  await once(child, 'exit');
  expect(output()).toContain(`failpoint ${point}`);
}

async function quarantined(data: string): Promise<readonly string[]> {
  const server = await startServer({ data });
  const { json } = await ask(server, '/beta/security/dispatchState');
  await server.kill();
  return (json.value as unknown as readonly { state: string }[]).map(({ state }) => state);
}

describe('the epoch of a database, where its writing is broken off', { timeout: 300_000 }, () => {
  const folders: string[] = [];
  const aFolder = (): string => {
    const data = aDataFolder();
    folders.push(data);
    return data;
  };
  afterAll(() => {
    for (const data of folders) rmSync(data, { recursive: true, force: true });
  });

  it('makes no restored database of one that starts for the first time, however often it is killed', async () => {
    const data = aFolder();
    // Twice before the file is there: the second time the database must not be ahead of a file that is not.
    for (const point of ['sqlite.afterEpoch', 'sqlite.inEpochFile', 'sqlite.afterEpoch'] as const) {
      await diesAt(data, point);
    }
    await diesAt(data, 'sqlite.afterEpoch', 2);
    for (const point of POINTS) await diesAt(data, point);
    expect(await quarantined(data)).toEqual([]);
  });

  it('makes none of one that is killed while it serves, and a copy of before is known all the same', async () => {
    const data = aFolder();
    const first = await startServer({ data });
    expect((await ask(first, ACTIONS, { body })).status).toBe(201);
    await first.stop();
    const kept = mkdtempSync(path.join(os.tmpdir(), 'interdict-test-backup-'));
    folders.push(kept);
    copyFileSync(path.join(data, 'interdict.sqlite'), path.join(kept, 'copy'));
    for (const point of POINTS) {
      const server = await startServer({ data, env: { INTERDICT_FAILPOINT: `${point}:exit@2` } });
      const write = (): Promise<boolean> =>
        ask(server, ACTIONS, { body })
          .then(() => false)
          .catch(() => true);
      await until(write, (isGone) => isGone, 30_000);
      expect(server.output()).toContain(`failpoint ${point}`);
      await server.kill();
      expect(await quarantined(data), point).toEqual([]);
    }
    for (const end of ['', '-wal', '-shm']) rmSync(path.join(data, `interdict.sqlite${end}`), { force: true });
    copyFileSync(path.join(kept, 'copy'), path.join(data, 'interdict.sqlite'));
    // Nor is it forgotten where the start that finds it out is killed.
    for (const point of POINTS) {
      await diesAt(data, point);
      expect(await quarantined(data), point).toEqual(['quarantined']);
    }
  });
});
