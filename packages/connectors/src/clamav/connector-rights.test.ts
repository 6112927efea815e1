import { execFileSync, spawnSync } from 'node:child_process';
import { chmod, chown, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { requirement } from '../../../../test/requirement.ts';
import { applyElsewhere, effectOf, openWorkshop, verify } from './testing/workshop.ts';

const NOBODY = 65_534;
const clamavsGroup = (): string => execFileSync('id', ['-g', 'clamav'], { encoding: 'utf8' }).trim();

/** A user of its own, with no right but what its groups have. */
const asServer = (groups: string): string[] => [
  ...['setpriv', `--reuid=${NOBODY}`, `--regid=${NOBODY}`],
  ...(groups === '' ? ['--clear-groups'] : [`--groups=${groups}`]),
  ...['--bounding-set=-all', '--no-new-privs'],
];

const hasAll = requirement('clamav').ok && requirement('root').ok;

describe.skipIf(!hasAll)('the least rights', () => {
  it("are clamd's group and a folder of one's own, and clamd is another user", async () => {
    const workshop = await openWorkshop();
    const { clamd } = workshop;
    await chown(clamd.folder, NOBODY, NOBODY);
    await chown(path.join(clamd.folder, 'interdict.hsb'), NOBODY, NOBODY);
    const [answer] = await applyElsewhere(clamd, { first: 0, count: 1, as: asServer(clamavsGroup()) });
    expect(answer).toEqual({ kind: 'done', level: 'reported' });
    expect(await workshop.isFound(workshop.sample('sha256', 0).file)).toBe(true);
    expect(await verify(workshop, effectOf('sha256', 0))).toEqual({ kind: 'present', foreign: false });
    // What it may not: clamd's own folder, and a file of an administrator.
    const admins = path.join(clamd.home, 'clamd.conf');
    const touch = spawnSync('setpriv', [...asServer(clamavsGroup()).slice(1), 'sh', '-c', `echo >> ${admins}`]);
    expect([touch.status, `${touch.stderr}`]).toEqual([
      expect.toSatisfy((code) => code !== 0),
      expect.stringMatching(/Permission denied/),
    ]);
  });

  it('and without them a sentence says which is missing', async () => {
    const { clamd } = await openWorkshop();
    const [noGroup] = await applyElsewhere(clamd, { first: 0, count: 1, as: asServer('') });
    expect(noGroup).toEqual({
      kind: 'unavailable',
      fault: 'ours',
      message: `The socket ${clamd.socket} may not be used by the server: add its user to clamd's LocalSocketGroup.`,
    });
    const [noFolder] = await applyElsewhere(clamd, { first: 0, count: 1, as: asServer(clamavsGroup()) });
    expect(noFolder).toEqual({
      kind: 'unavailable',
      fault: 'ours',
      message: `The folder ${clamd.folder} may not be read and written by the server: make the server's user its owner.`,
    });
    // A folder that may be written with a lock that may not: others would not be kept out.
    await chmod(clamd.folder, 0o777);
    await writeFile(path.join(clamd.folder, 'interdict.lock'), '', { mode: 0o644 });
    const [noLock] = await applyElsewhere(clamd, { first: 0, count: 1, as: asServer(clamavsGroup()) });
    expect(noLock).toMatchObject({ kind: 'unavailable', fault: 'ours' });
  });
});
