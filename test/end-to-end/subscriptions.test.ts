import { createHmac } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { selfMadeCertificate } from '../../packages/connectors/src/testing/self-made-certificate.ts';
import { NotificationReceiver, type Posted, sayBack } from '../notification-receiver.ts';
import { aDataFolder, ask, type Json, startServer, type TestServer, until } from '../server.ts';
import { tokenOf } from '../tenant-token.ts';

const ACTIONS = '/beta/security/securityActions';
const SUBSCRIPTIONS = '/beta/subscriptions';

const inMinutes = (minutes: number): string => new Date(Date.now() + minutes * 60_000).toISOString();

/** As Standard Webhooks say, apart from any code of ours. */
function isSigned({ headers, text }: Posted, secret: string): boolean {
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  const signed = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${text}`;
  const fresh = Math.abs(Date.now() / 1_000 - Number(headers['webhook-timestamp'])) < 60;
  return fresh && headers['webhook-signature'] === `v1,${createHmac('sha256', key).update(signed).digest('base64')}`;
}

describe('subscriptions', () => {
  const receiver = new NotificationReceiver();
  const dead = new NotificationReceiver(selfMadeCertificate('dead.localhost'), 'dead.localhost');
  let server: TestServer;
  let target = 0;

  beforeAll(async () => {
    await Promise.all([receiver.start(), dead.start()]);
    const data = aDataFolder();
    writeFileSync(path.join(data, 'ca.pem'), receiver.certificate.cert + dead.certificate.cert);
    server = await startServer({
      data,
      config: 'notifications:\n  allow: [localhost, dead.localhost]\n  ca: ca.pem\n',
    });
  });
  afterEach(async () => {
    receiver.manner = null;
    receiver.handshake = sayBack;
    const { json } = await ask(server, SUBSCRIPTIONS);
    const ids = (json.value as unknown as { id: string }[]).map(({ id }) => id);
    for (const id of ids) await ask(server, `${SUBSCRIPTIONS}/${id}`, { method: 'DELETE' });
    receiver.forget(ids);
  });
  afterAll(async () => {
    await server?.discard();
    await Promise.all([receiver.stop(), dead.stop()]);
  });

  const aSubscription = (more: object = {}): object => ({
    changeType: 'created,updated,deleted',
    notificationUrl: receiver.url,
    resource: 'security/securityActions',
    expirationDateTime: inMinutes(60),
    ...more,
  });
  const subscribe = async (more: object = {}): Promise<Json> => {
    const { status, json, text } = await ask(server, SUBSCRIPTIONS, { body: aSubscription(more) });
    expect(status, text).toBe(201);
    return json;
  };
  const post = async (more: object = {}): Promise<string> => {
    target += 1;
    const body = {
      name: 'BlockIp',
      parameters: [{ name: 'IP', value: `203.0.113.${100 + (target % 100)}` }],
      vendorInformation: { provider: 'simulator' },
      ...more,
    };
    const { status, json } = await ask(server, ACTIONS, { body });
    expect(status).toBe(201);
    return String(json.id);
  };
  const stateOf = async (id: string): Promise<string> =>
    String((await ask(server, `${ACTIONS}/${id}`)).json.enforcement?.state);
  const endWholly = async (id: string): Promise<void> => {
    await until(
      () => stateOf(id),
      (state) => state === 'inForce',
    );
    await ask(server, `${ACTIONS}/${id}/cancelSecurityAction`, { method: 'POST' });
    await until(
      () => stateOf(id),
      (state) => state === 'released',
    );
    expect((await ask(server, `${ACTIONS}/${id}`, { method: 'DELETE' })).status).toBe(204);
  };
  const deliveriesOf = async (id: string): Promise<readonly Json[]> =>
    (await ask(server, `${SUBSCRIPTIONS}/${id}/deliveries`)).json.value as unknown as readonly Json[];

  it('have a whole life: validated, told in order, signed, renewed, reauthorized, deleted', async () => {
    const url = `${receiver.url}?code=a%20b`;
    const { status, json, headers } = await ask(server, SUBSCRIPTIONS, {
      body: aSubscription({
        notificationUrl: url,
        lifecycleNotificationUrl: `${receiver.url}/life`,
        clientState: 'mine',
      }),
    });
    expect(status).toBe(201);
    const { signingSecret, id } = json as unknown as Record<string, string>;
    expect(Object.keys(json)).toEqual([
      '@odata.context',
      'id',
      'resource',
      'applicationId',
      'changeType',
      'clientState',
      'notificationUrl',
      'notificationQueryOptions',
      'lifecycleNotificationUrl',
      'expirationDateTime',
      'creatorId',
      'includeResourceData',
      'latestSupportedTlsVersion',
      'encryptionCertificate',
      'encryptionCertificateId',
      'notificationUrlAppId',
      'notificationContentType',
      'signingSecret',
    ]);
    expect(signingSecret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    expect(headers.get('location')).toBe(`${server.url}${SUBSCRIPTIONS}/${id}`);
    expect(receiver.handshakes.map(({ path: at }) => at)).toEqual(['/hook', '/hook/life']);
    const [shaken] = receiver.handshakes;
    expect(shaken?.query.get('code')).toBe('a b');
    expect(shaken?.headers['content-type']).toBe('text/plain; charset=utf-8');
    const action = await post();
    await endWholly(action);
    await until(
      () => receiver.told,
      (told) => told.some(({ changeType }) => changeType === 'deleted'),
    );
    const kinds = receiver.told.map(({ changeType }) => changeType);
    expect(kinds[0]).toBe('created');
    expect(kinds.at(-1)).toBe('deleted');
    expect(new Set(kinds.slice(1, -1))).toEqual(new Set(['updated']));
    expect(new Set(receiver.told.map((told) => told.id)).size).toBe(kinds.length);
    expect(receiver.told[0]).toEqual({
      id: expect.any(String),
      subscriptionId: id,
      subscriptionExpirationDateTime: json.expirationDateTime,
      clientState: 'mine',
      changeType: 'created',
      resource: `security/securityActions('${action}')`,
      tenantId: '10ca1000-0000-4000-8000-000000000001',
      resourceData: {
        '@odata.type': '#Microsoft.Graph.SecurityAction',
        '@odata.id': `security/securityActions/${action}`,
        '@odata.etag': expect.stringMatching(/^W\/"[\d.]+"$/),
        id: action,
      },
    });
    expect(receiver.posts.every((each) => isSigned(each, signingSecret ?? ''))).toBe(true);
    expect(receiver.posts.every((each) => isSigned({ ...each, text: `${each.text} ` }, signingSecret ?? ''))).toBe(
      false,
    );
    const later = inMinutes(120);
    const renewed = await ask(server, `${SUBSCRIPTIONS}/${id}`, {
      method: 'PATCH',
      body: { expirationDateTime: later },
    });
    expect([renewed.status, renewed.json.expirationDateTime]).toEqual([200, later.replace('Z', '0000Z')]);
    expect((await ask(server, `${SUBSCRIPTIONS}/${id}/reauthorize`, { method: 'POST' })).status).toBe(204);
    const got = await ask(server, `${SUBSCRIPTIONS}('${id}')`);
    expect(got.json.clientState).toBeNull();
    expect(got.text).not.toContain('whsec_');
    expect((await ask(server, `${SUBSCRIPTIONS}/${id}`, { method: 'DELETE' })).status).toBe(204);
    expect((await ask(server, `${SUBSCRIPTIONS}/${id}`)).status).toBe(404);
    const before = receiver.posts.length;
    await post();
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect(receiver.posts.length).toBe(before);
  });

  it('take back what they gave, and go on at once where they are moved', async () => {
    const created = await subscribe({ clientState: 'mine', lifecycleNotificationUrl: `${receiver.url}/life` });
    const at = `${SUBSCRIPTIONS}/${created.id}`;
    const patch = (body: object) => ask(server, at, { method: 'PATCH', body });
    const got = (await ask(server, at)).json;
    const shaken = receiver.handshakes.length;
    for (const model of [got, created]) {
      expect(await patch(model)).toMatchObject({ status: 200, json: got });
      const expirationDateTime = inMinutes(90).replace('Z', '0000Z');
      expect(await patch({ ...model, expirationDateTime })).toMatchObject({
        status: 200,
        json: { expirationDateTime },
      });
      expect((await patch({ ...model, clientState: 'theirs' })).json.error?.target).toBe('clientState');
      expect((await patch({ ...model, signingSecret: 'theirs' })).json.error?.target).toBe('signingSecret');
      await patch({ expirationDateTime: got.expirationDateTime });
    }
    expect(receiver.handshakes.length, 'the receiver is the same').toBe(shaken);
    receiver.manner = ({ path: asked }, response) =>
      void response.writeHead(asked === '/hook' ? 503 : 202, { 'Retry-After': '3600' }).end();
    const action = await post();
    await until(
      () => deliveriesOf(String(created.id)),
      ([each]) => Number(each?.attemptCount) > 0,
    );
    expect((await patch({ ...got, notificationUrl: `${receiver.url}/new` })).status).toBe(200);
    const told = await until(
      () => receiver.posts.filter(({ path: asked }) => asked === '/hook/new'),
      ({ length }) => length > 0,
    );
    expect(told[0]?.value[0]?.resourceData?.id).toBe(action);
  });

  it('tell of one action, and only of the changes that were asked for', async () => {
    const [one, other] = [await post(), await post()];
    await subscribe({ resource: `/Security/SecurityActions('${one}')`, changeType: ' deleted ' });
    await endWholly(other);
    await endWholly(one);
    await until(
      () => receiver.told,
      ({ length }) => length > 0,
    );
    expect(receiver.told.map(({ changeType, resourceData }) => [changeType, resourceData?.id])).toEqual([
      ['deleted', one],
    ]);
  });

  it('tell of what a filter lets through, as the action is when it is told', async () => {
    const filter = "vendorInformation/provider eq 'simulator' and clientContext eq 'mine & yours'";
    await subscribe({
      changeType: 'created,deleted',
      resource: `security/securityActions?$filter=${filter.replace('&', '%26')}`,
    });
    const other = await post();
    const mine = await post({ clientContext: 'mine & yours' });
    await until(
      () => receiver.told,
      (told) => told.length > 0,
    );
    await endWholly(other);
    await until(
      () => receiver.told,
      (told) => told.some(({ changeType }) => changeType === 'deleted'),
    );
    // Nothing is left of a deleted action that a filter could be asked of: it is told all the same.
    expect(receiver.told.map(({ changeType, resourceData }) => [changeType, resourceData?.id])).toEqual([
      ['created', mine],
      ['deleted', other],
    ]);
  });

  it('log each delivery, try again what failed, and send again what is asked for', async () => {
    const { id } = (await subscribe({ changeType: 'created' })) as unknown as { id: string };
    receiver.manner = (_, response) =>
      void response.writeHead(503, { 'Retry-After': '1' }).end('secret of the receiver');
    const first = await post();
    await until(
      () => receiver.posts.length,
      (count) => count > 0,
    );
    const second = await post();
    const [waiting] = await until(
      () => deliveriesOf(id),
      ([each]) => Number(each?.attemptCount) > 0,
    );
    expect(waiting).toMatchObject({ state: 'retrying', kind: 'change', nextAttemptDateTime: expect.any(String) });
    expect(waiting?.attempts).toMatchObject([{ httpStatus: 503, error: 'The receiver answered 503.' }]);
    receiver.manner = null;
    await until(
      () => receiver.posts.length,
      (count) => count >= 3,
    );
    const [a, b, c] = receiver.posts;
    expect([a, b].map((each) => each?.headers['webhook-id'])).toEqual([waiting?.id, waiting?.id]);
    expect([b, c].map((each) => each?.value[0]?.resourceData?.id)).toEqual([first, second]);
    await until(
      () => deliveriesOf(id),
      (all) => all.every(({ state }) => String(state) === 'delivered'),
    );
    const resent = await ask(server, `${SUBSCRIPTIONS}/${id}/deliveries/${waiting?.id}/resend`, { method: 'POST' });
    expect(resent.status).toBe(202);
    await until(
      () => receiver.posts.length,
      (count) => count === 4,
    );
    expect(receiver.posts[3]?.headers['webhook-id']).toBe(String(waiting?.id));
    expect(receiver.posts[3]?.value).toEqual(a?.value);
    const page = await ask(server, `${SUBSCRIPTIONS}/${id}/deliveries?$top=1`);
    const next = String(page.json['@odata.nextLink']).slice(server.url.length);
    const rest = await ask(server, next);
    expect((rest.json.value as unknown as Json[]).map(({ id: each }) => each)).toEqual([waiting?.id]);
  });

  it('do not wait for receivers that hang, on their host or on another', async () => {
    receiver.manner = ({ path: at }, response) => {
      if (at === '/hook') response.writeHead(202).end();
    };
    dead.manner = () => undefined;
    for (let index = 0; index < 6; index += 1) await subscribe({ notificationUrl: `${dead.url}/${index}` });
    for (let index = 0; index < 3; index += 1) await subscribe({ notificationUrl: `${receiver.url}/${index}` });
    await subscribe({ changeType: 'created' });
    const began = Date.now();
    const told = (): readonly (string | undefined)[] =>
      receiver.posts
        .filter(({ path: at }) => at === '/hook')
        .flatMap(({ value }) => value.map(({ resourceData }) => resourceData?.id));
    const actions: string[] = [];
    for (let index = 0; index < 5; index += 1) {
      actions.push(await post());
      await until(told, (ids) => ids.length > index);
    }
    expect(told()).toEqual(actions);
    expect(Date.now() - began, 'no time-out of another was waited for').toBeLessThan(9_000);
    expect(dead.posts.length).toBeGreaterThanOrEqual(4);
    expect(receiver.posts.filter(({ path: at }) => at !== '/hook')).toHaveLength(3);
  });

  it('lose nothing when the process is killed in the middle of a delivery', async () => {
    const { id } = (await subscribe({ changeType: 'created' })) as unknown as { id: string };
    receiver.manner = () => undefined;
    const actions = [await post(), await post()];
    const [hanging] = await until(
      () => receiver.posts,
      ({ length }) => length > 0,
    );
    await server.kill();
    receiver.manner = null;
    server = await server.again();
    actions.push(await post());
    const told = (): (string | undefined)[] =>
      receiver.posts.slice(1).flatMap(({ value }) => value.map((each) => each.resourceData?.id));
    await until(told, (ids) => actions.every((action) => ids.includes(action)));
    expect(told()).toEqual(actions);
    expect(receiver.posts[1]?.headers['webhook-id']).toBe(hanging?.headers['webhook-id']);
    expect(receiver.posts[1]?.value).toEqual(hanging?.value);
    await until(
      () => deliveriesOf(id),
      (all) => all.every(({ state }) => String(state) === 'delivered'),
    );
  });

  it('end by themselves, say so, and are gone', async () => {
    const { id } = (await subscribe({
      expirationDateTime: new Date(Date.now() + 3_000).toISOString(),
      lifecycleNotificationUrl: `${receiver.url}/life`,
      clientState: 'mine',
    })) as unknown as { id: string };
    await until(
      () => receiver.told,
      (told) => told.some(({ lifecycleEvent }) => lifecycleEvent === 'subscriptionRemoved'),
    );
    const life = receiver.posts.filter(({ path: at }) => at === '/hook/life').flatMap(({ value }) => value);
    expect(life).toMatchObject([
      { lifecycleEvent: 'reauthorizationRequired', subscriptionId: id, clientState: 'mine' },
      { lifecycleEvent: 'subscriptionRemoved', subscriptionId: id },
    ]);
    expect((await ask(server, `${SUBSCRIPTIONS}/${id}`)).status).toBe(404);
  });

  it('belong to one application in one tenant', async () => {
    const { id } = (await subscribe({ changeType: 'created' })) as unknown as { id: string };
    const token = await tokenOf(server, 'bbbbbbbb-1111-4111-8111-111111111111');
    const asStranger = { token };
    for (const [method, at] of [
      ['GET', ''],
      ['PATCH', ''],
      ['DELETE', ''],
      ['POST', '/reauthorize'],
      ['GET', '/deliveries'],
    ] as const) {
      const body = method === 'PATCH' ? { expirationDateTime: inMinutes(90) } : undefined;
      const { status } = await ask(server, `${SUBSCRIPTIONS}/${id}${at}`, { ...asStranger, method, body });
      expect(status, `${method} ${at}`).toBe(404);
    }
    expect((await ask(server, SUBSCRIPTIONS, asStranger)).json.value).toEqual([]);
    const theirs = {
      name: 'BlockIp',
      parameters: [{ name: 'IP', value: '203.0.113.77' }],
      vendorInformation: { provider: 'simulator' },
    };
    await ask(server, ACTIONS, { ...asStranger, body: theirs });
    const mine = await post();
    await until(
      () => receiver.told,
      ({ length }) => length > 0,
    );
    expect(receiver.told.map(({ resourceData }) => resourceData?.id)).toEqual([mine]);
  });
});
