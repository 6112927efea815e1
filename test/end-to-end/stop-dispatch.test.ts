import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { refusalFaults } from '../refusal.ts';
import { type Asked, ask, type Json, type Reply, startServer, type TestServer, until } from '../server.ts';
import { tokenFor, tokenOf } from '../tenant-token.ts';
import { WebhookReceiver, webhookProvider } from '../webhook-receiver.ts';

const ACTIONS = '/beta/security/securityActions';
const [STOP, RESUME, STATE] = ['stopDispatch', 'resumeDispatch', 'dispatchState'].map(
  (name) => `/beta/security/${name}`,
);
const OTHER_TENANT = '22222222-2222-4222-8222-222222222222';
const APPROVE = 'SecurityActions.Approve.All';

describe('the stop switch', { timeout: 60_000 }, () => {
  const [edge, other] = [new WebhookReceiver(), new WebhookReceiver()];
  let server: TestServer;
  let approver = '';

  const config = (): string => `providers:
${webhookProvider(edge, 'edge', 'timeout: PT2S\n    verify: true\n    verifyEvery: PT1S\n    lateness: PT0S')}
${webhookProvider(other, 'other', 'aliases: [second]\n    deadline: PT3S')}`;

  beforeAll(async () => {
    await Promise.all([edge.start(), other.start()]);
    server = await startServer({ env: { HOOK_SECRET: edge.secret }, config: config() });
    approver = await tokenFor(server, { permissions: [APPROVE], delegated: true, user: 'ada' });
  });
  afterAll(async () => {
    await server?.discard();
    await Promise.all([edge.stop(), other.stop()]);
  });
  beforeEach(async () => {
    for (const { provider } of await paused()) await resume(provider === null ? {} : { provider });
    for (const receiver of [edge, other]) receiver.received.length = 0;
  });

  const body = (target: string, provider = 'edge', rest: object = {}): object => ({
    name: 'BlockIp',
    parameters: [{ name: 'IP', value: target }],
    vendorInformation: { provider },
    ...rest,
  });
  const block = async (target: string, provider = 'edge', rest: object = {}, asked: Asked = {}): Promise<string> => {
    const { status, json } = await ask(server, ACTIONS, { body: body(target, provider, rest), ...asked });
    expect(status).toBe(201);
    return String(json.id);
  };
  const get = async (id: string): Promise<Json> => (await ask(server, `${ACTIONS}/${id}`)).json;
  const standing = async (id: string): Promise<string> => {
    const { status, enforcement } = await get(id);
    return `${status} ${enforcement?.state}`;
  };
  const reaches = (id: string, wanted: string): Promise<string> =>
    until(
      () => standing(id),
      (seen) => seen === wanted,
    );
  const cancel = async (id: string): Promise<void> => {
    expect((await ask(server, `${ACTIONS}/${id}/cancelSecurityAction`, { method: 'POST' })).status).toBe(200);
  };
  const done = async (path = '', wish: object = {}, asked: Asked = {}): Promise<void> => {
    const { status, text } = await ask(server, path, { body: { reason: 'A drill.', ...wish }, ...asked });
    expect([status, text]).toEqual([204, '']);
  };
  const stop = (wish: object = {}): Promise<void> => done(STOP, wish);
  const resume = (wish: object = {}): Promise<void> => done(RESUME, wish, { token: approver });
  const paused = async (): Promise<readonly { provider: string | null; state: string }[]> =>
    (await ask(server, STATE ?? '')).json.value as never;

  it('lets actions be accepted and holds them back; releases and looks go on, and what drifted is put back later', async () => {
    const [kept, lost] = [await block('198.51.100.1'), await block('198.51.100.2')];
    for (const id of [kept, lost]) await reaches(id, 'Completed inForce');
    await stop();
    edge.received.length = 0;
    const waiting = await block('198.51.100.3');
    const fickle = await block('198.51.100.4');
    edge.inForce.delete('ip:198.51.100.2');
    await reaches(lost, 'Completed drifted');
    await cancel(kept);
    await reaches(kept, 'Completed released');
    await cancel(fickle);
    await delay(1_500);
    expect(await standing(waiting)).toBe('NotStarted pending');
    expect(await standing(fickle)).toBe('Failed none');
    expect((await get(waiting)).enforcement?.expirationDateTime).toBeNull();
    expect([edge.of('apply').length, edge.of('release').length]).toEqual([0, 1]);
    await resume();
    await reaches(waiting, 'Completed inForce');
    await reaches(lost, 'Completed inForce');
    expect(
      edge
        .of('apply')
        .map(({ target }) => target)
        .toSorted(),
    ).toEqual(['ip:198.51.100.2', 'ip:198.51.100.3']);
  });

  it('is of one provider where one is named, by alias and in any letter case, and of one tenant', async () => {
    await stop({ provider: 'SECOND' });
    const [waits, goes] = [await block('198.51.100.5', 'other'), await block('198.51.100.5')];
    await reaches(goes, 'Completed inForce');
    const token = await tokenOf(server, OTHER_TENANT);
    const theirs = await block('198.51.100.6', 'other', {}, { token });
    await until(
      async () => (await ask(server, `${ACTIONS}/${theirs}`, { token })).json.status,
      (s) => String(s) === 'Completed',
    );
    expect((await ask(server, STATE ?? '', { token })).json.value).toEqual([]);
    expect(await standing(waits)).toBe('NotStarted pending');
    await resume();
    expect((await paused()).length).toBe(1);
    await resume({ provider: 'other' });
    await reaches(waits, 'Completed inForce');
  });

  it('says who stopped what, when and why; twice is as good as once', async () => {
    expect(await paused()).toEqual([]);
    const before = Date.now();
    await stop();
    await done(STOP, { reason: 'Another.' });
    await done(
      STOP,
      { provider: 'Edge', reason: 'Maintenance.' },
      {
        token: await tokenFor(server, { delegated: true, user: 'bob' }),
      },
    );
    const { json, status } = await ask(server, STATE ?? '');
    expect(status).toBe(200);
    expect(json['@odata.context']).toBe(`${server.url}/beta/$metadata#Collection(interdict.dispatchPause)`);
    const [all, one] = json.value as unknown as Json[];
    expect(all).toMatchObject({ provider: null, state: 'stopped', reason: 'A drill.', by: { user: null } });
    expect(one).toMatchObject({ provider: 'edge', state: 'stopped', reason: 'Maintenance.', by: { user: 'bob' } });
    expect(Date.parse(String(all?.since))).toBeGreaterThanOrEqual(before - 50);
    await resume({ provider: 'edge' });
    await resume({ provider: 'edge' });
    expect((await paused()).length).toBe(1);
  });

  it('outlives a restart', async () => {
    await stop();
    const id = await block('198.51.100.7');
    await server.kill();
    server = await server.again();
    await delay(1_200);
    expect([await standing(id), edge.of('apply').length]).toEqual(['NotStarted pending', 0]);
    await resume();
    await reaches(id, 'Completed inForce');
  });

  it('takes no time from a deadline, and all of it from an end', async () => {
    await stop();
    const patient = await block('198.51.100.8', 'other');
    const short = await block('198.51.100.9', 'other', {
      expirationDateTime: new Date(Date.now() + 4_000).toISOString(),
    });
    await delay(3_500);
    expect(await standing(patient)).toBe('NotStarted pending');
    await reaches(short, 'Failed none');
    expect((await get(short)).errorInfo).toMatchObject({ code: 2 });
    other.manner = () => ({ status: 503 });
    await resume();
    await delay(1_500);
    expect(await standing(patient)).toBe('Running pending');
    await reaches(patient, 'Failed none');
    expect((await get(patient)).errorInfo).toMatchObject({ code: 7 });
    other.manner = null;
  });

  it('can be pulled from a batch, and by its full name', async () => {
    const requests = [
      {
        id: '1',
        method: 'POST',
        url: '/security/stopDispatch',
        body: { reason: 'A drill.' },
        headers: { 'Content-Type': 'application/json' },
      },
      { id: '2', method: 'GET', url: '/security/interdict.dispatchState()', dependsOn: ['1'] },
    ];
    const { json } = await ask(server, '/beta/$batch', { body: { requests } });
    const answers = json.responses as unknown as { status: number; body?: Json }[];
    expect(answers.map(({ status }) => status)).toEqual([204, 200]);
    expect(answers[1]?.body?.value).toMatchObject([{ provider: null }]);
    await done(`/v1.0/security/interdict.resumeDispatch`, {}, { token: approver });
    expect(await paused()).toEqual([]);
  });

  it.each<[string, unknown, string, string?]>([
    ['no body', undefined, 'malformedJson'],
    ['null', 'null', 'malformedJson'],
    ['a list', '[]', 'malformedJson'],
    ['no reason', {}, 'missingProperty', 'reason'],
    ['a blank reason', { reason: '  ' }, 'missingProperty', 'reason'],
    ['a reason that is null', { reason: null }, 'missingProperty', 'reason'],
    ['a number for a reason', { reason: 5 }, 'invalidProperty', 'reason'],
    ['a list of providers', { reason: 'x', provider: ['edge'] }, 'invalidProperty', 'provider'],
    ['a slip in the name', { reason: 'x', Provider: 'edge' }, 'unknownProperty', 'Provider'],
    ['a provider that is none', { reason: 'x', provider: 'egde' }, 'unknownProvider', 'provider'],
    ['a provider without a name', { reason: 'x', provider: '' }, 'unknownProvider', 'provider'],
    ['a reason that is too long', { reason: 'x'.repeat(4_097) }, 'limitExceeded', 'reason'],
  ])('is refused with %s, and nothing changes', async (_, sent, inner, target) => {
    for (const [path = '', token] of [[STOP], [RESUME, approver]] as const) {
      const asked = { method: 'POST', ...(sent !== undefined && { body: sent }), ...(token && { token }) };
      const { status, headers, text }: Reply = await ask(server, path, asked);
      const refused = { status: 400, inner, ...(target && { target }) };
      expect(refusalFaults({ status, headers, body: text }, refused), `${path} ${text}`).toEqual([]);
    }
    expect(await paused()).toEqual([]);
  });

  it('is pulled by whoever may write, put back by a person who may approve, and seen by whoever may read', async () => {
    const reader = await tokenFor(server, { permissions: ['SecurityActions.Read.All'] });
    const writer = await tokenFor(server, { delegated: true, user: 'ada' });
    const tries: [string | undefined, string, number][] = [
      [STOP, reader, 403],
      [STOP, approver, 403],
      [RESUME, server.token(), 403],
      [RESUME, writer, 403],
      [STATE, approver, 403],
      [STOP, writer, 204],
      [RESUME, approver, 204],
      [STATE, reader, 200],
    ];
    for (const [path = '', token, status] of tries) {
      const asked = { token, ...(path !== STATE && { body: { reason: 'A drill.' } }) };
      expect([path, (await ask(server, path, asked)).status]).toEqual([path, status]);
    }
  });
});
