import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from 'vitest';
import { createReader, readRows } from './sqlite-rows.ts';

describe('rows', () => {
  it('are those of the statement, each of them its own', () => {
    const db = new DatabaseSync(':memory:');
    const reader = createReader(db, 'select 1 as one, null as "two", ? as three union all select 2, 2.5, ?');
    const rows = readRows(reader, ['x', 'y']);
    expect(rows).toEqual([
      { one: 1, two: null, three: 'x' },
      { one: 2, two: 2.5, three: 'y' },
    ]);
    expect(readRows(reader, ['a', 'b']).map(({ three }) => three)).toEqual(['a', 'b']);
    expect(rows.map(({ three }) => three)).toEqual(['x', 'y']);
  });

  it('are none where a statement gives none back', () => {
    const db = new DatabaseSync(':memory:');
    db.exec('create table t (a integer)');
    expect(readRows(createReader(db, 'insert into t values (?)'), [1])).toEqual([]);
    expect(readRows(createReader(db, 'update t set a = 2 returning a'), [])).toEqual([{ a: 2 }]);
  });
});
