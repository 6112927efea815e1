import { mkdtempSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { toDateTime } from '../../packages/server/src/lib/date-time.ts';
import { newId } from '../../packages/server/src/lib/new-id.ts';
import { ask, startServer, type TestServer, until } from '../server.ts';
import { clearAwayLater } from './clear-away.ts';
import { PROVIDER } from './dispatch-run.ts';
import type { Restarts } from './settings.ts';
import {
  ACTIONS,
  copyOf,
  DAY_MS,
  post,
  type Row,
  readTemplate,
  STORED_MS,
  stateOf,
  type Template,
  targetOf,
} from './stored-actions.ts';

/** Actions as a server leaves them: over, in force, and accepted while nothing is sent. */
export interface Templates {
  readonly released: Template;
  readonly inForce: Template;
  readonly due: Template;
}

export interface TableRow {
  readonly table: string;
  readonly row: Row;
}

async function act(server: TestServer): Promise<Readonly<Record<keyof Templates, string>>> {
  const reaches = (id: string, state: string): Promise<string> =>
    until(
      () => stateOf(server, id),
      (seen) => seen === state,
    );
  const inForce = await post(server, PROVIDER, 0);
  const released = await post(server, PROVIDER, 1);
  await reaches(inForce, 'inForce');
  await reaches(released, 'inForce');
  await ask(server, `${ACTIONS}/${released}/cancelSecurityAction`, { method: 'POST' });
  await reaches(released, 'released');
  await ask(server, '/beta/security/stopDispatch', { body: { reason: 'The bench.' } });
  return { inForce, released, due: await post(server, PROVIDER, 2) };
}

/** What a server wrote itself, to be written again for many, on either engine. */
export async function makeTemplates(config: string, env: Readonly<Record<string, string>>): Promise<Templates> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'templates-'));
  const server = await startServer({ data: folder, config, env });
  const end = clearAwayLater(() => server.kill());
  const ids = await act(server);
  await end();
  const db = new DatabaseSync(path.join(folder, 'interdict.sqlite'));
  const read = (kind: keyof Templates): Template => readTemplate(db, ids[kind]);
  const templates = { released: read('released'), inForce: read('inForce'), due: read('due') };
  db.close();
  return templates;
}

/** Half of all belongs to the tenant of the server's own token, the rest to so many others. */
const OTHER_TENANTS = 999;
/** Those of them that wait for something: a slot at the product comes to each in its turn. */
const WAITING_TENANTS = 19;
const IN_FORCE = 0.1;
/** How much is done in one life of a server, at most. */
const DONE_A_LIFE = 4_000;

/** Times of what lasts on, all of them long after the last kill. */
function lasting(row: Row, now: number): Row {
  const endsAt = now + 7 * DAY_MS;
  const late = ['hold_until', 'end_at', 'deadline_at', 'wanted_until', 'told_until'];
  return { ...row, ...Object.fromEntries(late.filter((name) => row[name] != null).map((name) => [name, endsAt])) };
}

interface Copied {
  readonly index: number;
  readonly tenantId: string;
  readonly sequence: number;
  readonly createdAt: number;
  readonly now: number;
}

function* copies({ action, enforcement, journal }: Template, { index, tenantId, ...at }: Copied): Generator<TableRow> {
  const replaced = [
    [String(action.id), newId(at.createdAt)],
    [String(action.target).slice('ip:'.length), targetOf(index)],
    [String(action.created_at), toDateTime(at.createdAt)],
    [String(action.tenant_id), tenantId],
    ...(action.enforcement_id ? [[String(action.enforcement_id), newId(at.createdAt)] as const] : []),
  ] as const;
  const startAt = action.start_at === null ? {} : { start_at: at.createdAt };
  yield { table: 'action', row: { ...lasting(copyOf(action, replaced), at.now), ...startAt } };
  yield { table: 'journal', row: { ...copyOf(journal, replaced), sequence: at.sequence } };
  if (enforcement) yield { table: 'enforcement', row: lasting(copyOf(enforcement, replaced), at.now) };
}

function* tenantRows(tenantId: string, sequence: number, now: number): Generator<TableRow> {
  const row = {
    tenant_id: tenantId,
    last_sequence: sequence,
    action_count: sequence,
    due_at: now,
    repeat_made_at: null,
    subscribed: 0,
  };
  yield { table: 'tenant', row };
  yield { table: 'word_index', row: { tenant_id: tenantId, sequence } };
}

/** Of the action at a place in the order of creation. */
function kindAt(index: number, { actions, due, rounds }: Restarts): keyof Templates {
  const dueFrom = actions - due - DONE_A_LIFE * (rounds + 1);
  if (index >= dueFrom) return 'due';
  return index >= dueFrom - actions * IN_FORCE ? 'inForce' : 'released';
}

/** Every row of a store that was served for a month and killed: oldest first, and what is due last. */
export function* restartRows(templates: Templates, restarts: Restarts): Generator<TableRow> {
  const { actions } = restarts;
  const now = Date.now();
  const own = String(templates.due.action.tenant_id);
  const others = Array.from({ length: OTHER_TENANTS }, () => newId(now - STORED_MS));
  const sequences = new Map<string, number>();
  for (let index = 0; index < actions; index += 1) {
    const kind = kindAt(index, restarts);
    const among = kind === 'due' ? WAITING_TENANTS : OTHER_TENANTS;
    const tenantId = (index % 2 === 1 && others[(index >> 1) % among]) || own;
    const sequence = (sequences.get(tenantId) ?? 0) + 1;
    sequences.set(tenantId, sequence);
    const agoMs = kind === 'due' ? 0 : Math.floor(((actions - index) * STORED_MS) / actions);
    yield* copies(templates[kind], { index, tenantId, sequence, createdAt: now - agoMs, now });
  }
  for (const [tenantId, sequence] of sequences) yield* tenantRows(tenantId, sequence, now);
}
