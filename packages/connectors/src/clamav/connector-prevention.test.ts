import { spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { requirement } from '../../../../test/requirement.ts';
import { runProduct } from '../testing.ts';
import { apply, effectOf, openWorkshop, release } from './testing/workshop.ts';

const hasAll = requirement('clamav').ok && requirement('root').ok;
const reads = (file: string): Promise<string> => readFile(file, 'utf8').catch((error) => error.code);

describe.skipIf(!hasAll)('clamonacc', () => {
  it('keeps everybody from reading or running a blocked file, root too, until the release', async () => {
    const workshop = await openWorkshop((home) => [
      `OnAccessIncludePath ${home}/samples`,
      'OnAccessPrevention yes',
      'OnAccessExcludeUname clamav',
      'OnAccessExcludeRootUID no',
      'OnAccessDisableDDD yes',
    ]);
    const [file = '', other = '', first = ''] = [0, 1, 2].map((index) => workshop.sample('sha256', index).file);
    const conf = path.join(workshop.clamd.home, 'clamd.conf');
    await apply(workshop, effectOf('sha256', 2));
    const onAccess = await runProduct({
      command: ['/usr/sbin/clamonacc', '--foreground', '--fdpass', '--config-file', conf],
      isReady: async () => (await reads(first)) === 'EPERM',
    });
    onTestFinished(() => onAccess.stop());
    expect(await reads(file)).toBe('sample sha256 0');
    await apply(workshop, effectOf('sha256', 0));
    expect(await reads(file)).toBe('EPERM');
    const asNobody = spawnSync('setpriv', ['--reuid=65534', '--clear-groups', 'cat', file], { encoding: 'utf8' });
    expect(asNobody.stderr).toContain('Operation not permitted');
    expect(await reads(other)).toBe('sample sha256 1');
    await release(workshop, effectOf('sha256', 0));
    expect(await reads(file)).toBe('sample sha256 0');
  });
});
