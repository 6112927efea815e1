import { mkdtempSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { toDateTime } from '../../packages/server/src/lib/date-time.ts';
import { newId } from '../../packages/server/src/lib/new-id.ts';
import { ask, startServer, type TestServer, until } from '../server.ts';
import { clearAwayLater } from './clear-away.ts';
import { requestBody } from './request-body.ts';
import type { BenchSettings } from './settings.ts';

export const ACTIONS = '/beta/security/securityActions';
export const DAY_MS = 86_400_000;
/** How long before now the oldest was created. */
export const STORED_MS = 30 * DAY_MS;

export type Row = Record<string, SQLInputValue>;

/** What the server itself wrote for one action, to be written again for many. */
export interface Template {
  readonly action: Row;
  /** Absent where the action holds nothing any more. */
  readonly enforcement: Row | undefined;
  readonly journal: Row;
}

/** All targets are of one width: where they stand in a text nothing moves. */
export const targetOf = (index: number): string =>
  `2001:db8:${(0x1000 + (index >> 12)).toString(16)}:${(0x1000 + (index & 0xfff)).toString(16)}::1`;

export async function post(server: TestServer, provider: string, index: number): Promise<string> {
  const body = JSON.parse(requestBody(provider, index)) as { parameters: { name: string; value: string }[] };
  const parameters = body.parameters.map((each) => (each.name === 'IP' ? { ...each, value: targetOf(index) } : each));
  const { status, json } = await ask(server, ACTIONS, { body: { ...body, parameters } });
  if (status !== 201) throw new Error(`A template was answered with ${status}.`);
  return String(json.id);
}

const fetchList = (server: TestServer): Promise<unknown> =>
  ask(server, '/feeds/blocklist/ip.txt', {
    token: null,
    headers: { Authorization: `Basic ${Buffer.from(`bench:${server.feedKey()}`).toString('base64')}` },
  });

export const stateOf = async (server: TestServer, id: string): Promise<string> =>
  String((await ask(server, `${ACTIONS}/${id}`)).json.enforcement?.state);

/** Two actions as a server leaves them: one in force on a list that a firewall has fetched, one released again. */
async function makeTemplates(server: TestServer): Promise<{ readonly inForce: string; readonly released: string }> {
  const inForce = await post(server, 'blocklist', 0);
  const released = await post(server, 'blocklist', 1);
  const reaches = (id: string, state: string): Promise<string> =>
    until(
      async () => {
        await fetchList(server);
        return stateOf(server, id);
      },
      (seen) => seen === state,
    );
  await reaches(released, 'inForce');
  await ask(server, `${ACTIONS}/${released}/cancelSecurityAction`, { method: 'POST' });
  await reaches(released, 'released');
  await reaches(inForce, 'inForce');
  return { inForce, released };
}

export function readTemplate(db: DatabaseSync, id: string): Template {
  const row = (sql: string, value: SQLInputValue): Row | undefined => db.prepare(sql).get(value) as Row | undefined;
  const action = row('select * from action where id = ?', id);
  const journal = row("select * from journal where action_id = ? and event = 'created'", id);
  if (!action || !journal) throw new Error(`Action ${id} is not in the store.`);
  const enforcement = row('select * from enforcement where id = ?', action.enforcement_id ?? null);
  return { action, enforcement, journal };
}

export function inserter(db: DatabaseSync, table: string, row: Row): (values: Row) => void {
  const columns = Object.keys(row);
  const places = columns.map(() => '?').join(', ');
  const statement: StatementSync = db.prepare(`insert into ${table} (${columns.join(', ')}) values (${places})`);
  return (values) => void statement.run(...columns.map((column) => values[column] ?? null));
}

/** The template's row with another id, target and moment of creation, wherever they stand in it. */
export function copyOf(row: Row, replaced: readonly (readonly [string, string])[]): Row {
  const copy = (value: SQLInputValue): SQLInputValue =>
    typeof value === 'string' ? replaced.reduce((text, [from, to]) => text.replaceAll(from, to), value) : value;
  return Object.fromEntries(Object.entries(row).map(([column, value]) => [column, copy(value)]));
}

/** The newest tenth is in force, the rest is history; one each few seconds, up to now. */
function fill(
  db: DatabaseSync,
  templates: { readonly inForce: Template; readonly released: Template },
  count: number,
): void {
  const { inForce, released } = templates;
  const insertAction = inserter(db, 'action', inForce.action);
  const insertJournal = inserter(db, 'journal', inForce.journal);
  const insertEnforcement = inserter(db, 'enforcement', inForce.enforcement ?? {});
  const now = Date.now();
  const stepMs = Math.floor(STORED_MS / count);
  const endsAt = now + 7 * DAY_MS;
  let { sequence } = db.prepare('select max(sequence) as sequence from journal').get() as { sequence: number };
  for (let index = 2; index < count; index += 1) {
    const template = index >= count * 0.9 ? inForce : released;
    const createdAt = now - (count - index) * stepMs;
    const id = newId(createdAt);
    const { id: oldId, target: oldTarget, created_at: oldDate, enforcement_id: oldEffect } = template.action;
    const effectId = newId(createdAt);
    const replaced = [
      [String(oldId), id],
      [String(oldTarget).slice('ip:'.length), targetOf(index)],
      [String(oldDate), toDateTime(createdAt)],
      ...(oldEffect === null ? [] : [[String(oldEffect), effectId] as const]),
    ] as const;
    const action = copyOf(template.action, replaced);
    insertAction(template.enforcement ? { ...action, hold_until: endsAt, end_at: endsAt } : action);
    if (template.enforcement) insertEnforcement({ ...copyOf(template.enforcement, replaced), wanted_until: endsAt });
    sequence += 1;
    insertJournal({ ...copyOf(template.journal, replaced), sequence });
  }
  db.prepare('update tenant set last_sequence = ?, action_count = ?').run(sequence, count);
  // As it is long after the writes: no index of words is brought up to date while others are measured.
  db.prepare(
    'insert into word_index (tenant_id, sequence) values (?, ?) on conflict do update set sequence = excluded.sequence',
  ).run(templates.inForce.action.tenant_id ?? null, sequence);
}

export interface StoredActions {
  readonly folder: string;
  readonly tenantId: string;
  /** Where the page at the depth begins. */
  readonly deep: { readonly created_at: string; readonly id: string };
  /** Of actions all over the store. */
  readonly ids: readonly string[];
  readonly count: number;
}

const SAMPLE = 12_000;

function sample(db: DatabaseSync, count: number): readonly string[] {
  const every = Math.max(1, Math.floor(count / SAMPLE));
  const rows = db.prepare('select id from action where rowid % ? = 0').all(every) as { id: string }[];
  // In an order that is not the one of the keys.
  return rows
    .map(({ id }, index) => ({ id, at: (index * 7_919) % rows.length }))
    .sort((one, other) => one.at - other.at)
    .map(({ id }) => id);
}

/** A data folder as a server leaves it behind after a month, made from what one wrote itself. It is in no hurry about the disk. */
export async function makeStoredActions({ storedActions: count, depth }: BenchSettings): Promise<StoredActions> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'stored-'));
  const server = await startServer({ data: folder });
  const end = clearAwayLater(() => server.kill());
  const ids = await makeTemplates(server);
  await server.stop();
  await end();
  const db = new DatabaseSync(path.join(folder, 'interdict.sqlite'));
  db.exec('pragma synchronous = off; pragma cache_size = -200000; begin');
  const templates = { inForce: readTemplate(db, ids.inForce), released: readTemplate(db, ids.released) };
  fill(db, templates, count);
  db.exec('commit; pragma wal_checkpoint(truncate)');
  const at = 'select created_at, id from action order by created_at desc, id desc limit 1 offset ?';
  const deep = db.prepare(at).get(depth - 1) as StoredActions['deep'];
  const made = {
    folder,
    tenantId: String(templates.inForce.action.tenant_id),
    deep: { ...deep },
    ids: sample(db, count),
    count,
  };
  db.close();
  return made;
}
