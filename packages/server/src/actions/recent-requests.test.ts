import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { UnitOutcome } from '../store/sql/group.ts';
import { createSqliteEngine, runGroup, type SqliteEngine } from '../store/sql/sqlite-engine.ts';
import { migrateSqlite } from '../store/sql/sqlite-open.ts';
import { anActionRow } from '../store/testing/an-action-row.ts';
import { UNITS } from '../units.ts';
import { createAction } from './create-action.ts';

const ORIGIN = { appId: 'app', user: null, oid: null, requestId: 'r', sourceIp: null };
const START = Date.parse('2026-01-01T00:00:00Z');

let now: number;
let engine: SqliteEngine;
beforeEach(() => {
  now = START;
  const db = new DatabaseSync(':memory:');
  migrateSqlite(db);
  engine = createSqliteEngine(db, UNITS, { now: () => now });
});
afterEach(() => engine.db.close());

/** @param ago how long the request was on its way */
function post(hash: string, isRepeat: boolean, ago = 0): UnitOutcome | undefined {
  const keyless = { kind: 'keyless', hash, isRepeat, arrivedAt: now - ago } as const;
  const args = { row: anActionRow({ request_hash: hash }), keyless, origin: ORIGIN };
  return runGroup(engine, [{ tenantId: 'tenant', unit: createAction.name, args }])[0];
}
const created = { value: { kind: 'created' } };
const replayed = { value: { kind: 'replayed', id: expect.any(String) } };

it('asks nothing of the database for a request that no repeat can have overtaken', () => {
  const { statements } = engine;
  engine = { ...engine, statements: new Map([...statements].filter(([name]) => name !== 'madeByRepeat')) };
  expect(post('x', false)).toEqual(created);
  engine = { ...engine, statements };
  expect(post('y', true)).toEqual(created);
  engine = { ...engine, statements: new Map([...statements].filter(([name]) => name !== 'madeByRepeat')) };
  now += 1;
  expect(post('x', false)).toEqual(created);
  expect(post('x', false, 5)).toMatchObject({ thrown: expect.any(Error) });
});

it('knows for two minutes what a repeat has made, in a tenant that has other actions', () => {
  post('before', false);
  expect(post('x', true)).toEqual(created);
  post('behind', false);
  now += 110_000;
  expect(post('x', false, 115_000)).toEqual(replayed);
  now += 11_000;
  expect(post('x', false, 125_000)).toEqual(created);
});

it('knows of an earlier repeat though the clock went back a little before the next one', () => {
  expect(post('x', true)).toEqual(created);
  now -= 500;
  expect(post('y', true)).toEqual(created);
  expect(post('x', false, -300)).toEqual(replayed);
});

it('makes a new action of a new request though the clock was an hour ahead when a repeat made one', () => {
  expect(post('x', true)).toEqual(created);
  now -= 3_600_000;
  expect(post('x', false)).toEqual(created);
});
