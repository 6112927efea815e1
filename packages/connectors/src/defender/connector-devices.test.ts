import { randomUUID } from 'node:crypto';
import { expect, onTestFinished, test } from 'vitest';
import type { Answer, Call, Connector, Presence } from '../connector.ts';
import { aCall, inHours, TENANT_A } from '../testing.ts';
import { DefenderDouble, type DoubleOptions } from './testing/defender-double.ts';
import { analyst, openAt } from './testing/defender-under-test.ts';
import { errorOf } from './testing/tenant-model.ts';

const DEVICE = '1e5bc9d7e413ddd7902c2932e418702b84d0cc07';
const calm = (): AbortSignal => AbortSignal.timeout(10_000);

async function start(options: DoubleOptions = {}): Promise<{ double: DefenderDouble; connector: Connector }> {
  const double = new DefenderDouble(options);
  await double.listen();
  const connector = openAt(double);
  onTestFinished(async () => {
    await connector.close();
    await double.hangUp();
  });
  return { double, connector };
}

const on = (action: string, changes: Partial<Call> = {}): Call =>
  aCall({ tenantId: TENANT_A, action, target: { kind: 'host', value: DEVICE } }, changes);
const isolate = (changes: Partial<Call> = {}): Call => on('IsolateHost', changes);
const apply = (connector: Connector, call: Call): Promise<Answer> => connector.apply(call, calm());
const release = (connector: Connector, call: Call): Promise<Answer> => connector.release(call, calm());
const verify = async (connector: Connector, call: Call): Promise<Presence | undefined> =>
  await connector.verify?.(call, calm());
const statuses = ({ model }: DefenderDouble): readonly string[] =>
  model.actions.map(({ type, status }) => `${type} ${status}`);

async function until(ask: () => Promise<Answer | Presence | undefined>): Promise<Answer | Presence | undefined> {
  for (let round = 0; round < 10; round += 1) {
    const said = await ask();
    if (said?.kind !== 'pending') return said;
  }
  throw new Error('It is pending still.');
}

test('accepted is not in force: an isolation is pending until the device has done it', async () => {
  const { double, connector } = await start();
  double.model.areDevicesAway = true;
  const call = isolate();
  const [own] = [await apply(connector, call)];
  const { id, requestorComment, scope } = double.model.actions[0] ?? {};
  expect(own).toEqual({ kind: 'pending', message: 'Defender says Pending of Isolate.', againMs: 10_000, note: id });
  expect([scope, requestorComment]).toEqual(['Full', `Interdict ${TENANT_A} ${call.operationId}: Test of a connector`]);
  expect(await verify(connector, call)).toMatchObject({ kind: 'pending', landed: 'no' });
  double.model.areDevicesAway = false;
  double.model.step();
  const seen = await verify(connector, call);
  expect(seen).toMatchObject({ kind: 'pending', message: 'Defender says InProgress of Isolate.' });
  expect(seen).not.toHaveProperty('landed');
  expect(await until(() => verify(connector, call))).toEqual({ kind: 'present', foreign: false });
  expect([...(double.model.devices.get(DEVICE)?.keys() ?? [])]).toEqual(['Isolate']);
  expect(await until(() => release(connector, call))).toMatchObject({ kind: 'done' });
  expect(await verify(connector, call)).toEqual({ kind: 'absent' });
  expect(double.model.devices.get(DEVICE)?.size).toBe(0);
});

test('Defender never gets two that overlap: it may finish the older one last', async () => {
  const { double, connector } = await start();
  double.model.areDevicesAway = true;
  const call = isolate();
  for (let attempt = 1; attempt < 4; attempt += 1)
    expect((await apply(connector, { ...call, attempt })).kind).toBe('pending');
  expect((await apply(connector, isolate({ expirationDateTime: inHours(9) }))).kind).toBe('pending');
  expect(statuses(double)).toEqual(['Isolate Pending']);
  double.model.finish(double.model.actions[0] ?? analyst.does(double, DEVICE, 'Isolate'));
  expect((await release(connector, call)).kind).toBe('pending');
  expect((await release(connector, { ...call, attempt: 2 })).kind).toBe('pending');
  expect(statuses(double)).toEqual(['Unisolate Pending', 'Isolate Succeeded']);
  // Wanted again while the release is under way.
  expect(await apply(connector, isolate())).toEqual({
    kind: 'unavailable',
    message: 'Defender is still at Unisolate of the device.',
  });
  expect(statuses(double)).toHaveLength(2);
});

test('"Action is already in progress" is no failure', async () => {
  const { double, connector } = await start();
  double.model.areDevicesAway = true;
  const { model } = double;
  // Another process was a moment before: between the look and the request.
  const { start: begin } = model;
  model.start = (...args) => {
    model.start = begin;
    begin.apply(model, args);
    return begin.apply(model, args);
  };
  expect(await apply(connector, isolate())).toEqual({
    kind: 'pending',
    message: 'Defender answered 400 BadRequest: Action is already in progress.',
    againMs: 10_000,
  });
  expect(statuses(double)).toEqual(['Isolate Pending']);
});

