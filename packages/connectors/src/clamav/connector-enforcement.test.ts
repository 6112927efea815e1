import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { requirement } from '../../../../test/requirement.ts';
import { aCall, TENANT_A } from '../testing.ts';
import { apply, applyElsewhere, effectOf, openWorkshop, release, soon, verify } from './testing/workshop.ts';

const DONE = { kind: 'done', level: 'reported' };

describe.skipIf(!requirement('clamav').ok)('what clamd enforces', () => {
  for (const kind of ['sha256', 'sha1', 'md5'] as const) {
    it(`is the block of a ${kind} when the connector says done, and not after the release`, async () => {
      const workshop = await openWorkshop();
      const [{ file }, { file: other }] = [workshop.sample(kind, 0), workshop.sample(kind, 1)];
      expect(await workshop.isFound(file)).toBe(false);
      for (let round = 0; round < 5; round += 1) {
        expect(await apply(workshop, effectOf(kind, 0))).toEqual(DONE);
        expect([await workshop.isFound(file), await workshop.isFound(other)]).toEqual([true, false]);
        expect(await verify(workshop, effectOf(kind, 0))).toEqual({ kind: 'present', foreign: false });
        expect(await release(workshop, effectOf(kind, 0))).toEqual(DONE);
        expect(await workshop.isFound(file)).toBe(false);
        expect(await verify(workshop, effectOf(kind, 0))).toEqual({ kind: 'absent' });
      }
    });
  }

  it('stays so over a restart of clamd, and a clamd with nothing to block starts', async () => {
    const workshop = await openWorkshop();
    const { file } = workshop.sample('md5', 0);
    await apply(workshop, effectOf('md5', 0));
    await workshop.clamd.stop();
    expect(await apply(workshop, effectOf('md5', 1))).toMatchObject({ kind: 'unavailable' });
    await workshop.clamd.start();
    expect(await workshop.isFound(file)).toBe(true);
    expect(await verify(workshop, effectOf('md5', 0))).toMatchObject({ kind: 'present' });
    expect(await verify(workshop, effectOf('md5', 1))).toEqual({ kind: 'absent' });
    await release(workshop, effectOf('md5', 0));
    await workshop.clamd.stop();
    await workshop.clamd.start();
    expect(await workshop.isFound(file)).toBe(false);
    expect(await apply(workshop, effectOf('md5', 0))).toEqual(DONE);
  });

  it('is what several processes wrote at once', async () => {
    const workshop = await openWorkshop();
    const { clamd } = workshop;
    const [each, processes] = [40, 3];
    const answers = await Promise.all([
      ...Array.from({ length: processes }, (_, index) => applyElsewhere(clamd, { first: index * each, count: each })),
      apply(workshop, effectOf('sha256', 125)),
    ]);
    expect(answers.flat().filter(({ kind }) => kind !== 'done')).toEqual([]);
    const found = await clamd.scan(path.join(clamd.home, 'samples'));
    expect(found.size).toBe(each * processes + 1);
    expect((await workshop.connector.list?.(TENANT_A, soon()))?.length).toBe(each * processes + 1);
  });

  it('is read whatever the umask of the server is', async () => {
    const workshop = await openWorkshop();
    const before = process.umask(0o077);
    try {
      expect(await workshop.connector.apply(aCall(effectOf('sha1', 0)), soon())).toEqual(DONE);
      expect(await workshop.isFound(workshop.sample('sha1', 0).file)).toBe(true);
      expect(await readFile(path.join(workshop.clamd.folder, 'interdict.hsb'), 'utf8')).toContain(':73\n');
    } finally {
      process.umask(before);
    }
  });
});
