import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startPostgres, type TestPostgres } from '../postgres.ts';
import { type Refused, refusalFaults } from '../refusal.ts';
import { ask, type Json, type Reply, startServer, type TestServer, until } from '../server.ts';
import { tokenFor, tokenOf } from '../tenant-token.ts';
import { WebhookReceiver, webhookProvider } from '../webhook-receiver.ts';

const ACTIONS = '/beta/security/securityActions';
const SEED_ACTIONS = '/security/securityActions';
const REPORTER = '22222222-2222-2222-2222-222222222222';
const OTHER_TENANT = '33333333-3333-4333-8333-333333333333';

const receiver = new WebhookReceiver();
const PENDING = { status: 202, body: { state: 'pending', retryAfterSeconds: 300 } } as const;
const postgres: { running?: TestPostgres } = {};

beforeAll(async () => {
  await receiver.start();
  postgres.running = await startPostgres('18');
}, 60_000);
afterAll(async () => {
  await receiver.stop();
  await postgres.running?.stop();
});

const config = (): string => `providers:
${webhookProvider(receiver, 'edge', `reporters: [${REPORTER.toUpperCase()}]\n    lateness: PT1S`)}
${webhookProvider(receiver, 'seen', `reporters: [${REPORTER}]\n    verify: true`)}
  - { name: simulator, connector: simulator, reporters: [${REPORTER}] }
`;

const faults = ({ status, headers, text }: Reply, refused: Refused): string[] =>
  refusalFaults({ status, headers, body: text }, refused);

