import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { requirement } from '../requirement.ts';
import { checkImage, layOut } from './check-image.ts';
import { createDisk, follow, imageAfterCut } from './disk-model.ts';
import { compileShim, recordRun } from './record-run.ts';
import { acknowledgedIn, readSideLog } from './side-log.ts';

const POSTS = 40;

describe.skipIf(!requirement('gcc').ok)('a power cut soon after the first start', () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'interdict-powercut-test-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('loses nothing that was acknowledged, though nothing but what was synced is left', async () => {
    const { log, data } = await recordRun({ shim: compileShim(folder), folder, posts: POSTS });
    const disk = createDisk();
    const acknowledged: string[] = [];
    for (const record of readSideLog(log)) {
      follow(disk, record);
      const id = acknowledgedIn(record);
      if (id !== undefined) acknowledged.push(id);
    }
    const image = path.join(folder, 'image');
    layOut(
      imageAfterCut(disk, 'nothing', () => 1),
      data,
      image,
    );
    expect(acknowledged).toHaveLength(POSTS);
    expect(checkImage(image, acknowledged)).toEqual({ integrity: 'ok', lost: [] });
  });
});