test('what waits for a device that is away is cancelled by its release', async () => {
  const { double, connector } = await start();
  double.model.areDevicesAway = true;
  const call = isolate();
  await apply(connector, call);
  expect(await release(connector, call)).toEqual({ kind: 'done', level: 'reported' });
  expect(statuses(double)).toEqual(['Isolate Cancelled']);
  double.model.areDevicesAway = false;
  double.model.step();
  double.model.step();
  expect(double.model.devices.size).toBe(0);
  expect(await verify(connector, call)).toEqual({ kind: 'absent' });
});

test.each(['Failed', 'TimeOut', 'Cancelled'] as const)(
  '%s is the end of an operation, and another one may try again',
  async (status) => {
    const { double, connector } = await start();
    double.model.areDevicesAway = true;
    const call = isolate();
    await apply(connector, call);
    const [made] = double.model.actions;
    if (made) made.status = status;
    expect(await verify(connector, call)).toEqual({ kind: 'absent' });
    expect(await apply(connector, { ...call, attempt: 2 })).toEqual({
      kind: 'refused',
      message: `Defender says ${status} of Isolate: nothing more will come of it.`,
    });
    expect((await apply(connector, isolate())).kind).toBe('pending');
    expect(double.model.actions).toHaveLength(2);
  },
);

test('an undoing that failed is sent again', async () => {
  const { double, connector } = await start();
  const call = isolate();
  await until(() => apply(connector, call));
  double.model.areDevicesAway = true;
  await release(connector, call);
  const [undo] = double.model.actions;
  if (undo) undo.status = 'TimeOut';
  expect(await verify(connector, call), 'the device is isolated still').toEqual({ kind: 'present', foreign: false });
  double.model.areDevicesAway = false;
  expect(await until(() => release(connector, { ...call, attempt: 2 }))).toMatchObject({ kind: 'done' });
  expect(double.model.devices.get(DEVICE)?.size).toBe(0);
});

test("an analyst's isolation counts, and is never lifted; nor is one that he has asked for", async () => {
  const { double, connector } = await start();
  double.model.finish(analyst.does(double, DEVICE, 'Isolate'));
  expect(await verify(connector, isolate())).toEqual({ kind: 'present', foreign: true });
  expect(await apply(connector, isolate())).toMatchObject({ kind: 'done' });
  expect(await release(connector, isolate())).toMatchObject({ kind: 'done' });
  expect(statuses(double)).toEqual(['Isolate Succeeded']);
  expect(await connector.list?.(TENANT_A, calm())).toEqual([
    { action: 'IsolateHost', target: { kind: 'host', value: DEVICE }, foreign: true },
  ]);
  double.model.areDevicesAway = true;
  analyst.does(double, DEVICE, 'RestrictCodeExecution');
  expect((await apply(connector, on('RestrictCodeExecution'))).kind).toBe('pending');
  expect(await release(connector, on('RestrictCodeExecution'))).toMatchObject({ kind: 'done' });
  expect(statuses(double)[0]).toBe('RestrictCodeExecution Pending');
});

test("an analyst's isolation of a part is not what was asked for, and is left alone", async () => {
  const { double, connector } = await start();
  double.model.finish(analyst.does(double, DEVICE, 'Isolate', 'Selective'));
  expect(await verify(connector, isolate())).toEqual({ kind: 'absent' });
  expect(await connector.list?.(TENANT_A, calm())).toEqual([]);
  expect(await apply(connector, isolate())).toMatchObject({
    kind: 'refused',
    message: expect.stringContaining('isolated in part (Selective)'),
  });
  expect(await release(connector, isolate())).toMatchObject({ kind: 'done' });
  expect(statuses(double)).toEqual(['Isolate Succeeded']);
});

test('what an analyst has opened in part is in force no more', async () => {
  const { double, connector } = await start();
  await apply(connector, isolate());
  double.model.finish(double.model.actions[0] ?? expect.unreachable());
  expect(await verify(connector, isolate())).toMatchObject({ kind: 'present' });
  double.model.finish(analyst.does(double, DEVICE, 'Isolate', 'Selective'));
  expect(await verify(connector, isolate())).toEqual({ kind: 'absent' });
  expect(await connector.list?.(TENANT_A, calm())).toEqual([]);
  expect(await release(connector, isolate())).toMatchObject({ kind: 'done' });
  expect(statuses(double)).toHaveLength(2);
});