describe.each(['SQLite', 'PostgreSQL'])('PATCH on %s', (database) => {
  let server: TestServer;
  let reporter: string;
  let lastHost = 0;

  beforeAll(async () => {
    const url = database === 'PostgreSQL' ? { INTERDICT_DATABASE_URL: postgres.running?.url ?? '' } : {};
    server = await startServer({ config: config(), env: { HOOK_SECRET: receiver.secret, ...url } });
    reporter = await tokenFor(server, { appId: REPORTER });
  }, 60_000);
  afterAll(() => server.discard());

  const blockOf = (provider: string, rest: object = {}): object => {
    lastHost += 1;
    return {
      name: 'BlockIp',
      parameters: [{ name: 'IP', value: `198.51.100.${lastHost}` }],
      vendorInformation: { provider },
      ...rest,
    };
  };
  const post = (body: object, token?: string): Promise<Reply> =>
    ask(server, ACTIONS, { body, ...(token !== undefined && { token }) });
  const patch = (id: unknown, body: unknown, rest: Parameters<typeof ask>[2] = {}): Promise<Reply> =>
    ask(server, `${ACTIONS}/${id}`, { method: 'PATCH', body, ...rest });
  const get = async (id: unknown): Promise<Json> => (await ask(server, `${ACTIONS}/${id}`)).json;
  const idOf = async (body: object): Promise<string> => String((await post(body)).json.id);
  const inForce = async (provider = 'simulator'): Promise<string> => {
    const id = await idOf(blockOf(provider));
    await until(
      () => get(id),
      ({ status }) => String(status) === 'Completed',
    );
    return id;
  };
  const running = async (provider: string): Promise<string> => {
    receiver.inForce.clear();
    receiver.manner = (received, product) => (received.kind === 'apply' ? PENDING : product.obey(received));
    const id = await idOf(blockOf(provider));
    const seen = receiver.received.length;
    await until(
      async () => [(await get(id)).status, receiver.received.length >= seen],
      ([status, told]) => String(status) === 'Running' && told === true,
    );
    const target = String((await get(id)).enforcement?.target);
    await until(
      () => receiver.of('apply', target).length,
      (calls) => calls > 0,
    );
    return id;
  };

  it('changes what its requester said, in every status, and leaves the rest as it is', async () => {
    const id = await idOf(blockOf('simulator', { ticket: 'A-1', site: { code: 3 }, expirationDateTime: null }));
    await until(
      () => get(id),
      ({ status }) => String(status) === 'Completed',
    );
    const before = await ask(server, `${ACTIONS}/${id}`);
    const answer = await patch(id, { actionReason: 'new', clientContext: 'c', ticket: null, shift: ['night'] });
    expect(answer.status).toBe(200);
    const { '@odata.context': context, ...rest } = before.json;
    const { ticket, enforcement, ...kept } = rest;
    expect(answer.json).toEqual({
      '@odata.context': context,
      ...kept,
      actionReason: 'new',
      clientContext: 'c',
      shift: ['night'],
      enforcement,
    });
    expect(ticket).toBe('A-1');
    expect(Object.keys(answer.json).at(-1)).toBe('enforcement');
    expect(answer.headers.get('etag')).not.toBe(before.headers.get('etag'));
    expect((await get(id)).actionReason).toBe('new');
    const cleared = await patch(id, { actionReason: null, clientContext: null });
    expect([cleared.json.actionReason, cleared.json.clientContext]).toEqual([null, null]);
    await ask(server, `${ACTIONS}/${id}/cancelSecurityAction`, { method: 'POST' });
    await until(
      () => get(id),
      ({ enforcement: of }) => String(of?.state) === 'released',
    );
    expect((await patch(id, { actionReason: 'after' })).json.actionReason).toBe('after');
  });

  it('that changes nothing raises no version', async () => {
    const id = await inForce();
    const tag = (await patch(id, { actionReason: 'same' })).headers.get('etag')?.split('.')[0];
    const same = [{}, { actionReason: 'same' }, { absent: null }, { status: 'Completed', errorInfo: null, states: [] }];
    for (const body of same) {
      const answer = await patch(id, body);
      expect([answer.status, answer.headers.get('etag')?.split('.')[0]]).toEqual([200, tag]);
    }
  });

  it('takes what cannot be changed with the value that it has, as a client gives it back', async () => {
    const id = await inForce();
    const { '@odata.context': _, ...entity } = await get(id);
    expect((await patch(id, { ...entity, actionReason: 'round trip' })).status).toBe(200);
    const { expirationDateTime } = (entity.enforcement ?? {}) as Readonly<Record<string, Json>>;
    expect((await patch(id, { expirationDateTime })).status).toBe(200);
  });

  it.each<[string, object]>([
    ['name', { name: 'BlockDomain' }],
    ['name', { name: null }],
    ['parameters', { parameters: [{ name: 'IP', value: '203.0.113.200' }] }],
    ['parameters', { parameters: [] }],
    ['parameters', { parameters: null }],
    ['vendorInformation', { vendorInformation: { provider: 'edge' } }],
    ['vendorInformation', { vendorInformation: null }],
    ['ttl', { ttl: 'PT1H' }],
    ['expirationDateTime', { expirationDateTime: '2030-01-01T00:00:00Z' }],
    ['scheduledDateTime', { scheduledDateTime: '2030-01-01T00:00:00Z' }],
  ])('of %s with another value is refused', async (target, body) => {
    const id = await inForce();
    const before = await get(id);
    const refused = { status: 400, inner: 'readOnlyProperty', target } as const;
    expect(faults(await patch(id, { actionReason: 'x', ...body }), refused)).toEqual([]);
    expect((await get(id)).actionReason).toEqual(before.actionReason);
  });

  it.each<[string, unknown, Partial<Refused>]>([
    ['no body', undefined, { inner: 'malformedJson' }],
    ['a list', [], { inner: 'malformedJson' }],
    ['a wrong type', { actionReason: 5 }, { inner: 'invalidProperty', target: 'actionReason' }],
    ['a slip', { actionReasn: 'x' }, { inner: 'unknownProperty', target: 'actionReasn', says: /actionReason/ }],
    ['a long reason', { actionReason: 'x'.repeat(4_097) }, { inner: 'limitExceeded', target: 'actionReason' }],
    ['a long context', { clientContext: 'x'.repeat(257) }, { inner: 'limitExceeded', target: 'clientContext' }],
    ['a bad name', { 'a-b': 1 }, { inner: 'invalidProperty', target: 'a-b' }],
    ['a large extension', { big: 'x'.repeat(4_100) }, { inner: 'limitExceeded' }],
    ['an unknown member', { vendorInformation: { product: 'x' } }, { inner: 'unknownProperty' }],
  ])('with %s is refused', async (_, body, refused) => {
    const id = await idOf(blockOf('simulator'));
    expect(faults(await patch(id, body), { status: 400, ...refused })).toEqual([]);
  });

  it('counts extensions after the merge', async () => {
    const some = (from: number, count: number, value: unknown): object =>
      Object.fromEntries(Array.from({ length: count }, (_, index) => [`own_${from + index}`, value]));
    const id = await idOf(blockOf('simulator', some(0, 16, 'x')));
    expect(faults(await patch(id, some(16, 1, 'x')), { status: 400, inner: 'limitExceeded' })).toEqual([]);
    const swapped = await patch(id, { ...some(0, 2, null), ...some(16, 2, 'y') });
    expect([swapped.status, swapped.json.own_0, swapped.json.own_17]).toEqual([200, undefined, 'y']);
    const large = await patch(id, some(2, 2, 'x'.repeat(2_000)));
    expect(large.status).toBe(400);
  });

  it('is for its requester alone; another tenant does not learn that it is there', async () => {
    const user = await tokenFor(server, { delegated: true, user: 'ann@soc.example' });
    const id = String((await post(blockOf('simulator'), user)).json.id);
    const refused = { status: 403, code: 'Authorization_RequestDenied', inner: 'insufficientPermission' } as const;
    const strangers = [
      undefined,
      reporter,
      await tokenFor(server, { delegated: true, user: 'bob@soc.example' }),
      await tokenFor(server, { delegated: true, user: 'ann@soc.example', appId: REPORTER }),
    ];
    for (const token of strangers) {
      const answer = await patch(id, { actionReason: 'x' }, token === undefined ? {} : { token });
      expect(faults(answer, refused)).toEqual([]);
    }
    expect((await patch(id, { actionReason: 'x' }, { token: user })).status).toBe(200);
    const reads = await tokenFor(server, { permissions: ['SecurityActions.Read.All'] });
    expect((await patch(id, { actionReason: 'x' }, { token: reads })).status).toBe(403);
    const other = await patch(id, { actionReason: 'x' }, { token: await tokenOf(server, OTHER_TENANT) });
    const unknown = await patch('01a21543-a2c2-705c-815c-a7478ead0599', { actionReason: 'x' });
    for (const answer of [other, unknown]) {
      expect(faults(answer, { status: 404, inner: 'unknownResource' })).toEqual([]);
    }
  });

  it('of a record changes it on every root; how it went stays as it was told', async () => {
    const body = { name: 'BlockIp', status: 'String', completedDateTime: '2026-11-20T10:00:00+03:00', site: 'x' };
    const { id } = (await ask(server, SEED_ACTIONS, { body })).json;
    const seed = await ask(server, `${SEED_ACTIONS}/${id}`, {
      method: 'PATCH',
      body: { actionReason: 'why', site: null, status: 'String' },
    });
    const { '@odata.context': _, id: __, createdDateTime: ___, ...rest } = seed.json;
    const told = { actionReason: 'why', name: 'BlockIp', completedDateTime: body.completedDateTime, status: 'String' };
    expect([seed.status, rest]).toEqual([200, told]);
    expect(Object.keys(seed.json).slice(0, 3)).toEqual(['@odata.context', 'id', 'actionReason']);
    const graph = await get(id);
    expect([graph.actionReason, graph.status, graph.site, graph.enforcement?.state]).toEqual([
      'why',
      null,
      undefined,
      'none',
    ]);
    for (const change of [{ status: 'Completed' }, { errorInfo: { message: 'x' } }]) {
      expect(faults(await patch(id, change), { status: 409, inner: 'alreadyFinal', target: 'status' })).toEqual([]);
    }
    expect(faults(await patch(id, { name: 'BlockUrl' }), { status: 400, inner: 'readOnlyProperty' })).toEqual([]);
  });

  describe('with a status', () => {
    const DENIED = { status: 403, inner: 'insufficientPermission', target: 'status' } as const;
    const LATE = { status: 409, inner: 'alreadyFinal', target: 'status' } as const;

    it('is refused from whoever does not speak for the provider, the requester too', async () => {
      const id = await running('edge');
      for (const body of [{ status: 'Completed' }, { status: 'Failed' }, { errorInfo: { message: 'x' } }]) {
        expect(faults(await patch(id, body), DENIED)).toEqual([]);
      }
      expect((await get(id)).status).toBe('Running');
    });

    it('Completed, in the form that an SDK sends, counts as reported', async () => {
      const id = await running('edge');
      const second = await post({ ...blockOf('edge'), parameters: (await get(id)).parameters });
      await until(
        () => get(second.json.id),
        ({ status }) => String(status) === 'Running',
      );
      const body = '{"errorInfo":null,"states":[],"status":"Completed"}';
      const { status, json } = await patch(id, body, { token: reporter });
      expect([status, json.status, json.enforcement?.state]).toEqual([200, 'Completed', 'inForce']);
      expect(json.enforcement).toMatchObject({ verification: 'reported', heldByOthers: 1 });
      expect((json.states as unknown as Json[]).at(-1)).toMatchObject({ appId: REPORTER, status: 'Completed' });
      expect((await get(second.json.id)).status).toBe('Completed');
      expect((await patch(id, body, { token: reporter })).status).toBe(200);
      expect(faults(await patch(id, { status: 'Failed' }, { token: reporter }), LATE)).toEqual([]);
      // At its end it is taken back: what was reported was believed.
      for (const each of [id, second.json.id]) {
        await ask(server, `${ACTIONS}/${each}/cancelSecurityAction`, { method: 'POST' });
      }
      await until(
        () => receiver.of('release', String(json.enforcement?.target)).length,
        (calls) => calls > 0,
      );
    });

    it('Failed is released first, and then ends with code 6', async () => {
      const id = await running('edge');
      const errorInfo = { code: 99, message: 'The gateway is full.', subcode: 7 };
      const { status, json } = await patch(id, { status: 'Failed', errorInfo }, { token: reporter });
      expect(status).toBe(200);
      expect(['Running', 'Failed']).toContain(String(json.status));
      const failed = await until(
        () => get(id),
        ({ status: at }) => String(at) === 'Failed',
      );
      expect(failed.errorInfo).toEqual({ code: 6, message: 'The gateway is full.', subcode: 7 });
      expect(failed.enforcement?.state).toBe('none');
      expect((failed.states as unknown as Json[]).at(-1)).toMatchObject({ appId: REPORTER, status: 'Failed' });
      expect(receiver.of('release', String(failed.enforcement?.target)).length).toBeGreaterThan(0);
      expect((await patch(id, { status: 'Failed', errorInfo }, { token: reporter })).status).toBe(200);
      expect(faults(await patch(id, { status: 'Completed' }, { token: reporter }), LATE)).toEqual([]);
    });

    it('that is no outcome is refused', async () => {
      const id = await running('edge');
      const refused = { status: 400, inner: 'invalidProperty', target: 'status' } as const;
      const wrong = [
        { status: 'NotStarted' },
        { status: 'Done' },
        { errorInfo: { message: 'x' } },
        { status: 'Completed', errorInfo: { message: 'x' } },
      ];
      for (const body of wrong) expect(faults(await patch(id, body, { token: reporter }), refused)).toEqual([]);
      expect((await patch(id, { status: 'Running' }, { token: reporter })).status).toBe(200);
    });

    it('Completed only causes a look where the connector reads back', async () => {
      const id = await running('seen');
      const target = String((await get(id)).enforcement?.target);
      const looks = receiver.of('verify', target).length;
      const first = await patch(id, { status: 'Completed' }, { token: reporter });
      expect([first.status, first.json.status]).toEqual([200, 'Running']);
      await until(
        () => receiver.of('verify', target).length,
        (now) => now > looks,
      );
      expect((await get(id)).status).toBe('Running');
      receiver.inForce.add(target);
      receiver.manner = null;
      await patch(id, { status: 'Completed' }, { token: reporter });
      const seen = await until(
        () => get(id),
        ({ status }) => String(status) === 'Completed',
      );
      expect(seen.enforcement?.verification).toBe('readBack');
    });

    it('on a simulator is believed no more than it shows', async () => {
      const { id } = (await post({ ...blockOf('simulator'), parameters: [{ name: 'IP', value: '203.0.113.6' }] })).json;
      await until(
        () => get(id),
        ({ status }) => String(status) === 'Running',
      );
      const answer = await patch(id, { status: 'Completed' }, { token: reporter });
      expect([answer.status, answer.json.status]).toEqual([200, 'Running']);
      const failed = await patch(id, { status: 'Failed' }, { token: reporter });
      expect(failed.status).toBe(200);
      const ended = await until(
        () => get(id),
        ({ status }) => String(status) === 'Failed',
      );
      expect([ended.errorInfo?.code, ended.enforcement?.state]).toEqual([6, 'none']);
    });
  });

  describe('under a condition', () => {
    it('is made only on the version that the client saw; a verification is no other version', async () => {
      const id = await inForce();
      const tag = (await ask(server, `${ACTIONS}/${id}`)).headers.get('etag') ?? '';
      expect(tag).toMatch(/^W\/"\d+\.\d+\.\d+"$/);
      const verifiedSince = tag.replace(/\d+"$/, '1"');
      const first = await patch(id, { actionReason: 'a' }, { headers: { 'If-Match': verifiedSince } });
      expect(first.status).toBe(200);
      const stale = { status: 412, inner: 'entityTagDoesNotMatch', target: 'If-Match' } as const;
      expect(faults(await patch(id, { actionReason: 'b' }, { headers: { 'If-Match': tag } }), stale)).toEqual([]);
      expect((await get(id)).actionReason).toBe('a');
      for (const good of ['*', `"x", ${first.headers.get('etag')}`, `${first.headers.get('etag')}`]) {
        expect((await patch(id, { actionReason: 'a' }, { headers: { 'If-Match': good } })).status).toBe(200);
      }
      const noneMatch = { ...stale, target: 'If-None-Match' };
      const answer = await patch(id, { actionReason: 'b' }, { headers: { 'If-None-Match': '*' } });
      expect(faults(answer, noneMatch)).toEqual([]);
    });

    it.each(['', '7', 'W/7', 'w/"7"', '"a" "b"', '"a', '*, "a"', 'W/"7";'])('%j is no tag', async (tag) => {
      const id = await idOf(blockOf('simulator'));
      for (const header of ['If-Match', 'If-None-Match']) {
        const refused = { status: 400, inner: 'invalidProperty', target: header, says: /W\/"7"/ } as const;
        for (const method of ['PATCH', 'DELETE', 'GET']) {
          const body = method === 'PATCH' ? { body: {} } : {};
          const answer = await ask(server, `${ACTIONS}/${id}`, { method, headers: { [header]: tag }, ...body });
          expect(faults(answer, refused)).toEqual([]);
        }
      }
    });

    it('of two at once one is made', async () => {
      const id = await inForce();
      const tag = (await ask(server, `${ACTIONS}/${id}`)).headers.get('etag') ?? '';
      const both = await Promise.all(
        ['a', 'b', 'c', 'd'].map((actionReason) => patch(id, { actionReason }, { headers: { 'If-Match': tag } })),
      );
      expect(both.map(({ status }) => status).toSorted()).toEqual([200, 412, 412, 412]);
      const made = both.find(({ status }) => status === 200);
      expect((await get(id)).actionReason).toBe(made?.json.actionReason);
    });

    it('a delete waits for the version too, and nothing keeps a cancel', async () => {
      const id = await inForce();
      const stale = { 'If-Match': 'W/"1"' };
      const cancel = await ask(server, `${ACTIONS}/${id}/cancelSecurityAction`, { method: 'POST', headers: stale });
      expect(cancel.status).toBe(200);
      await until(
        () => get(id),
        ({ enforcement }) => String(enforcement?.state) === 'released',
      );
      const refused = { status: 412, inner: 'entityTagDoesNotMatch', target: 'If-Match' } as const;
      const remove = (headers: Record<string, string>): Promise<Reply> =>
        ask(server, `${ACTIONS}/${id}`, { method: 'DELETE', headers });
      expect(faults(await remove(stale), refused)).toEqual([]);
      const { headers } = await ask(server, `${ACTIONS}/${id}`);
      expect((await remove({ 'If-Match': headers.get('etag') ?? '' })).status).toBe(204);
    });
  });

  it('answers 204 where nothing is wanted back, with the tag', async () => {
    const id = await inForce();
    const minimal = await patch(id, { actionReason: 'x' }, { headers: { Prefer: 'return=minimal' } });
    expect([minimal.status, minimal.text]).toEqual([204, '']);
    expect(minimal.headers.get('preference-applied')).toBe('return=minimal');
    expect(minimal.headers.get('etag')).toBe((await ask(server, `${ACTIONS}/${id}`)).headers.get('etag'));
    const whole = await patch(id, {}, { headers: { Prefer: 'return=representation' } });
    expect([whole.status, whole.headers.get('preference-applied')]).toEqual([200, 'return=representation']);
  });
});
