import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../lib/clock.ts';
import { anActionRow } from '../testing/an-action-row.ts';
import { addAction, writeAndThrow } from '../testing/test-units.ts';
import { carryGroup } from './carry-group.ts';
import { reserveFile } from './disk-room.ts';
import type { UnitCall, UnitOutcome } from './group.ts';
import { createSqliteEngine, type SqliteEngine } from './sqlite-engine.ts';
import { migrateSqlite, openWriter } from './sqlite-open.ts';

describe('a group on a file without room', () => {
  let folder: string;
  let engine: SqliteEngine;

  beforeEach(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'interdict-test-group-'));
    const db = openWriter(folder);
    migrateSqlite(db);
    engine = createSqliteEngine(db, [addAction, writeAndThrow], systemClock);
    writeFileSync(reserveFile(folder), 'room');
  });
  afterEach(() => {
    engine.db.close();
    rmSync(folder, { recursive: true });
  });

  const call = (unit: string, entity: string): UnitCall => ({ tenantId: 'a', unit, args: anActionRow({ entity }) });
  const large = '"'.repeat(1_000_000);
  const kinds = (outcomes: readonly UnitOutcome[]): string[] =>
    outcomes.map((outcome) => ('value' in outcome ? 'done' : String((outcome.thrown as Error).message)));
  const mostPages = (more: number): void => {
    const { page_count: count } = engine.db.prepare('pragma page_count').get() as { page_count: number };
    engine.db.exec(`pragma max_page_count = ${count + more}`);
  };

  it('does not run again what was committed beside what had no room', () => {
    mostPages(40);
    const calls = [call(addAction.name, '"small"'), call(writeAndThrow.name, '""'), call(addAction.name, large)];
    const outcomes = carryGroup(engine, folder, calls);
    expect(kinds(outcomes)).toEqual(['done', 'Thrown by the unit, as planned.', 'database or disk is full']);
    expect(engine.db.prepare('select count(*) as n from action').get()).toEqual({ n: 1 });
  });
});
