import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import type { Caller } from '../../auth/caller.ts';
import { systemClock } from '../../lib/clock.ts';
import { createMetrics } from '../../observe/metrics.ts';
import type { App } from '../app.ts';
import type { Answer, Exchange } from '../exchange.ts';
import { createLoad } from '../load.ts';
import type { Route } from '../route.ts';
import { createThrottle } from '../throttle.ts';
import { createBatch } from './post-batch.ts';

const about = { summary: 'Of this test', answers: { 200: 'It is.' } };
const route = (path: string, handle: () => Promise<Answer>, method: Route['method'] = 'GET'): Route => ({
  method,
  path,
  permission: 'anyone',
  offers: 'application/json',
  about,
  handle,
});

const TOGETHER = 8;
/** How many requests to `/gathers` are under way, and how many were at most. */
const gathered = { now: 0, most: 0 };

/** Ends when so many have come, or nobody came for a while. */
async function gather(): Promise<Answer> {
  gathered.now += 1;
  gathered.most = Math.max(gathered.most, gathered.now);
  for (let waited = 0; gathered.most < TOGETHER && waited < 20; waited += 1) await delay(10);
  gathered.now -= 1;
  return { status: 200, body: '1' };
}

const ROWS: readonly Route[] = [
  route('/gathers', gather, 'POST'),
  route('/large', async () => ({ status: 200, body: `"${'x'.repeat(6_000_000)}"` })),
  route('/large', async () => ({ status: 201, body: `"${'x'.repeat(6_000_000)}"` }), 'POST'),
  route('/bug', async () => {
    throw new TypeError('secret of the code');
  }),
  route('/small', async () => ({ status: 200, body: '{ "as": "it stands" }' })),
  {
    ...route('/slow', async () => {
      await delay(100);
      return { status: 200, body: '1' };
    }),
    permission: 'caller',
  },
];

const CALLER = { tenantId: 't', appId: 'a', permissions: new Set(), roles: new Set() } as unknown as Caller;

async function send(requests: readonly object[], bounds: Parameters<typeof createLoad>[1] = {}) {
  const faults: (readonly [unknown, string])[] = [];
  const metrics = createMetrics();
  const onFault = (error: unknown, requestId: string): void => void faults.push([error, requestId]);
  const app = {
    metrics,
    clock: systemClock,
    onFault,
    throttle: createThrottle({}, systemClock),
    load: createLoad(metrics, bounds),
  } as unknown as App;
  const outer = {
    root: 'beta',
    base: 'http://here',
    headers: { host: 'here' },
    query: '',
    body: { requests },
    caller: CALLER,
  };
  const { status, body = '' } = await createBatch(() => ROWS)(app, outer as unknown as Exchange);
  const text = String(body);
  const { responses } = JSON.parse(text) as {
    responses: readonly { status: number; headers: Record<string, string>; body?: unknown }[];
  };
  return { status, text, responses, faults, counted: await metrics.registry.metrics() };
}

const get = (id: string, url: string, rest: object = {}): object => ({ id, method: 'GET', url, ...rest });

it('answers a bug with a 500 of that request, told to the log under its request-id, and says nothing of it', async () => {
  const { status, text, responses, faults } = await send([
    get('1', '/bug'),
    get('2', '/small'),
    get('3', '/small', { dependsOn: ['1'] }),
  ]);
  expect([status, responses.map((each) => each.status)]).toEqual([200, [500, 200, 424]]);
  expect(faults.map(([error, requestId]) => [String(error), requestId])).toEqual([
    ['TypeError: secret of the code', responses[0]?.headers['request-id']],
  ]);
  expect(text).not.toContain('secret');
});

it('puts what is answered in as it stands', async () => {
  expect((await send([get('1', '/small')])).text).toContain('"body":{ "as": "it stands" }}');
});

it('lets what is read be 16 MB together, and what is written be told in any case', async () => {
  const reads = ['1', '2', '3'].map((id) => get(id, '/large'));
  const { responses } = await send([...reads, { id: '4', method: 'POST', url: '/large' }]);
  expect(responses.map((each) => each.status)).toEqual([200, 200, 413, 201]);
  expect(responses[2]?.body).toMatchObject({
    error: { code: 'payloadTooLarge', innerError: { code: 'limitExceeded' } },
  });
});

it('carries out at once what need not wait, and one by one what must', async () => {
  const post = (at: number, rest: object = {}): object => ({ id: `${at}`, method: 'POST', url: '/gathers', ...rest });
  await send(Array.from({ length: TOGETHER }, (_, at) => post(at)));
  expect(gathered).toEqual({ now: 0, most: TOGETHER });
  gathered.most = 0;
  await send([post(0), post(1, { dependsOn: ['0'] }), post(2, { dependsOn: ['1'] })]);
  expect(gathered).toEqual({ now: 0, most: 1 });
});

it('counts every request under its own route', async () => {
  const { counted } = await send([get('1', '/small'), get('2', '/nothing'), get('3', '/small', { dependsOn: ['2'] })]);
  for (const line of ['method="GET",route="/small",status="2xx"} 1', 'route="none",status="4xx"} 2']) {
    expect(
      counted.split('\n').find((each) => each.includes('_count{') && each.includes(line)),
      line,
    ).toBeDefined();
  }
});

it('refuses a request that there is no room for, each for itself, and says when to ask again', async () => {
  const asked = ['1', '2', '3'].map((id) => get(id, '/slow'));
  const { responses } = await send(asked, { read: { width: 2, mostWaiting: 0, longestMs: 100, refusingShare: 1 } });
  expect(responses.map(({ status }) => status)).toEqual([200, 503, 503]);
  expect(responses[1]?.headers['Retry-After']).toMatch(/^[1-4]$/);
  expect(responses[1]?.body).toMatchObject({ error: { code: 'serviceUnavailable' } });
});

it('lets a request that waits for room have its turn', async () => {
  const { responses } = await send([get('1', '/slow'), get('2', '/slow')], {
    read: { width: 2, mostWaiting: 10, longestMs: 60_000, refusingShare: 1 },
  });
  expect(responses.map(({ status }) => status)).toEqual([200, 200]);
});
