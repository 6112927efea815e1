import http from 'node:http';
import path from 'node:path';
import { planWalk } from '../../packages/server/src/actions/listing/plan-walk.ts';
import { openInstallKey } from '../../packages/server/src/auth/install-key.ts';
import { systemClock } from '../../packages/server/src/lib/clock.ts';
import { parseFilter } from '../../packages/server/src/odata/filter/parse-filter.ts';
import { formatListToken } from '../../packages/server/src/odata/list-query.ts';
import {
  createSqliteEngine,
  type SqliteEngine,
  stepSqlite,
} from '../../packages/server/src/store/sql/sqlite-engine.ts';
import { openReader } from '../../packages/server/src/store/sql/sqlite-open.ts';
import type { StepCall } from '../../packages/server/src/store/walk.ts';
import { ask, type TestServer } from '../server.ts';
import { median } from './quantile.ts';
import { STORED_MS, type StoredActions } from './stored-actions.ts';

const PAGE = 50;
const ACTIONS = 'security/securityActions';
/** Most of the stored actions fulfil it, and an index leads to them, newest first. */
export const FILTER = "status eq 'Completed'";

export interface Pages {
  readonly firstMs: number;
  readonly deepMs: number;
  readonly firstStoreUs: number;
  readonly deepStoreUs: number;
  readonly filteredStoreUs: number;
  /** A filtered page of one action with the count of many, over HTTP. */
  readonly countMs: number;
  readonly counted: number;
}

/** The query of a nextLink that leads to the page at the depth: to follow them all would take 10,000 requests. */
function deepQuery({ folder, tenantId, deep }: StoredActions): string {
  const secret = openInstallKey(path.join(folder, 'key')).derive('page tokens', 32);
  const scope = { secret, tenantId, collection: ACTIONS };
  const query = { texts: {}, top: PAGE, skip: 0, count: false, position: undefined };
  return `?$skiptoken=${formatListToken(scope, query, { kind: 'behind', ...deep })}`;
}

async function checkDepth(server: TestServer, query: string, { deep }: StoredActions): Promise<void> {
  const { json } = await ask(server, `/beta/${ACTIONS}${query}`);
  const value = json.value as unknown as readonly { readonly createdDateTime: string }[];
  const isThere = value.length === PAGE && value.every(({ createdDateTime }) => createdDateTime < deep.created_at);
  if (!isThere) throw new Error('The page at the depth is not the one that was asked for.');
}

/** From the request until the last byte of the answer, on one connection that stands. */
function timeOf(server: TestServer, agent: http.Agent, pathAndQuery: string): Promise<number> {
  const startedAt = performance.now();
  const headers = { Authorization: `Bearer ${server.token()}` };
  return new Promise((resolve, reject) => {
    const request = http.get(`${server.url}${pathAndQuery}`, { agent, headers }, (response) => {
      if (response.statusCode !== 200) reject(new Error(`A page was answered with ${response.statusCode}.`));
      response.resume();
      response.on('end', () => resolve(performance.now() - startedAt));
    });
    request.on('error', reject);
  });
}

/** The first ones only warm up. */
const UNCOUNTED = 50;

async function inTurns(count: number, each: readonly (() => number | Promise<number>)[]): Promise<readonly number[]> {
  const times = each.map((): number[] => []);
  for (let index = 0; index < count + UNCOUNTED; index += 1) {
    for (const [at, time] of each.entries()) {
      const took = await time();
      if (index >= UNCOUNTED) times[at]?.push(took);
    }
  }
  return times.map(median);
}

/** One step of a walk is a page. */
function pageTime(
  engine: SqliteEngine,
  tenantId: string,
  filter: string | undefined,
  after: StepCall['after'],
): number {
  const { ways, from, before } = planWalk(filter === undefined ? undefined : parseFilter(filter));
  const walk = { isDescending: true, ways, from, before, filter: undefined, words: undefined, now: Date.now() };
  const startedAt = performance.now();
  const { count } = stepSqlite(engine, tenantId, { walk, after, limit: PAGE, give: 'page' });
  const tookMs = performance.now() - startedAt;
  if (count !== PAGE) throw new Error(`A page had ${count} rows.`);
  return tookMs * 1_000;
}

/** A connection of the bench's own to the same files, with the statements and settings of the server's reader. */
async function storeTimes({ folder, tenantId, deep }: StoredActions, count: number): Promise<readonly number[]> {
  const db = openReader(folder);
  const engine = createSqliteEngine(db, [], systemClock);
  try {
    return await inTurns(count, [
      () => pageTime(engine, tenantId, undefined, undefined),
      () => pageTime(engine, tenantId, undefined, deep),
      () => pageTime(engine, tenantId, FILTER, undefined),
    ]);
  } finally {
    db.close();
  }
}

/** Of the newest hundredth of all: 10,000 of a million. */
async function countQuery(server: TestServer): Promise<string> {
  const { json } = await ask(server, `/beta/${ACTIONS}?$top=1`);
  const [newest] = json.value as unknown as readonly { readonly createdDateTime: string }[];
  const since = new Date(Date.parse(newest?.createdDateTime ?? '') - STORED_MS / 100).toISOString();
  return `?$top=1&$count=true&$filter=${encodeURIComponent(`${FILTER} and createdDateTime ge ${since}`)}`;
}

/** Pages in turn, over HTTP and then in the store alone. */
export async function measurePages(server: TestServer, stored: StoredActions, count: number): Promise<Pages> {
  const query = deepQuery(stored);
  await checkDepth(server, query, stored);
  const counting = await countQuery(server);
  const counted = Number((await ask(server, `/beta/${ACTIONS}${counting}`)).json['@odata.count']);
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  const paths = [`?$top=${PAGE}`, query, counting].map((each) => `/beta/${ACTIONS}${each}`);
  const [firstMs = Number.NaN, deepMs = Number.NaN, countMs = Number.NaN] = await inTurns(
    count,
    paths.map((each) => () => timeOf(server, agent, each)),
  );
  agent.destroy();
  const [firstStoreUs = Number.NaN, deepStoreUs = Number.NaN, filteredStoreUs = Number.NaN] = await storeTimes(
    stored,
    count,
  );
  return { firstMs, deepMs, firstStoreUs, deepStoreUs, filteredStoreUs, countMs, counted };
}
