import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { DatabaseProxy } from '../database-proxy.ts';
import { startPostgres, type TestPostgres } from '../postgres.ts';
import { requirement } from '../requirement.ts';
import { ask, type Json, type Reply, startServer, type TestServer, until } from '../server.ts';

const ACTIONS = '/beta/security/securityActions';

describe.skipIf(!requirement('postgres18').ok)('PostgreSQL goes out of reach in a COMMIT', () => {
  let postgres: TestPostgres;
  let proxy: DatabaseProxy;
  let server: TestServer;
  let last = 0;

  beforeAll(async () => {
    postgres = await startPostgres('18');
    proxy = new DatabaseProxy(postgres.url);
    server = await startServer({ env: { INTERDICT_DATABASE_URL: await proxy.start() } });
  });
  afterEach(() => proxy.setReachable(true));
  afterAll(async () => {
    await server?.discard();
    await proxy?.stop();
    await postgres?.stop();
  });

  const post = (headers: Readonly<Record<string, string>> = {}): Promise<Reply> => {
    last += 1;
    const parameters = [{ name: 'IP', value: `198.51.100.${last}` }];
    const body = { name: 'BlockIp', parameters, vendorInformation: { provider: 'simulator' } };
    return ask(server, ACTIONS, { body, headers });
  };

  const get = (id: unknown): Promise<Reply> => ask(server, `${ACTIONS}/${id}`);

  const reads = async (id: unknown, state: string): Promise<Json> => {
    const { json } = await until(
      () => get(id),
      (reply) => (reply.json.enforcement?.state as unknown) === state,
      20_000,
    );
    return json;
  };

  const inForce = async (): Promise<string> => {
    const { json } = await until(
      () => post(),
      ({ status }) => status === 201,
    );
    await reads(json.id, 'inForce');
    return String(json.id);
  };

  /** What is answered to a request whose commit is cut off, with the database back after a second. */
  const acrossCut = async (
    when: 'before' | 'after',
    type: 'created' | 'cancelRequested' | 'deleted',
    request: () => Promise<Reply>,
  ): Promise<Reply> => {
    proxy.cutCommit(when, `securityAction.${type}`);
    const reply = request();
    await delay(1_500);
    proxy.setReachable(true);
    return await reply;
  };

  it('a POST whose commit took place is answered as stored, once that is found out', async () => {
    await inForce();
    const reply = await acrossCut('after', 'created', post);
    expect(reply.status).toBe(201);
    expect(await reads(reply.json.id, 'inForce')).toMatchObject({ id: reply.json.id, status: 'Completed' });
  });

  it('a POST whose commit did not arrive is told that nothing was stored, and nothing was', async () => {
    await inForce();
    const reply = await acrossCut('before', 'created', post);
    expect(reply.status).toBe(503);
    expect(reply.json.error?.message).toContain('Nothing was stored');
    expect((await ask(server, `${ACTIONS}?$top=3`)).text).not.toContain(`"198.51.100.${last}"`);
  });

  it('while nothing can be found out, a POST is told that it is not known, and how to find out', async () => {
    await inForce();
    proxy.cutCommit('after', 'securityAction.created');
    const reply = await post({ 'Idempotency-Key': 'not-known' });
    expect(reply.status).toBe(500);
    expect(reply.json.error).toMatchObject({ code: 'internalServerError' });
    const message = String(reply.json.error?.message);
    expect(message).toMatch(/^It is not known whether the securityAction was stored.+ under the same key/);
    proxy.setReachable(true);
    const [, id] = /securityActions\/([0-9a-f-]{36})/.exec(message) ?? [];
    expect(await reads(id, 'inForce')).toMatchObject({ id });
  }, 40_000);

  it('a cancel whose commit took place is 200, and carried out', async () => {
    const id = await inForce();
    const cancel = (): Promise<Reply> => ask(server, `${ACTIONS}/${id}/cancelSecurityAction`, { method: 'POST' });
    expect(await acrossCut('after', 'cancelRequested', cancel)).toMatchObject({ status: 200, text: '' });
    await reads(id, 'released');
  }, 40_000);

  it('a delete whose commit took place is 204, and a second one 404', async () => {
    const id = await inForce();
    await ask(server, `${ACTIONS}/${id}/cancelSecurityAction`, { method: 'POST' });
    await reads(id, 'released');
    const remove = (): Promise<Reply> => ask(server, `${ACTIONS}/${id}`, { method: 'DELETE' });
    expect((await acrossCut('after', 'deleted', remove)).status).toBe(204);
    expect((await remove()).status).toBe(404);
  }, 40_000);
});
