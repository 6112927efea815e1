import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openInstallKey } from '../../packages/server/src/auth/install-key.ts';
import { createLocalIssuer } from '../../packages/server/src/auth/local-issuer.ts';
import { openStream, type TestStream } from '../event-stream.ts';
import { ask, type Reply, startServer, type TestServer, until } from '../server.ts';
import { runStreamLoad } from '../stream-load.ts';
import { tokenOf } from '../tenant-token.ts';

const ACTIONS = '/beta/security/securityActions';

const block = (ip: string): object => ({
  name: 'BlockIp',
  parameters: [{ name: 'IP', value: ip }],
  vendorInformation: { provider: 'simulator' },
});

describe('the stream', () => {
  let server: TestServer;
  const open: TestStream[] = [];
  let tenants = 0;

  beforeAll(async () => {
    server = await startServer();
  });
  afterAll(async () => {
    for (const stream of open) stream.close();
    await server.discard();
  });

  const aTenant = async (): Promise<string> => {
    tenants += 1;
    return await tokenOf(server, `57e4ea00-0000-4000-8000-${String(tenants).padStart(12, '0')}`);
  };
  const follow = async (token: string, rest: Record<string, string> = {}, root = '/beta'): Promise<TestStream> => {
    const headers = { Authorization: `Bearer ${token}`, ...rest };
    const stream = await openStream(`${server.url}${root}/security/securityActions/stream`, headers);
    open.push(stream);
    return stream;
  };
  const post = (token: string, ip: string): Promise<Reply> => ask(server, ACTIONS, { body: block(ip), token });
  const record = async (token: string, name: string): Promise<string> =>
    String((await ask(server, '/security/securityActions', { body: { name, status: 'Completed' }, token })).json.id);
  const seen = ({ events }: TestStream): unknown[] => events.map(({ event, data }) => [event, data.id]);

  it('tells of creation, every later state and deletion, and nothing from before', async () => {
    const token = await aTenant();
    await record(token, 'before');
    const stream = await follow(token);
    expect(stream.status).toBe(200);
    expect(stream.headers).toMatchObject({
      'content-type': 'text/event-stream',
      'cache-control': 'no-cache',
      'x-accel-buffering': 'no',
      'transfer-encoding': 'chunked',
    });
    const { json } = await post(token, '203.0.113.9');
    await until(
      () => stream.events,
      (events) => events.some(({ data }) => data.status === 'Completed'),
    );
    expect(stream.events[0]).toMatchObject({ event: 'created', data: { id: json.id, name: 'BlockIp' } });
    const recorded = await record(token, 'history');
    await ask(server, `${ACTIONS}/${recorded}`, { method: 'DELETE', token });
    await until(
      () => stream.events.at(-1),
      (last) => last?.event === 'deleted',
    );
    expect(stream.events.at(-1)?.data).toEqual({ id: recorded, '@removed': { reason: 'deleted' } });
    const ids = stream.events.map(({ id }) => Number(id));
    expect(ids).toEqual([...new Set(ids)].sort((a, b) => a - b));
    const { json: now } = await ask(server, `${ACTIONS}/${String(json.id)}`, { token });
    const last = stream.events.filter(({ data }) => data.id === String(json.id)).at(-1);
    expect(last?.data.states).toEqual(now.states);
  });

  it('tells no other tenant', async () => {
    const [mine, theirs] = [await aTenant(), await aTenant()];
    const [one, other] = [await follow(mine), await follow(theirs)];
    const id = await record(mine, 'mine');
    await until(
      () => seen(one),
      (events) => events.length > 0,
    );
    const theirId = await record(theirs, 'theirs');
    await until(
      () => seen(other),
      (events) => events.length > 0,
    );
    expect([seen(one), seen(other)]).toEqual([[['created', id]], [['created', theirId]]]);
  });

  it('tells on the seed roots what those roots answer', async () => {
    const token = await aTenant();
    const [seed, beta] = [await follow(token, {}, ''), await follow(token, {}, '/v1.0')];
    await ask(server, '/security/securityActions', { body: { status: 'done', name: 'x' }, token });
    for (const stream of [seed, beta]) {
      await until(
        () => stream.events,
        (events) => events.length > 0,
      );
    }
    expect([seed.events[0]?.data.status, beta.events[0]?.data.status]).toEqual(['done', null]);
    expect(seed.events[0]?.data).not.toHaveProperty('enforcement');
  });

  it('goes on behind Last-Event-ID, without a gap and without a repeat', async () => {
    const token = await aTenant();
    const first = await follow(token);
    const ids = [await record(token, 'a')];
    await until(
      () => first.events,
      (events) => events.length === 1,
    );
    first.close();
    for (let index = 0; index < 250; index += 1) ids.push(await record(token, `b${index}`));
    const second = await follow(token, { 'Last-Event-ID': first.lastId() ?? '' });
    ids.push(await record(token, 'c'));
    await until(
      () => second.events,
      (events) => events.length >= 251,
    );
    expect(seen(second)).toEqual(ids.slice(1).map((id) => ['created', id]));
  });

  it('knows where it began before anything was told', async () => {
    const token = await aTenant();
    const first = await follow(token);
    await until(
      () => first.lastId(),
      (id) => id !== undefined,
    );
    first.close();
    const id = await record(token, 'a');
    const second = await follow(token, { 'Last-Event-ID': first.lastId() ?? '' });
    await until(
      () => seen(second),
      (events) => events.length > 0,
    );
    expect(seen(second)).toEqual([['created', id]]);
  });

  it('says resync to an id that it cannot have given, and goes on live', async () => {
    const token = await aTenant();
    await record(token, 'a');
    const stream = await follow(token, { 'Last-Event-ID': '999999' });
    await until(
      () => stream.events,
      (events) => events.length > 0,
    );
    const id = await record(token, 'b');
    await until(
      () => stream.events,
      (events) => events.length > 1,
    );
    expect(stream.events).toMatchObject([
      { event: 'resync', id: '1', data: {} },
      { event: 'created', id: '2', data: { id } },
    ]);
  });

  it.each([
    ['garbage as Last-Event-ID', { 'Last-Event-ID': '1x' }, '', 400],
    ['a query option', {}, "?$filter=status%20eq%20'Running'", 400],
    ['an Accept that takes JSON only', { Accept: 'application/json' }, '', 406],
    ['no token', { Authorization: '' }, '', 401],
  ])('refuses %s', async (_, headers, query, status) => {
    const all = { Authorization: `Bearer ${server.token()}`, ...headers };
    const stream = await openStream(`${server.url}${ACTIONS}/stream${query}`, all);
    expect(stream.status).toBe(status);
    await until(stream.isEnded, Boolean);
    expect(JSON.parse(stream.text())).toHaveProperty('error.innerError.request-id');
  });

  it('answers HEAD without a stream, and other methods with 405', async () => {
    const headers = { Authorization: `Bearer ${server.token()}`, Accept: 'text/event-stream' };
    const head = await openStream(`${server.url}${ACTIONS}/stream`, headers, 'HEAD');
    expect([head.status, head.headers['content-type']]).toEqual([200, 'text/event-stream']);
    await until(head.isEnded, Boolean);
    expect((await ask(server, `${ACTIONS}/stream`, { method: 'DELETE' })).status).toBe(405);
  });

  it('cuts off who does not read, and has all of it when it comes back', async () => {
    const token = await aTenant();
    const slow = await follow(token);
    await until(
      () => slow.lastId(),
      (id) => id !== undefined,
    );
    slow.response.pause();
    const ids: string[] = [];
    const actionReason = 'x'.repeat(4_000);
    for (let index = 0; index < 2_500; index += 50) {
      const bodies = Array.from({ length: 50 }, () => ({
        name: 'x',
        status: 'Completed',
        actionReason,
        mine: 'y'.repeat(3_500),
      }));
      const answers = await Promise.all(
        bodies.map((body) => ask(server, '/security/securityActions', { body, token })),
      );
      ids.push(...answers.map(({ json }) => String(json.id)));
    }
    slow.response.resume();
    await until(slow.isEnded, Boolean);
    expect(slow.events.length).toBeLessThan(ids.length);
    const again = await follow(token, { 'Last-Event-ID': slow.lastId() ?? '' });
    await until(
      () => again.events.length + slow.events.length,
      (count) => count >= ids.length,
      20_000,
    );
    const all = [...slow.events, ...again.events].map(({ data }) => data.id);
    expect(all).toHaveLength(ids.length);
    expect(new Set(all)).toEqual(new Set(ids));
  });

  it('ends when its token does', async () => {
    const issuer = createLocalIssuer(openInstallKey(`${server.data}/key`), {
      // The clock may be 60 seconds off: of this token 5 are left.
      now: () => Date.now() - 3_600_000 - 55_000,
    });
    const token = await issuer.mint({ permissions: ['SecurityActions.Read.All'], lifetimeMs: 3_600_000 });
    const stream = await follow(token);
    expect(stream.status, stream.text()).toBe(200);
    await until(stream.isEnded, Boolean, 30_000);
    expect(stream.events).toMatchObject([{ event: 'end', data: { code: 'InvalidAuthenticationToken' } }]);
  });

  it('is told to ping', async () => {
    const stream = await follow(await aTenant());
    await until(stream.text, (text) => text.includes(': ping\n\n'), 20_000);
  });

  it('serves many at once: each has every change once', async () => {
    const other = await startServer();
    const figures = await runStreamLoad(other, { listeners: 100, changesPerSecond: 100, seconds: 3 });
    await other.discard();
    console.log(`100 listeners, 100 changes/s: ${(figures.cpuShare * 100).toFixed(0)} % of one core`);
    expect(figures).toMatchObject({ changes: 300, events: 30_000, incomplete: 0, cutOff: 0 });
  });

  it('gives an app no more than 1,000 at once', async () => {
    const token = await aTenant();
    const all = await Promise.all(Array.from({ length: 1_000 }, () => follow(token)));
    expect(new Set(all.map(({ status }) => status))).toEqual(new Set([200]));
    const refused = await follow(token);
    expect([refused.status, refused.headers['retry-after']]).toEqual([429, '5']);
    expect((await follow(await aTenant())).status).toBe(200);
    for (const stream of all) stream.close();
    await until(
      async () => (await follow(token)).status,
      (status) => status === 200,
    );
  });

  it('ends at once when the server stops, and goes on without a gap after a crash', async () => {
    const other = await startServer();
    const headers = { Authorization: `Bearer ${other.token()}` };
    const one = await openStream(`${other.url}${ACTIONS}/stream`, headers);
    const stops = performance.now();
    expect(await other.stop()).toBe(0);
    expect(performance.now() - stops).toBeLessThan(3_000);
    await until(one.isEnded, Boolean);
    const second = await other.again();
    const two = await openStream(`${second.url}${ACTIONS}/stream`, { Authorization: `Bearer ${second.token()}` });
    const ids = new Set<string>();
    let target = second;
    let isDone = false;
    const write = async (): Promise<void> => {
      while (!isDone) {
        const answer = await ask(target, '/security/securityActions', {
          body: { name: 'x', status: 'Completed' },
        }).catch(() => undefined);
        if (answer?.status === 201) ids.add(String(answer.json.id));
        else await delay(20);
      }
    };
    const writers = Array.from({ length: 8 }, write);
    await until(
      () => two.events.length,
      (count) => count > 50,
    );
    await second.kill();
    const third = await second.again();
    target = third;
    const three = await openStream(`${third.url}${ACTIONS}/stream`, {
      Authorization: `Bearer ${third.token()}`,
      'Last-Event-ID': two.lastId() ?? '',
    });
    await delay(1_000);
    isDone = true;
    await Promise.all(writers);
    const told = (): Set<unknown> => new Set([...two.events, ...three.events].map(({ data }) => data.id));
    await until(
      () => [...ids].filter((id) => !told().has(id)).length,
      (missing) => missing === 0,
    );
    const sequences = [...two.events, ...three.events].map(({ id }) => Number(id));
    expect(sequences).toEqual(sequences.map((_, index) => (sequences[0] ?? 0) + index));
    console.log(`stream across a crash: ${sequences.length} events, ${ids.size} acknowledged, 0 missing, 0 twice`);
    await third.discard();
  });
});
