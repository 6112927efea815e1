import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addUp } from './faults/add-up.ts';
import { compareFile } from './faults/read-file.ts';
import { nothingTold, type Told } from './faults/told.ts';
import { noCancelTold, type ToldCancels } from './faults/told-cancels.ts';

/** The checks of `npm run faults` fail where they should. */
describe('what clients were told, beside a file', () => {
  let folder: string;

  beforeAll(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'interdict-test-told-'));
    const db = new DatabaseSync(path.join(folder, 'interdict.sqlite'));
    db.exec(`create table action (id text, client_context text);
      insert into action values ('one', 'case-2026-11-00000001'), ('two', 'case-2026-11-00000002');
      create table journal (action_id text, type text);
      insert into journal values ('one', 'securityAction.cancelRequested')`);
    db.close();
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const brokenBy = (lie: (told: Told, cancels: ToldCancels) => void): readonly string[] => {
    const told = nothingTold();
    const cancels = noCancelTold();
    told.accepted.set(1, 'one').set(2, 'two');
    told.refused.add(3);
    cancels.accepted.add('one');
    cancels.refused.add('two');
    lie(told, cancels);
    const findings = addUp([{ words: 'a case', findings: compareFile(folder, told, cancels) }]);
    return findings.filter(({ broken }) => broken !== undefined).map(({ promise }) => promise);
  };

  it('nothing is broken by the truth', () => {
    expect(brokenBy(() => undefined)).toEqual([]);
  });

  it.each<[string, (told: Told, cancels: ToldCancels) => void]>([
    ['what was accepted is there', (told) => told.accepted.set(4, 'four')],
    ['what was accepted is there', (told) => told.accepted.set(1, 'another')],
    ['what was refused is not', (told) => told.refused.add(2)],
    ['refusals are 503 and 507, or say that it is not known', (told) => told.wrong.push('500: nothing said')],
    ['a cancel that was accepted is in the file', (_, cancels) => cancels.accepted.add('two')],
    ['a cancel that was refused is not', (_, cancels) => cancels.refused.add('one')],
    ['cancels are answered by the truth', (_, cancels) => cancels.wrong.push('500: nothing said')],
  ])('"%s" is broken by a lie', (promise, lie) => {
    expect(brokenBy(lie)).toContain(promise);
  });

  it('an action that is there twice is found', () => {
    const db = new DatabaseSync(path.join(folder, 'interdict.sqlite'));
    db.exec("insert into action values ('again', 'case-2026-11-00000002')");
    db.close();
    expect(brokenBy(() => undefined)).toContain('nothing is there twice');
  });
});
