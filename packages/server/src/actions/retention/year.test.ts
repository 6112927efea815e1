import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import pg from 'pg';
import { describe, expect, it } from 'vitest';
import { startPostgres } from '../../../../../test/postgres.ts';
import { requirement } from '../../../../../test/requirement.ts';
import { toDateTime } from '../../lib/date-time.ts';
import { newId } from '../../lib/new-id.ts';
import { systemTimers } from '../../lib/timers.ts';
import { createSubscription } from '../../notify/subscription-units.ts';
import { queries } from '../../store/queries.ts';
import type { ActionRow } from '../../store/rows.ts';
import { openPostgresStore } from '../../store/sql/postgres-store.ts';
import { openSqliteStore } from '../../store/sql/sqlite-store.ts';
import type { Store } from '../../store/store.ts';
import type { DeliveryRow } from '../../store/subscription-rows.ts';
import { anActionRow } from '../../store/testing/an-action-row.ts';
import { createAction } from '../create-action.ts';
import { deleteAction } from '../delete-action.ts';
import { keepOrder } from '../listing/kept-order.ts';
import { sweepTenant } from './sweep.ts';
import { type TimedStore, withTime, YEAR_UNITS } from './testing/at-time.ts';

const DAY_MS = 86_400_000;
const yearOf = (year: number): number => Date.UTC(year, 0, 1);
const TENANT = randomUUID();
const APP = 'app';
const ORIGIN = { appId: APP, user: null, oid: null, requestId: 'r', sourceIp: null };
/** Of each step. */
const OVER = 12;
const KEYED = 4;
const FINAL_ACTIONS_MS = 30 * DAY_MS;
const PAUSES_MS = 30 * DAY_MS;
const TABLES = ['action', 'journal', 'used_key', 'delivery', 'kept_order', 'subscription', 'dispatch_pause'] as const;

type Sizes = Readonly<Record<(typeof TABLES)[number], number>>;

/** An action that is over: failed, or released. Every tenth was in force until now, and stays. */
function aRow(now: number, at: number, step: number): ActionRow {
  const isHeld = at === 0 && step % 10 === 0;
  const standing = isHeld
    ? ({ status: 'Completed', state: 'inForce' } as const)
    : ({ status: 'Failed', state: 'none' } as const);
  const entity = JSON.stringify({ lastActionDateTime: toDateTime(now) });
  const row = anActionRow({ id: newId(now), entity, start_at: null, created_at: toDateTime(now), ...standing });
  if (at >= KEYED) return row;
  return { ...row, key_hash: randomUUID(), key_fingerprint: 'f', key_until: now + 7 * DAY_MS };
}

async function makeActions({ store, clock }: TimedStore, step: number): Promise<void> {
  const now = clock.time;
  const rows = Array.from({ length: OVER }, (_, at) => aRow(now, at, step));
  const post = (row: ActionRow): Promise<unknown> => {
    const keyless = { kind: 'keyless', hash: randomUUID(), isRepeat: false, arrivedAt: now } as const;
    return store.run(TENANT, createAction, { row, keyless, origin: ORIGIN });
  };
  await Promise.all(rows.map(post));
  // Some under keys are deleted by hand.
  const gone = rows.slice(1, 3).map(({ id }) => ({ id, origin: ORIGIN, precondition: {} }));
  await Promise.all(gone.map((each) => store.run(TENANT, deleteAction, each as never)));
}

async function deliver({ write, clock }: TimedStore, subscription_id: string): Promise<void> {
  const row = (): DeliveryRow => ({
    id: newId(clock.time),
    subscription_id,
    kind: 'change',
    state: 'delivered',
    first_sequence: 1,
    last_sequence: 1,
    notices: '[]',
    attempts: '[]',
    attempt_count: 1,
    failing_since: null,
    created_at: clock.time,
    next_at: null,
    is_again: 0,
  });
  await Promise.all([1, 2, 3].map(() => write(TENANT, queries.insertDelivery(row()))));
}

/** A drill of a day, in which nothing was sent. */
async function pauseOnce({ write, clock }: TimedStore): Promise<void> {
  const row = { id: randomUUID(), provider: '', kind: 'stopped', reason: 'A drill.', app_id: APP } as const;
  const [since, until] = [clock.time, clock.time + DAY_MS];
  await write(TENANT, queries.insertPause({ ...row, user_name: null, since, until }));
}

/** How a year is gone through. */
interface Year {
  /** Ids of one process never go back in time: each year is behind the one before. */
  readonly start: number;
  readonly stepDays: number;
  readonly finalActionsMs: number | undefined;
}

const stepsOf = ({ stepDays }: Year): number => Math.floor(365 / stepDays);
const quarters = (year: Year): readonly number[] => [1, 2, 3, 4].map((n) => Math.floor((stepsOf(year) * n) / 4));

