import http from 'node:http';
import path from 'node:path';
import { openInstallKey } from '../../packages/server/src/auth/install-key.ts';
import { systemClock } from '../../packages/server/src/lib/clock.ts';
import { formatPageToken } from '../../packages/server/src/odata/page-token.ts';
import { queries } from '../../packages/server/src/store/queries.ts';
import { ask as askStore, createSqliteEngine } from '../../packages/server/src/store/sql/sqlite-engine.ts';
import { openReader } from '../../packages/server/src/store/sql/sqlite-open.ts';
import { ask, type TestServer } from '../server.ts';
import { median } from './quantile.ts';
import type { StoredActions } from './stored-actions.ts';

const PAGE = 50;
const ACTIONS = 'security/securityActions';

export interface Pages {
  readonly firstMs: number;
  readonly deepMs: number;
  readonly firstStoreUs: number;
  readonly deepStoreUs: number;
}

/** The query of a nextLink that leads to the page at the depth: to follow them all would take 10,000 requests. */
function deepQuery({ folder, tenantId, deep }: StoredActions): string {
  const secret = openInstallKey(path.join(folder, 'key')).derive('page tokens', 32);
  const scope = { secret, tenantId, collection: ACTIONS };
  return `?$skiptoken=${formatPageToken(scope, { top: PAGE, after: [deep.created_at, deep.id] })}`;
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

async function inTurns(
  count: number,
  first: () => number | Promise<number>,
  deep: () => number | Promise<number>,
): Promise<readonly [number, number]> {
  const [firsts, deeps]: [number[], number[]] = [[], []];
  for (let index = 0; index < count + UNCOUNTED; index += 1) {
    const [one, other] = [await first(), await deep()];
    if (index < UNCOUNTED) continue;
    firsts.push(one);
    deeps.push(other);
  }
  return [median(firsts), median(deeps)];
}

/** A connection of the bench's own to the same files, with the statements and settings of the server's reader. */
async function storeTimes(
  { folder, tenantId, deep }: StoredActions,
  count: number,
): Promise<readonly [number, number]> {
  const db = openReader(folder);
  const engine = createSqliteEngine(db, [], systemClock);
  const beyond = PAGE + 1;
  const time = (query: Parameters<typeof askStore>[2]): number => {
    const startedAt = performance.now();
    const rows = askStore(engine, tenantId, query);
    const tookMs = performance.now() - startedAt;
    if (rows.length !== beyond) throw new Error(`A page had ${rows.length} rows.`);
    return tookMs * 1_000;
  };
  try {
    return await inTurns(
      count,
      () => time(queries.newestEntities({ limit: beyond })),
      () => time(queries.entitiesAfter({ ...deep, limit: beyond })),
    );
  } finally {
    db.close();
  }
}

/** Both pages in turn, over HTTP and then in the store alone. */
export async function measurePages(server: TestServer, stored: StoredActions, count: number): Promise<Pages> {
  const query = deepQuery(stored);
  await checkDepth(server, query, stored);
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  const get = (pathAndQuery: string) => () => timeOf(server, agent, pathAndQuery);
  const [firstMs, deepMs] = await inTurns(count, get(`/beta/${ACTIONS}?$top=${PAGE}`), get(`/beta/${ACTIONS}${query}`));
  agent.destroy();
  const [firstStoreUs, deepStoreUs] = await storeTimes(stored, count);
  return { firstMs, deepMs, firstStoreUs, deepStoreUs };
}
