import { randomUUID } from 'node:crypto';
import { request } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ask, type Reply, startServer, type TestServer, until } from '../server.ts';

const ACTIONS = '/beta/security/securityActions';
const AGAIN = { 'Retry-Attempt': '1' };

describe('a POST without a key that comes again', () => {
  let server: TestServer;
  let last = 0;

  beforeAll(async () => {
    server = await startServer();
  });
  afterAll(() => server?.discard());

  const aBlock = (rest: object = {}, address?: string): Record<string, unknown> => {
    last += 1;
    const value = address ?? `198.51.100.${last}`;
    const own = { name: 'BlockIp', parameters: [{ name: 'IP', value }], vendorInformation: { provider: 'simulator' } };
    return { ...own, actionReason: randomUUID(), ...rest };
  };
  const post = (body: unknown, headers: Readonly<Record<string, string>> = {}, path = ACTIONS): Promise<Reply> =>
    ask(server, path, { body, headers });
  const stateOf = async (id: unknown): Promise<string> => {
    const { json } = await ask(server, `${ACTIONS}/${id}`);
    return `${json.status}/${json.enforcement?.state}`;
  };
  const becomes = (id: unknown, state: string): Promise<unknown> =>
    until(
      () => stateOf(id),
      (found) => found === state,
    );
  const cancel = (id: unknown): Promise<Reply> =>
    ask(server, `${ACTIONS}/${id}/cancelSecurityAction`, { method: 'POST' });

  it('is answered with the action that the first one made, as it is now, and says so', async () => {
    const body = aBlock();
    const first = await post(body);
    expect([first.status, first.headers.get('idempotency-replayed')]).toEqual([201, null]);
    await becomes(first.json.id, 'Completed/inForce');
    for (const attempt of ['1', '3', '1, 2', '999999999']) {
      const again = await post(body, { 'Retry-Attempt': attempt });
      expect([again.status, again.json.id, again.json.status]).toEqual([201, first.json.id, 'Completed']);
      expect(again.headers.get('idempotency-replayed')).toBe('true');
      expect(again.headers.get('location')).toBe(first.headers.get('location'));
    }
    const reversed = JSON.stringify(Object.fromEntries(Object.entries(body).reverse()), null, 2);
    expect((await post(reversed, AGAIN)).json.id).toBe(first.json.id);
  });

  it('is a new request without the header, as attempt 0, and where anything in it is another', async () => {
    const body = aBlock({ own: 1 });
    const ids = [
      await post(body),
      await post(body),
      await post(body, { 'Retry-Attempt': '0' }),
      await post({ ...body, own: 2 }, AGAIN),
      await post(body, AGAIN, '/v1.0/security/securityActions'),
      await post(body, AGAIN, `${ACTIONS}/$ref`),
      await post(body, { ...AGAIN, 'Idempotency-Key': randomUUID() }),
    ].map(({ status, json }) => `${status} ${json.id}`);
    expect(new Set(ids).size).toBe(7);
    expect(ids.every((each) => each.startsWith('201 '))).toBe(true);
  });

  it.each(['-1', 'x', '', '1.5', '1e3', '+1', '9'.repeat(10), '1 2', '1,', '0x1'])(
    'is refused with Retry-Attempt: %s, and nothing is made',
    async (attempt) => {
      const body = aBlock();
      const answer = await post(body, { 'Retry-Attempt': attempt });
      const refused = { status: 400, inner: 'invalidProperty', target: 'Retry-Attempt', says: /number of repeats/ };
      const { status, headers, json, text } = answer;
      expect([status, json.error?.target, json.error?.innerError?.code]).toEqual([
        refused.status,
        refused.target,
        refused.inner,
      ]);
      expect([headers.get('content-type'), text]).toEqual(['application/json', expect.stringMatching(refused.says)]);
      expect((await post(body, AGAIN)).headers.get('idempotency-replayed')).toBeNull();
    },
  );

  it('never gives a cancelled block back, nor one that is being taken back or has failed', async () => {
    const inForce = aBlock();
    const first = await post(inForce);
    await becomes(first.json.id, 'Completed/inForce');
    await cancel(first.json.id);
    const second = await post(inForce, AGAIN);
    expect(second.headers.get('idempotency-replayed')).toBeNull();
    expect(second.json.id).not.toBe(first.json.id);
    expect((await post(inForce, AGAIN)).json.id).toBe(second.json.id);

    const pending = aBlock({}, '203.0.113.5');
    const hanging = await post(pending);
    expect((await post(pending, AGAIN)).json.id).toBe(hanging.json.id);
    await cancel(hanging.json.id);
    const afterCancel = await post(pending, AGAIN);
    expect(afterCancel.json.id).not.toBe(hanging.json.id);
    await cancel(afterCancel.json.id);

    const refused = aBlock({}, '203.0.113.4');
    const failed = await post(refused);
    await becomes(failed.json.id, 'Failed/none');
    expect((await post(refused, AGAIN)).json.id).not.toBe(failed.json.id);
  });

  it('is answered before its request is judged anew: its end has passed, and it is in force yet', async () => {
    const body = aBlock({ ttl: 'PT1H' });
    const first = await post(body);
    expect(first.status).toBe(201);
    const ended = aBlock({ expirationDateTime: new Date(Date.now() + 1_200).toISOString() });
    const short = await post(ended);
    await delay(1_250);
    const again = await post(ended, AGAIN);
    // Given back while it is in force; once it is being released, it is a new request whose end has passed.
    expect([201, 400]).toContain(again.status);
    if (again.status === 201) expect(again.json.id).toBe(short.json.id);
  });

  it('may overtake the request that it repeats: one action comes of both', async () => {
    const text = JSON.stringify(aBlock());
    const headers = { Authorization: `Bearer ${server.token()}`, 'Content-Type': 'application/json' };
    const slow = request(`${server.url}${ACTIONS}`, {
      method: 'POST',
      headers: { ...headers, 'Content-Length': text.length },
    });
    const answered = new Promise<string>((resolve, reject) => {
      slow.on('response', (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => resolve(`${response.statusCode} ${Buffer.concat(chunks).toString()}`));
      });
      slow.on('error', reject);
    });
    slow.write(text.slice(0, 20));
    await delay(300);
    const again = await ask(server, ACTIONS, { body: text, headers: AGAIN });
    expect([again.status, again.headers.get('idempotency-replayed')]).toEqual([201, null]);
    await cancel(again.json.id);
    slow.end(text.slice(20));
    expect(await answered).toMatch(new RegExp(`^201 .*"id":"${again.json.id}"`));
    // One that comes from now on is another one.
    expect((await ask(server, ACTIONS, { body: text })).json.id).not.toBe(again.json.id);
  });

  it('is made once where twenty come at the same time', async () => {
    const body = aBlock();
    const replies = await Promise.all(
      Array.from({ length: 20 }, (_, at) => post(body, { 'Retry-Attempt': `${at + 1}` })),
    );
    expect(new Set(replies.map(({ status, json }) => `${status} ${json.id}`)).size).toBe(1);
    expect(replies.filter(({ headers }) => headers.get('idempotency-replayed') === 'true')).toHaveLength(19);
  });

  it('is 410 under a key whose action was cancelled and deleted; cancelled alone it is given back as it is', async () => {
    const key = { 'Idempotency-Key': randomUUID() };
    const body = aBlock();
    const first = await post(body, key);
    await becomes(first.json.id, 'Completed/inForce');
    await cancel(first.json.id);
    await becomes(first.json.id, 'Completed/released');
    const cancelled = await post(body, key);
    expect([cancelled.status, cancelled.json.id, cancelled.json.enforcement?.state]).toEqual([
      201,
      first.json.id,
      'released',
    ]);
    expect((await ask(server, `${ACTIONS}/${first.json.id}`, { method: 'DELETE' })).status).toBe(204);
    expect((await post(body, key)).status).toBe(410);
  });

  it('is refused under a key of 10,000 bytes, and taken under one of 255', async () => {
    const [long, fits] = ['x'.repeat(10_000), 'y'.repeat(255)];
    const refused = await post(aBlock(), { 'Idempotency-Key': long });
    expect([refused.status, refused.json.error?.innerError?.code]).toEqual([400, 'limitExceeded']);
    expect((await post(aBlock(), { 'Idempotency-Key': fits })).status).toBe(201);
  });
});