test('what an analyst has lifted is seen to be gone, and what he made of it afterwards is his', async () => {
  const { double, connector } = await start();
  const call = isolate();
  await until(() => apply(connector, call));
  double.model.finish(analyst.does(double, DEVICE, 'Unisolate'));
  expect(await verify(connector, call)).toEqual({ kind: 'absent' });
  double.model.finish(analyst.does(double, DEVICE, 'Isolate'));
  expect(await verify(connector, call)).toEqual({ kind: 'present', foreign: true });
  expect(await release(connector, call)).toMatchObject({ kind: 'done' });
  expect(statuses(double)[0]).toBe('Isolate Succeeded');
});

test('a scan runs once for an operation, however often it is sent, and is over with its time', async () => {
  const { double, connector } = await start();
  const quick = on('RunAntiVirusScan');
  expect(await until(() => apply(connector, quick))).toMatchObject({ kind: 'done' });
  expect((await apply(connector, { ...quick, attempt: 2 })).kind).toBe('done');
  expect(double.model.actions).toHaveLength(1);
  expect(double.model.actions[0]).toMatchObject({ type: 'RunAntiVirusScan', scope: 'Quick' });
  expect(await verify(connector, quick)).toEqual({ kind: 'present', foreign: false });
  expect(await verify(connector, on('RunFullAntiVirusScan')), 'of the other scope').toEqual({ kind: 'absent' });
  // A later end: another operation of the same effect, of which the note tells.
  const note = double.model.actions[0]?.id ?? '';
  expect((await apply(connector, on('RunAntiVirusScan', { note, expirationDateTime: inHours(9) }))).kind).toBe('done');
  expect(double.model.actions).toHaveLength(1);
  const before = double.received.length;
  expect(await release(connector, quick)).toEqual({ kind: 'done', level: 'accepted' });
  expect(await verify(connector, { ...quick, expirationDateTime: inHours(-0.01) })).toEqual({ kind: 'absent' });
  expect(double.received, 'nothing was sent').toHaveLength(before);
  // Asked for anew, it runs anew.
  const anew = on('RunAntiVirusScan');
  expect(await until(() => apply(connector, anew))).toMatchObject({ kind: 'done' });
  expect(double.model.actions).toHaveLength(2);
  expect(await connector.list?.(TENANT_A, calm())).toEqual([
    { action: 'RunAntiVirusScan', target: { kind: 'host', value: DEVICE }, foreign: false },
  ]);
});

test("an analyst's scan is not ours: while it runs, ours waits", async () => {
  const { double, connector } = await start();
  double.model.areDevicesAway = true;
  analyst.does(double, DEVICE, 'RunAntiVirusScan');
  const full = on('RunFullAntiVirusScan');
  expect(await verify(connector, full)).toEqual({ kind: 'absent' });
  expect(await apply(connector, full)).toEqual({
    kind: 'unavailable',
    message: 'Another RunAntiVirusScan is under way on the device.',
  });
  expect(double.model.actions).toHaveLength(1);
});

test('a device that Defender does not know is refused in its words', async () => {
  const { double, connector } = await start();
  double.model.enrolled = new Set([randomUUID()]);
  expect(await apply(connector, isolate())).toEqual({
    kind: 'refused',
    message: `Defender answered 404 ResourceNotFound: Machine ${DEVICE} was not found.`,
    subcode: 404,
  });
});

test.each([
  [403, 'DisabledFeature', { kind: 'unavailable', fault: 'ours', message: expect.stringContaining('Turn it on') }],
  [403, 'DisallowedOperation', { kind: 'refused', subcode: 403, message: expect.stringContaining('for a reason') }],
  [400, 'OsPlatformNotSupported', { kind: 'refused', subcode: 400 }],
  [409, 'Conflict', { kind: 'refused', subcode: 409 }],
  [500, 'InternalServerError', { kind: 'unknown' }],
  [503, 'ServiceUnavailable', { kind: 'unavailable', subcode: 503 }],
])('%i %s to an isolation', async (status, code, expected) => {
  const { double, connector } = await start();
  const call = isolate();
  double.model.start = () => errorOf(status, code, 'Not for a reason');
  expect(await apply(connector, call)).toMatchObject(expected);
  expect((await release(connector, call)).kind, 'there is nothing to release').toBe('done');
});

test('the 101st device in a minute waits for as long as Defender says', async () => {
  const { connector } = await start();
  const device = (index: number): Call => ({
    ...isolate(),
    target: { kind: 'host', value: index.toString(16).padStart(40, '0') },
  });
  const answers = await Promise.all(Array.from({ length: 101 }, (_, index) => apply(connector, device(index))));
  expect(answers.filter(({ kind }) => kind === 'pending')).toHaveLength(100);
  expect(answers.find(({ kind }) => kind !== 'pending')).toEqual({
    kind: 'unavailable',
    message: 'Defender answered 429 TooManyRequests: Quota limit was reached.',
    subcode: 429,
    retryAfterMs: expect.toSatisfy((ms) => ms > 50_000 && ms <= 60_000),
  });
});
