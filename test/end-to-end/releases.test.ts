import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ask, type Json, startServer, type TestServer, until } from '../server.ts';
import { type Received, WebhookReceiver, webhookProvider } from '../webhook-receiver.ts';

const WITHIN_MS = 90_000;
const LATENESS = 'lateness: PT2S\n    timeout: PT2S';

describe('a release', { timeout: WITHIN_MS }, () => {
  const [edge, other] = [new WebhookReceiver(), new WebhookReceiver()];
  let server: TestServer;

  beforeEach(async () => {
    for (const receiver of [edge, other]) {
      receiver.manner = null;
      receiver.received.length = 0;
      receiver.inForce.clear();
    }
    await Promise.all([edge.start(), other.start()]);
  });
  afterEach(async () => {
    await server.discard();
    await Promise.all([edge.stop(), other.stop()]);
  });

  const config = (more: string): string =>
    `providers:\n${webhookProvider(edge, 'edge', more)}${webhookProvider(other, 'other', LATENESS)}`;
  const start = async (more: string, data?: string): Promise<void> => {
    server = await startServer({
      env: { HOOK_SECRET: edge.secret },
      config: config(more),
      ...(data !== undefined && { data }),
    });
  };
  const block = async (provider: string, target = '198.51.100.1', rest: object = {}): Promise<string> => {
    const parameters = [{ name: 'IP', value: target }];
    const body = { name: 'BlockIp', parameters, vendorInformation: { provider }, ...rest };
    const { status, json } = await ask(server, '/beta/security/securityActions', { body });
    expect(status).toBe(201);
    return String(json.id);
  };
  const get = async (id: string): Promise<Json> => (await ask(server, `/beta/security/securityActions/${id}`)).json;
  const cancel = async (id: string): Promise<void> => {
    const url = `/beta/security/securityActions/${id}/cancelSecurityAction`;
    expect((await ask(server, url, { method: 'POST' })).status).toBe(200);
  };
  const reaches = (id: string, status: string, state: string, withinMs = 20_000): Promise<Json> =>
    until(
      () => get(id),
      (json) => String(json.status) === status && String(json.enforcement?.state) === state,
      withinMs,
    );
  const kinds = (receiver: WebhookReceiver): string => receiver.received.map(({ kind }) => kind).join(' ');

  it.each(['', 'verify: true'])('is sent again when an apply that was pending can land no more (%s)', async (more) => {
    await start(`${LATENESS}\n    ${more}`);
    edge.manner = ({ kind, target }: Received) => {
      if (kind !== 'apply') return edge.obey({ kind, target } as Received);
      void delay(1_500).then(() => edge.inForce.add(target));
      return { status: 202, body: { state: 'pending', retryAfterSeconds: 60 } };
    };
    const id = await block('edge');
    await until(
      () => edge.of('apply').length,
      (count) => count === 1,
    );
    await cancel(id);
    await reaches(id, 'Failed', 'released');
    expect(edge.of('release').length).toBeGreaterThan(1);
    expect([...edge.inForce]).toEqual([]);
  });

  it('that is pending lets no apply in before it can land no more', async () => {
    await start(LATENESS);
    const first = await block('edge');
    await reaches(first, 'Completed', 'inForce');
    edge.manner = (received) => {
      if (received.kind !== 'release') return edge.obey(received);
      void delay(1_500).then(() => edge.inForce.delete(received.target));
      return { status: 202 };
    };
    await cancel(first);
    await until(
      () => edge.of('release').length,
      (count) => count === 1,
    );
    const second = await block('edge');
    await reaches(second, 'Completed', 'inForce');
    await delay(1_000);
    expect([...edge.inForce]).toEqual(['ip:198.51.100.1']);
  });

  it('is told as failed when its time is over while its provider is not in the configuration', async () => {
    await start(`deadline: PT30S\n    ${LATENESS}`);
    const held = await block('edge');
    await reaches(held, 'Completed', 'inForce');
    edge.manner = ({ kind }) => (kind === 'apply' ? 'hang' : { status: 503 });
    const running = await block('edge', '198.51.100.2');
    await reaches(running, 'Running', 'pending');
    await cancel(held);
    await cancel(running);
    await server.kill();
    const gone = `providers:\n${webhookProvider(other, 'other', LATENESS)}`;
    server = await startServer({ env: { HOOK_SECRET: edge.secret }, config: gone, data: server.data });
    await reaches(held, 'Completed', 'releaseFailed');
    await reaches(running, 'Failed', 'releaseFailed');
    await server.stop();
    edge.manner = null;
    await start(LATENESS, server.data);
    await reaches(held, 'Completed', 'released');
    await reaches(running, 'Failed', 'released');
  });

  it('comes before "Failed" for all who hold what a product only pretends to do', async () => {
    await start('verify: true\n    lateness: PT1S\n    timeout: PT1S');
    edge.manner = ({ kind }) => {
      if (kind === 'release') return { status: 503 };
      return { status: 200, body: { state: kind === 'apply' ? 'inForce' : 'absent' } };
    };
    const ids = [await block('edge'), await block('edge')];
    for (const id of ids) await reaches(id, 'Running', 'releasing', 60_000);
    edge.manner = ({ kind }) => ({ status: 200, body: { state: kind === 'apply' ? 'inForce' : 'absent' } });
    for (const id of ids) expect((await reaches(id, 'Failed', 'none', 30_000)).errorInfo?.code).toBe(10);
  });

  it('breaks off no apply that others want', async () => {
    await start(LATENESS);
    edge.manner = async (received) => {
      if (received.kind === 'apply') await delay(800);
      return edge.obey(received);
    };
    const wanted = await block('edge');
    await until(
      () => edge.of('apply').length,
      (count) => count === 1,
    );
    const fickle = await block('edge');
    await reaches(fickle, 'Running', 'pending');
    await cancel(fickle);
    await reaches(wanted, 'Completed', 'inForce', 5_000);
    expect(kinds(edge)).toBe('apply');
  });

  it('of one provider waits for no end that hangs at another', async () => {
    await start('verify: true\n    timeout: PT25S');
    edge.inForce.add('ip:198.51.100.1');
    const elsewhere = await block('other', '198.51.100.9');
    await reaches(elsewhere, 'Completed', 'inForce');
    const first = await block('edge');
    await reaches(first, 'Completed', 'inForce');
    edge.manner = (received) => (received.kind === 'verify' ? 'hang' : edge.obey(received));
    const second = await block('edge', '198.51.100.1', { ttl: 'PT2S' });
    await reaches(second, 'Running', 'pending');
    await cancel(first);
    const ended = await reaches(second, 'Failed', 'none', 5_000);
    expect(ended.errorInfo?.message).toMatch(/was not touched/);
    expect(ended.enforcement?.preexisting).toBe(true);
    await cancel(elsewhere);
    await reaches(elsewhere, 'Completed', 'released', 2_000);
    expect(server.output()).not.toMatch(/fault/);
  });

  it.each([
    ['an action', "update action set enforcement_id = 'nowhere', end_at = 1 where id = ?"],
    ['a row of the ledger', "update action set entity = 'no JSON' where id = ?"],
  ])('goes on beside %s that nothing can be done with', async (_, damage) => {
    await start(LATENESS);
    const [bad, good] = [await block('edge'), await block('edge', '198.51.100.2')];
    await reaches(bad, 'Completed', 'inForce');
    await reaches(good, 'Completed', 'inForce');
    await server.stop();
    const db = new DatabaseSync(path.join(server.data, 'interdict.sqlite'));
    expect(db.prepare(damage).run(bad).changes).toBe(1);
    db.exec(`update enforcement set lane = 0, due_at = 1, holds = 0, release_wished_at = 1
      where target = 'ip:198.51.100.1'; update tenant set due_at = 1`);
    db.close();
    await start(LATENESS, server.data);
    await cancel(good);
    await reaches(good, 'Completed', 'released', 3_000);
    const last = await block('edge', '198.51.100.3');
    await reaches(last, 'Completed', 'inForce', 3_000);
    expect(server.output()).toMatch(/left alone for 1 s/);
  });
});
