import http from 'node:http';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { quantile } from '../bench/quantile.ts';
import { ask, startServer, type TestServer } from '../server.ts';

const ACTIONS = '/beta/security/securityActions';
const STORED = 1_000;

const PARAMETERS = Array.from({ length: 60 }, (_, index) => ({ name: `Note${index}`, value: `small thing ${index}` }));

/** Copies of one action, one each second. */
const FILL = `with recursive numbers(n) as (select 1 union all select n + 1 from numbers where n < ?1)
  insert into action (tenant_id, id, version, created_at, status, state, app_id, entity, hold)
  select tenant_id, 'copy-' || n, 1, strftime('%Y-%m-%dT%H:%M:%S.0000000Z', '2026-01-01', n || ' seconds'),
    'Completed', 'none', app_id, json_set(entity, '$.id', 'copy-' || n, '$.parameters', json(?2)), 'none'
  from numbers, (select * from action limit 1)`;

let server: TestServer;

beforeAll(async () => {
  const first = await startServer();
  const body = {
    name: 'BlockIp',
    parameters: [{ name: 'IP', value: '203.0.113.9' }],
    vendorInformation: { provider: 'simulator' },
  };
  const posted = await ask(first, ACTIONS, { body });
  expect(posted.status, posted.text).toBe(201);
  await first.stop();
  const db = new DatabaseSync(path.join(first.data, 'interdict.sqlite'));
  db.prepare(FILL).run(STORED, JSON.stringify(PARAMETERS));
  db.prepare('update tenant set action_count = ?').run(STORED + 1);
  db.close();
  server = await first.again();
}, 120_000);
afterAll(() => server?.discard());

interface Heavy {
  readonly target: string;
  readonly body?: object;
}

/** Sends it, and reads the answer without looking at it: whoever parses megabytes does not see how long others wait. */
const drain = ({ target, body }: Heavy): Promise<void> =>
  new Promise((resolve, reject) => {
    const headers = { Authorization: `Bearer ${server.token()}`, 'Content-Type': 'application/json' };
    const request = http.request(`${server.url}${target}`, { method: body ? 'POST' : 'GET', headers }, (response) => {
      response.resume();
      response.on('end', resolve);
    });
    request.on('error', reject);
    request.end(body && JSON.stringify(body));
  });

/** How long somebody else had to wait meanwhile, in milliseconds. */
async function waitsDuring(run: () => Promise<unknown>): Promise<readonly number[]> {
  let isOver = false;
  const waits: number[] = [];
  const watching = (async () => {
    for (; !isOver; await delay(1)) {
      const startedAt = performance.now();
      await ask(server, '/healthz', { token: null });
      waits.push(performance.now() - startedAt);
    }
  })();
  await run();
  isOver = true;
  await watching;
  return waits;
}

async function expectNoWait(heavy: Heavy, mostMs: number): Promise<void> {
  const waits: number[] = [];
  for (let round = 0; round < 3; round += 1) waits.push(Math.max(...(await waitsDuring(() => drain(heavy)))));
  console.info(`${heavy.target}: waits of at most ${waits.map((each) => each.toFixed(0)).join(', ')} ms`);
  expect(quantile(waits, 0.5)).toBeLessThan(mostMs);
}

const at = (level: string): string => `?$top=1000&$format=application/json;odata.metadata=${level}`;

it.each([at('minimal'), at('full'), at('none'), '?$top=1000&$select=id,parameters', `/delta${at('none')}`])(
  'a page of a thousand holds nobody up: %s',
  { timeout: 60_000 },
  async (query) => {
    const { status, json } = await ask(server, `${ACTIONS}${query}`);
    expect(status).toBe(200);
    expect(json.value).toHaveLength(STORED);
    await expectNoWait({ target: `${ACTIONS}${query}` }, 120);
  },
);

it('a batch of such pages holds nobody up, and ends where it has grown large', { timeout: 60_000 }, async () => {
  const requests = Array.from({ length: 20 }, (_, index) => ({
    id: `${index}`,
    method: index % 2 === 0 ? 'GET' : 'HEAD',
    url: `/security/securityActions${at('full')}`,
  }));
  const { status, json } = await ask(server, '/beta/$batch', { body: { requests } });
  expect(status).toBe(200);
  const responses = json.responses as unknown as readonly { readonly status: number }[];
  expect(new Set(responses.map((each) => each.status))).toEqual(new Set([200, 413]));
  await expectNoWait({ target: '/beta/$batch', body: { requests } }, 250);
});
