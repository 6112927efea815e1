import { copyFileSync } from 'node:fs';
import { request } from 'node:http';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startPostgres, type TestPostgres } from '../postgres.ts';
import { requirement } from '../requirement.ts';
import { aDataFolder, ask, type Reply, startServer, type TestServer } from '../server.ts';

const ACTIONS = '/beta/security/securityActions';

/** Each target is asked for once: how many actions there are of one is how often it was made. */
const aBlock = (at: number): object => ({
  name: 'BlockIp',
  parameters: [{ name: 'IP', value: `198.51.100.${at}` }],
  vendorInformation: { provider: 'simulator' },
  actionReason: `of ${at}.`,
});

describe.skipIf(!requirement('postgres18').ok)('repeats at two processes over one PostgreSQL', () => {
  let postgres: TestPostgres;
  let one: TestServer;
  let two: TestServer;
  const env = (): Readonly<Record<string, string>> => ({ INTERDICT_DATABASE_URL: postgres.url });

  beforeAll(async () => {
    postgres = await startPostgres('18');
    one = await startServer({ data: aDataFolder(), env: env() });
    const data = aDataFolder();
    copyFileSync(path.join(one.data, 'key'), path.join(data, 'key'));
    two = await startServer({ data, env: env() });
  });
  afterAll(async () => {
    for (const server of [one, two]) await server?.discard();
    await postgres?.stop();
  });

  const post = (server: TestServer, at: number, headers: Readonly<Record<string, string>>): Promise<Reply> =>
    ask(server, ACTIONS, { body: aBlock(at), headers });

  const madeOf = async (at: number): Promise<number> => {
    const filter = encodeURIComponent(`actionReason eq 'of ${at}.'`);
    const { text } = await ask(two, `${ACTIONS}/$count?$filter=${filter}`, { headers: { Accept: 'text/plain' } });
    return Number(text);
  };

  it('makes one action of requests under one key, whichever process they come to', async () => {
    for (let at = 1; at <= 20; at += 1) {
      const key = { 'Idempotency-Key': `key-${at}` };
      const replies = await Promise.all([one, two, one, two].map((server) => post(server, at, key)));
      expect(new Set(replies.map(({ status, json }) => `${status} ${json.id}`)).size).toBe(1);
      expect(replies[0]?.status).toBe(201);
      expect(await madeOf(at)).toBe(1);
    }
  });

  /** A POST whose body is not whole until `end` is called. */
  function postSlowly(server: TestServer, at: number): { readonly answered: Promise<string>; end(): void } {
    const text = JSON.stringify(aBlock(at));
    const sending = request(`${server.url}${ACTIONS}`, {
      method: 'POST',
      headers: {
        Authorization: `Bearer ${server.token()}`,
        'Content-Type': 'application/json',
        'Content-Length': text.length,
      },
    });
    const answered = new Promise<string>((resolve, reject) => {
      sending.on('error', reject);
      sending.on('response', (response) => {
        let body = '';
        response.on('data', (chunk: Buffer) => {
          body += chunk.toString();
        });
        response.on('end', () => resolve((JSON.parse(body) as { readonly id: string }).id));
      });
    });
    sending.write(text.slice(0, 20));
    return { answered, end: () => void sending.end(text.slice(20)) };
  }

  it('makes one action of a request without a key and its repeats at another process, whichever is first', async () => {
    for (let at = 21; at <= 40; at += 1) {
      const slow = postSlowly(one, at);
      await delay(50);
      const finish = delay((at % 5) * 3).then(slow.end);
      const repeats = [1, 2, 3].map((attempt) => post(two, at, { 'Retry-Attempt': `${attempt}` }));
      const replies = await Promise.all(repeats);
      await finish;
      const ids = [await slow.answered, ...replies.map(({ json }) => String(json.id))];
      expect([at, new Set(ids).size, await madeOf(at)]).toEqual([at, 1, 1]);
    }
  });

  it('makes one action of each request whose process was killed in the middle, and is asked again elsewhere', async () => {
    const doomed = await startServer({
      data: one.data,
      env: { ...env(), INTERDICT_FAILPOINT: 'accept.afterStore:exit@8' },
    });
    const ats = Array.from({ length: 24 }, (_, index) => 60 + index);
    const keyOf = (at: number): Readonly<Record<string, string>> => (at % 2 ? { 'Idempotency-Key': `key-${at}` } : {});
    const first = await Promise.all(ats.map((at) => post(doomed, at, keyOf(at)).catch(() => undefined)));
    expect(first.filter((reply) => reply === undefined).length).toBeGreaterThan(0);
    const again = await Promise.all(ats.map((at) => post(two, at, { ...keyOf(at), 'Retry-Attempt': '1' })));
    for (const [index, at] of ats.entries()) {
      const [before, after] = [first[index], again[index]];
      expect(after?.status).toBe(201);
      if (before) expect(after?.json.id).toBe(before.json.id);
      expect([at, await madeOf(at)]).toEqual([at, 1]);
    }
    await doomed.kill();
  }, 60_000);
});
