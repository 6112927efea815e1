import type { Entity } from '../../../packages/server/src/actions/entity.ts';
import { queries } from '../../../packages/server/src/store/queries.ts';
import type { ActionRow, JournalRow } from '../../../packages/server/src/store/rows.ts';
import { ask } from '../../../packages/server/src/store/sql/sqlite-engine.ts';
import { giveUp } from '../product.ts';
import { note, TENANTS, type World } from '../world.ts';
import { checkStep } from './action-checks.ts';
import { putOff } from './time-checks.ts';
import { traceCommit } from './trace.ts';

interface Touched {
  readonly tenant_id: string;
  readonly id: string;
}

/** I8: sequences have no gap, and every visible change stands in the journal of its commit. */
function newEntries(world: World, tenantId: string): readonly JournalRow[] {
  const { history, database } = world;
  const last = history.sequences.get(tenantId) ?? 0;
  const entries = ask(
    database.engine,
    tenantId,
    queries.journalAfter({ sequence: last, limit: 1_000 }),
  ) as readonly JournalRow[];
  entries.forEach(({ sequence }, index) => {
    if (sequence !== last + index + 1) note(world, `I8: the journal goes from ${last + index} to ${sequence}.`);
  });
  history.sequences.set(tenantId, last + entries.length);
  return entries;
}

/** Whoever removed it was asked to, and said so; it was over before, or ended with it. */
function checkGone(world: World, id: string, isTold: boolean, mine: readonly JournalRow[]): void {
  const { actions, deleted, ends, open } = world.history;
  if (actions.has(id) && !isTold) note(world, `I8: ${id} is gone, and the journal does not say so.`);
  if (!world.client.removals.has(id)) note(world, `I1: ${id} is gone, and nobody asked for that who may.`);
  deleted.add(id);
  ends.delete(id);
  actions.delete(id);
  const isEnded = mine.some(({ type }) => type !== 'securityAction.deleted');
  if (open.delete(id) && !isEnded) note(world, `I3: ${id} is gone and was not final.`);
}

function checkTouched(world: World, { tenant_id: tenantId, id }: Touched, entries: readonly JournalRow[]): void {
  const { actions } = world.history;
  const before = actions.get(id);
  const [row] = ask(world.database.engine, tenantId, queries.actionById({ id })) as readonly ActionRow[];
  const mine = entries.filter((entry) => entry.action_id === id);
  const isTold = mine.some(({ event }) => event !== null);
  if (!row) {
    checkGone(world, id, isTold, mine);
    return;
  }
  if (before?.row.entity !== row.entity && !isTold) note(world, `I8: ${id} changed, and the journal does not say so.`);
  if (before && before.tenantId !== tenantId) note(world, `I9: ${id} went to another tenant.`);
  const entity = JSON.parse(row.entity) as Entity;
  const seen = { tenantId, row, entity };
  actions.set(id, seen);
  checkStep(world, before, seen, mine);
}

const OPERATION =
  'select operation_id from enforcement where tenant_id = ? and provider = ? and action = ? and target = ?';

/** What the product is at and nobody asks for any more. */
function giveUpJobs({ products, time, random, database }: World): void {
  for (const product of products) {
    for (const job of product.jobs) {
      const [tenantId = '', action = '', target = ''] = job.landing.effect.split(' ');
      const row = database.prepare(OPERATION).get(tenantId, product.name, action, target);
      if (row?.operation_id !== job.landing.operationId) giveUp(time, product, job, random());
    }
  }
}

const PAUSED = 'select tenant_id, kind, since from dispatch_pause where until is null order by since';

function notePauses(world: World): void {
  const { history, database } = world;
  putOff(world);
  history.paused.clear();
  history.quarantined.clear();
  for (const { tenant_id, kind, since } of database.prepare(PAUSED).all()) {
    history.paused.add(String(tenant_id));
    if (kind === 'restored') history.quarantined.set(String(tenant_id), Number(since));
  }
}

/** Behind every commit, whichever process made it, of units of these tenants. */
export function checkCommit(world: World, tenantIds: ReadonlySet<string>): void {
  const { database, history } = world;
  history.commits += 1;
  const touched = database
    .prepare('select distinct tenant_id, id from temp.touched order by tenant_id, id')
    .all() as unknown as readonly Touched[];
  const entries = TENANTS.flatMap((tenantId) => (tenantIds.has(tenantId) ? newEntries(world, tenantId) : []));
  if (entries.some(({ type }) => type.startsWith('dispatch.'))) notePauses(world);
  for (const each of touched) checkTouched(world, each, entries);
  if (touched.length > 0) database.prepare('delete from temp.touched').run();
  if (world.onTrace) traceCommit(world, touched, entries);
  giveUpJobs(world);
}