/** @returns the sizes of the tables at the end of each quarter */
async function liveThrough(opened: Store, sizes: () => Promise<Sizes>, year: Year): Promise<readonly Sizes[]> {
  const timed = withTime(opened, year.start);
  const { store, clock } = timed;
  const content = { notificationUrl: 'https://x', expirationDateTime: '' } as never;
  const wanted = {
    id: randomUUID(),
    appId: APP,
    content,
    secrets: '',
    host: 'x',
    expiresAt: year.start + 400 * DAY_MS,
  };
  await store.run(TENANT, createSubscription, wanted);
  const timers = { ...systemTimers, after: (_: number, run: () => void) => systemTimers.after(0, run) };
  const deps = {
    store,
    clock,
    timers,
    signal: new AbortController().signal,
    finalActionsMs: year.finalActionsMs,
    pausesMs: PAUSES_MS,
  };
  const found: Sizes[] = [];
  for (let step = 0; step < stepsOf(year); step += 1) {
    await makeActions(timed, step);
    await deliver(timed, wanted.id);
    await pauseOnce(timed);
    await store.run(TENANT, keepOrder, { ids: ['a', 'b'], appId: APP });
    clock.time += year.stepDays * DAY_MS;
    await sweepTenant(deps, TENANT);
    if (quarters(year).includes(step + 1)) found.push(await sizes());
  }
  return found;
}

/** Steps back from now, the first one step ago, that are not older than so many days. */
const within = ({ stepDays }: Year, days: number): number => Math.floor(days / stepDays);

function expectFlat(all: readonly Sizes[], year: Year): void {
  expect(all).toHaveLength(4);
  for (const { used_key, delivery, kept_order, subscription, dispatch_pause } of all) {
    // Of each step a day was paused: those go since which it has run for 30 days.
    expect(dispatch_pause).toBe(Math.ceil(PAUSES_MS / DAY_MS / (year.stepDays - 1)) - 1);
    expect([kept_order, subscription]).toEqual([0, 1]);
    // Of those that went by hand, two a step; what goes by itself does so when its key is over.
    expect(used_key).toBe(2 * within(year, 6.9));
    expect(delivery).toBe(3 * within(year, 7));
  }
  const kept = quarters(year).map((steps) => {
    if (year.finalActionsMs === undefined) return steps * (OVER - 2);
    const young = within(year, year.finalActionsMs / DAY_MS);
    // What is in force stays, however old it is.
    return young * (OVER - 2) + Math.ceil((steps - young) / 10);
  });
  expect(all.map(({ action }) => action)).toEqual(kept);
  // Nothing of the audit went: each action's beginning is there, and the end of each that is gone.
  const told = quarters(year).map((steps, at) => 2 * steps * OVER - (kept[at] ?? 0));
  expect(all.map(({ journal }) => journal)).toEqual(told);
}

const YEARS: readonly Year[] = [
  { start: yearOf(2030), stepDays: 5, finalActionsMs: undefined },
  { start: yearOf(2032), stepDays: 3, finalActionsMs: FINAL_ACTIONS_MS },
];

const count = (name: string): string => `select count(*) as n from ${name}`;

describe('a year', () => {
  it.each(YEARS)(
    'leaves no table larger but what must grow, on SQLite: %o',
    async (year) => {
      const folder = mkdtempSync(path.join(os.tmpdir(), 'interdict-test-year-'));
      const store = await openSqliteStore({ folder, entry: new URL('testing/year-thread.ts', import.meta.url) });
      try {
        const sizes = async (): Promise<Sizes> => {
          const db = new DatabaseSync(path.join(folder, 'interdict.sqlite'), { readOnly: true });
          const found = TABLES.map((name) => [name, Number(db.prepare(count(name)).get()?.n)]);
          db.close();
          return Object.fromEntries(found) as Sizes;
        };
        expectFlat(await liveThrough(store, sizes, year), year);
      } finally {
        await store.close();
        rmSync(folder, { recursive: true });
      }
    },
    120_000,
  );

  it.skipIf(!requirement('postgres18').ok)(
    'leaves no table larger but what must grow, on PostgreSQL',
    async () => {
      const server = await startPostgres('18');
      const store = await openPostgresStore({ url: server.url, units: YEAR_UNITS, facts: {} });
      const client = new pg.Client(server.url);
      await client.connect();
      try {
        const sizes = async (): Promise<Sizes> => {
          const found: [string, number][] = [];
          for (const name of TABLES) {
            found.push([name, Number((await client.query(count(`interdict.${name}`))).rows[0].n)]);
          }
          return Object.fromEntries(found) as Sizes;
        };
        const year = { start: yearOf(2034), stepDays: 5, finalActionsMs: FINAL_ACTIONS_MS };
        expectFlat(await liveThrough(store, sizes, year), year);
      } finally {
        await client.end();
        await store.close();
        await server.stop();
      }
    },
    120_000,
  );
});
