import { copyFile, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { requirement } from '../../../../test/requirement.ts';
import { TENANT_A } from '../testing.ts';
import { hashOf } from './testing/samples.ts';
import { apply, effectOf, openWorkshop, release, soon, verify, type Workshop } from './testing/workshop.ts';

const DONE = { kind: 'done', level: 'reported' };
const OURS = { kind: 'present', foreign: false };
const FOREIGN = { kind: 'present', foreign: true };
const EFFECT = effectOf('sha256', 0);
const OTHER = effectOf('sha256', 1);

const inFolder = ({ clamd }: Workshop, file: string): string => path.join(clamd.folder, file);

describe.skipIf(!requirement('clamav').ok)('clamd, which says yes before it reads', () => {
  it('and keeps its former list where another file in the folder is bad: never done, never present', async () => {
    const workshop = await openWorkshop();
    const { file } = workshop.sample('sha256', 0);
    await apply(workshop, OTHER);
    await writeFile(inFolder(workshop, 'admin.hsb'), 'this is no signature\n');
    expect(await apply(workshop, EFFECT)).toMatchObject({
      kind: 'pending',
      message: expect.stringMatching(/has not loaded .* its log says why, as a bad file/),
    });
    expect(workshop.clamd.log()).toContain('Database reload failed, keeping the previous instance');
    expect(await workshop.isFound(file)).toBe(false);
    expect(await verify(workshop, EFFECT)).toMatchObject({ kind: 'pending' });
    expect(await verify(workshop, OTHER)).toMatchObject({ kind: 'pending' });
    const longAgo = new Date(Date.now() - 120_000);
    await utimes(inFolder(workshop, 'interdict.hsb'), longAgo, longAgo);
    expect(await verify(workshop, EFFECT)).toMatchObject({ kind: 'unknown', fault: 'ours' });
    await expect(workshop.connector.list?.(TENANT_A, soon())).rejects.toThrow(/has not loaded/);
    await rm(inFolder(workshop, 'admin.hsb'));
    expect(await apply(workshop, EFFECT)).toEqual(DONE);
    expect(await workshop.isFound(file)).toBe(true);
    expect(await verify(workshop, EFFECT)).toEqual(OURS);
  });

  it('and forgets a request that comes while it loads', async () => {
    const workshop = await openWorkshop();
    // clamd reads the files of a folder in no order that can be relied on: ours is not the last in each of the rounds.
    for (let list = 0; list < 6; list += 1) {
      const many = Array.from(
        { length: 20_000 },
        (_, index) => `${hashOf('sha256', 20_000 * (list + 1) + index)}:*:Admin:73`,
      );
      await writeFile(inFolder(workshop, `admin-${list}.hsb`), `${many.join('\n')}\n`);
    }
    const { file } = workshop.sample('sha256', 0);
    for (let round = 0; round < 4; round += 1) {
      await workshop.clamd.reload();
      expect(await apply(workshop, EFFECT)).toEqual(DONE);
      expect(await workshop.isFound(file)).toBe(true);
      await workshop.clamd.reload();
      expect(await release(workshop, EFFECT)).toEqual(DONE);
      expect(await workshop.isFound(file)).toBe(false);
    }
  });

  it('is not told a thing twice: what it has loaded already is done without a load', async () => {
    const workshop = await openWorkshop();
    await apply(workshop, EFFECT);
    const loads = () => workshop.clamd.log().split('Database correctly reloaded').length;
    const [before, list] = [loads(), await readFile(inFolder(workshop, 'interdict.hsb'), 'utf8')];
    expect(await apply(workshop, EFFECT)).toEqual(DONE);
    expect(await release(workshop, OTHER)).toEqual(DONE);
    expect(loads()).toBe(before);
    expect(await readFile(inFolder(workshop, 'interdict.hsb'), 'utf8')).toBe(list);
  });

  it('has nothing of ours any more where somebody took the file away, once a release says so', async () => {
    const workshop = await openWorkshop();
    const { file } = workshop.sample('md5', 0);
    await apply(workshop, effectOf('md5', 0));
    await rm(inFolder(workshop, 'interdict.hdb'));
    expect(await workshop.isFound(file)).toBe(true);
    expect(await release(workshop, effectOf('md5', 0))).toEqual(DONE);
    expect(await workshop.isFound(file)).toBe(false);
  });
});

describe.skipIf(!requirement('clamav').ok)("an administrator's files", () => {
  it('that pass a hash refuse its block, and end one that is there', async () => {
    const workshop = await openWorkshop();
    const { file } = workshop.sample('sha256', 0);
    await apply(workshop, EFFECT);
    await writeFile(inFolder(workshop, 'admin.sfp'), `${EFFECT.target.value}:*:Passed:73\n`);
    await workshop.clamd.reload();
    await expect.poll(() => workshop.isFound(file)).toBe(false);
    expect(await verify(workshop, EFFECT)).toEqual({ kind: 'absent' });
    expect(await workshop.connector.list?.(TENANT_A, soon())).toEqual([]);
    expect(await apply(workshop, EFFECT)).toMatchObject({
      kind: 'refused',
      message: `clamd passes this hash: ${workshop.clamd.folder}/admin.sfp says so.`,
    });
    expect(await apply(workshop, OTHER)).toEqual(DONE);
    await rm(inFolder(workshop, 'admin.sfp'));
    await workshop.clamd.reload();
    await expect.poll(() => workshop.isFound(file)).toBe(true);
    expect(await verify(workshop, EFFECT)).toEqual(OURS);
  });

  it('that ignore one signature by its name end that block alone', async () => {
    const workshop = await openWorkshop();
    const [{ file }, { file: other }] = [workshop.sample('sha256', 0), workshop.sample('sha256', 1)];
    await apply(workshop, EFFECT);
    await apply(workshop, OTHER);
    const name = (await workshop.clamd.scan(file)).get(file);
    expect(name).toBe(`Interdict.${TENANT_A}.BlockFile.${EFFECT.target.value.slice(0, 16)}`);
    await writeFile(inFolder(workshop, 'local.ign2'), `${name}\n`);
    await workshop.clamd.reload();
    await expect.poll(() => workshop.isFound(file)).toBe(false);
    expect(await verify(workshop, EFFECT)).toEqual({ kind: 'absent' });
    expect([await workshop.isFound(other), await verify(workshop, OTHER)]).toEqual([true, OURS]);
  });

  it('and his lines in ours survive, and are seen as his', async () => {
    const workshop = await openWorkshop();
    await apply(workshop, EFFECT);
    const list = inFolder(workshop, 'interdict.hsb');
    const his = `${OTHER.target.value.toUpperCase()}:15:Admin.Mine:73`;
    await writeFile(list, `# mine\n\n${his}\n${await readFile(list, 'utf8')}\n\n`);
    expect(await verify(workshop, OTHER)).toEqual(FOREIGN);
    expect(await release(workshop, OTHER)).toEqual(DONE);
    expect(await release(workshop, EFFECT)).toEqual(DONE);
    expect(await workshop.isFound(workshop.sample('sha256', 1).file)).toBe(true);
    expect(await verify(workshop, OTHER)).toEqual(FOREIGN);
    const lines = (await readFile(list, 'utf8')).split('\n');
    expect(lines[0]).toMatch(/^[0-9a-f]{64}:\*:Interdict\.Generation\./);
    expect(lines.slice(1)).toEqual(['# mine', his, '# Interdict writes here', '']);
  });

  it('a copy of ours among them goes on blocking, and is seen', async () => {
    const workshop = await openWorkshop();
    await apply(workshop, EFFECT);
    await apply(workshop, OTHER);
    await copyFile(inFolder(workshop, 'interdict.hsb'), inFolder(workshop, 'backup.hsb'));
    expect(await release(workshop, EFFECT)).toMatchObject({ kind: 'pending' });
    expect(await release(workshop, OTHER)).toEqual(DONE);
    expect(await workshop.isFound(workshop.sample('sha256', 0).file)).toBe(true);
    expect(await verify(workshop, EFFECT)).toEqual(FOREIGN);
  });
});
