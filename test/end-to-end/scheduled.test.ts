import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { refusalFaults } from '../refusal.ts';
import { ask, type Json, startServer, type TestServer, until } from '../server.ts';
import { tokenFor } from '../tenant-token.ts';
import { WebhookReceiver, webhookProvider } from '../webhook-receiver.ts';

const ACTIONS = '/beta/security/securityActions';
const inMs = (ms: number): string => new Date(Date.now() + ms).toISOString();
const DAY = 86_400_000;
const block = (target: string): object => ({
  name: 'BlockIp',
  parameters: [{ name: 'IP', value: target }],
  vendorInformation: { provider: 'edge' },
});

describe('an action that starts later', { timeout: 30_000 }, () => {
  const edge = new WebhookReceiver();
  let server: TestServer;

  beforeAll(async () => {
    await edge.start();
    server = await startServer({
      env: { HOOK_SECRET: edge.secret },
      config: `providers:\n${webhookProvider(edge, 'edge', 'maxTtl: P30D\n    deadline: PT2S')}
${webhookProvider(edge, 'patient', 'maxTtl: P30D')}`,
    });
  });
  afterAll(async () => {
    await server?.discard();
    await edge.stop();
  });

  const post = (target: string, rest: object): ReturnType<typeof ask> =>
    ask(server, ACTIONS, { body: { ...block(target), ...rest } });
  const schedule = async (target: string, rest: object): Promise<Json> => {
    const { status, json, text } = await post(target, rest);
    expect([status, text]).toEqual([201, text]);
    return json;
  };
  const get = async (id: unknown): Promise<Json> => (await ask(server, `${ACTIONS}/${String(id)}`)).json;
  const standing = async (id: unknown): Promise<string> => {
    const { status, enforcement } = await get(id);
    return `${status} ${enforcement?.state}`;
  };
  const reaches = (id: unknown, wanted: string): Promise<string> =>
    until(
      () => standing(id),
      (seen) => seen === wanted,
    );
  const resume = async (): Promise<void> => {
    const token = await tokenFor(server, {
      permissions: ['SecurityActions.Approve.All'],
      delegated: true,
      user: 'ada',
    });
    await ask(server, '/beta/security/resumeDispatch', { body: { reason: 'x' }, token });
  };

  it('waits until then, and its ttl runs from there', async () => {
    const at = Date.now() + 1_500;
    const said = new Date(at).toISOString().replace('Z', '+00:00');
    const { id, enforcement } = await schedule('198.51.100.1', { scheduledDateTime: said, ttl: 'PT1H' });
    const shown = `${new Date(at).toISOString().slice(0, -1)}0000Z`;
    expect(enforcement).toMatchObject({ state: 'scheduled', scheduledDateTime: shown, expirationDateTime: null });
    await delay(700);
    expect([await standing(id), edge.of('apply').length]).toEqual(['NotStarted scheduled', 0]);
    await reaches(id, 'Completed inForce');
    const [apply] = edge.of('apply', 'ip:198.51.100.1');
    expect(apply?.at).toBeGreaterThanOrEqual(at - 20);
    expect(apply?.at).toBeLessThan(at + 1_500);
    const after = await get(id);
    expect(Date.parse(String(after.enforcement?.expirationDateTime)) - at).toBeGreaterThanOrEqual(3_600_000 - 20);
    expect(after.enforcement?.scheduledDateTime).toBe(shown);
    expect(Object.keys(after.enforcement ?? {}).slice(0, 6)).toEqual([
      'state',
      'provider',
      'action',
      'target',
      'scheduledDateTime',
      'verification',
    ]);
  });

  it('is found by its state, and can be sent back as it was got, but for another moment', async () => {
    const scheduledDateTime = inMs(DAY);
    const { id } = await schedule('198.51.100.2', { scheduledDateTime });
    const query = `?$filter=enforcement/state eq 'scheduled'&$select=id,enforcement`;
    expect((await ask(server, `${ACTIONS}${query}`)).json.value).toMatchObject([{ id }]);
    const { enforcement, ...rest } = await get(id);
    const patch = (body: unknown): ReturnType<typeof ask> =>
      ask(server, `${ACTIONS}/${String(id)}`, { method: 'PATCH', body });
    expect((await patch({ ...rest, enforcement })).status).toBe(200);
    expect((await patch({ scheduledDateTime })).status).toBe(200);
    expect((await patch({ scheduledDateTime: enforcement?.scheduledDateTime })).status).toBe(200);
    const { status, headers, text } = await patch({ scheduledDateTime: inMs(2 * DAY) });
    const refused = { status: 400, inner: 'readOnlyProperty', target: 'scheduledDateTime' };
    expect(refusalFaults({ status, headers, body: text }, refused)).toEqual([]);
    expect((await ask(server, `${ACTIONS}/${String(id)}/cancelSecurityAction`, { method: 'POST' })).status).toBe(200);
    expect(await standing(id)).toBe('Failed none');
    expect((await get(id)).errorInfo).toMatchObject({ code: 1 });
    expect(edge.of('apply', 'ip:198.51.100.2')).toEqual([]);
  });

  it('reads pending from its moment on where it cannot start, and its deadline counts from there', async () => {
    await ask(server, '/beta/security/stopDispatch', { body: { reason: 'A drill.' } });
    const { id } = await schedule('198.51.100.3', { scheduledDateTime: inMs(800) });
    await reaches(id, 'NotStarted pending');
    await delay(1_500);
    edge.manner = () => ({ status: 503 });
    await resume();
    await reaches(id, 'Running pending');
    await delay(700);
    expect(await standing(id)).toBe('Running pending');
    await reaches(id, 'Failed none');
    expect((await get(id)).errorInfo).toMatchObject({ code: 7 });
    edge.manner = null;
  });

  it('survives a restart, and starts late where the server was away', async () => {
    const { id } = await schedule('198.51.100.4', {
      scheduledDateTime: inMs(700),
      vendorInformation: { provider: 'patient' },
    });
    await server.kill();
    await delay(700);
    server = await server.again();
    await reaches(id, 'Completed inForce');
  });

  it('has the same key until it is over', async () => {
    const body = block('198.51.100.5');
    const headers = { 'Idempotency-Key': 'later' };
    const scheduledDateTime = inMs(20 * DAY);
    const sent = (): ReturnType<typeof ask> => ask(server, ACTIONS, { body: { ...body, scheduledDateTime }, headers });
    const [first, second] = [await sent(), await sent()];
    expect([first.status, second.status, second.json.id]).toEqual([201, 201, first.json.id]);
  });

  it.each<[string, object, string, RegExp]>([
    ['in the past', { scheduledDateTime: inMs(-1_000) }, 'scheduledDateTime', /not after now/],
    ['of another day', { scheduledDateTime: inMs(-DAY) }, 'scheduledDateTime', /leave it out/],
    ['too far ahead', { scheduledDateTime: inMs(31 * DAY) }, 'scheduledDateTime', /P30D/],
    ['without an offset', { scheduledDateTime: '2030-01-01T00:00:00' }, 'scheduledDateTime', /RFC 3339/],
    ['that is a date', { scheduledDateTime: '2030-01-01' }, 'scheduledDateTime', /RFC 3339/],
    ['that is no day', { scheduledDateTime: '2030-02-30T00:00:00Z' }, 'scheduledDateTime', /RFC 3339/],
    ['that is empty', { scheduledDateTime: '' }, 'scheduledDateTime', /RFC 3339/],
    ['that is a number', { scheduledDateTime: 5 }, 'scheduledDateTime', /text/],
    ['that is a list', { scheduledDateTime: [] }, 'scheduledDateTime', /text/],
    [
      'behind its end',
      { scheduledDateTime: inMs(2 * DAY), expirationDateTime: inMs(DAY) },
      'expirationDateTime',
      /not after the start/,
    ],
  ])('is refused %s', async (_, rest, target, says) => {
    const { status, headers, text } = await post('198.51.100.9', rest);
    expect(
      refusalFaults({ status, headers, body: text }, { status: 400, inner: 'invalidProperty', target, says }),
    ).toEqual([]);
  });

  it('is refused at its end by parameter too', async () => {
    const parameters = [
      { name: 'IP', value: '198.51.100.9' },
      { name: 'expirationDateTime', value: inMs(DAY) },
    ];
    const { status, headers, text } = await post('', { parameters, scheduledDateTime: inMs(2 * DAY) });
    const refused = { status: 400, inner: 'invalidParameter', says: /not after the start/ };
    expect(refusalFaults({ status, headers, body: text }, refused)).toEqual([]);
  });

  it('is none where nothing is said', async () => {
    const { enforcement } = await schedule('198.51.100.6', { scheduledDateTime: null });
    expect(enforcement).toMatchObject({ state: 'pending' });
    expect(enforcement).not.toHaveProperty('scheduledDateTime');
  });
});
