import { setTimeout as delay } from 'node:timers/promises';
import type { Target } from '@interdict/contract';
import { expect, onTestFinished, test } from 'vitest';
import type { Answer, Call, Connector } from '../connector.ts';
import { aCall, HOSTILE_ANSWERS, SAMPLE_TARGETS, TENANT_A, TENANT_B } from '../testing.ts';
import { DefenderDouble, type DoubleOptions } from './testing/defender-double.ts';
import { analyst, openAt } from './testing/defender-under-test.ts';

const calm = (): AbortSignal => AbortSignal.timeout(20_000);

async function start(options: DoubleOptions = {}): Promise<DefenderDouble> {
  const double = new DefenderDouble(options);
  await double.listen();
  onTestFinished(() => double.hangUp());
  return double;
}

function open(double: DefenderDouble, own: object = {}): Connector {
  const connector = openAt(double, own);
  onTestFinished(() => connector.close());
  return connector;
}

const ip = (index: number): Target => ({ kind: 'ip', value: `198.51.${100 + Math.floor(index / 250)}.${index % 250}` });
const block = (target: Target, changes: Partial<Call> = {}): Call =>
  aCall({ tenantId: TENANT_A, action: 'BlockIp', target }, changes);
const manyIps = (count: number): readonly Call[] => Array.from({ length: count }, (_, index) => block(ip(index)));
const apply = (connector: Connector, call: Call): Promise<Answer> => connector.apply(call, calm());
const release = (connector: Connector, call: Call): Promise<Answer> => connector.release(call, calm());
const verify = (connector: Connector, call: Call) => connector.verify?.(call, calm());

test('an indicator says whose it is, what it is for, and when it goes by itself', async () => {
  const double = await start();
  const expirationDateTime = new Date(double.model.now() + 7_200_000).toISOString();
  const call = block(ip(1), { expirationDateTime });
  expect(await apply(open(double), call)).toEqual({ kind: 'done', level: 'reported', note: expect.any(String) });
  expect(double.model.indicators).toEqual([
    expect.objectContaining({
      indicatorType: 'IpAddress',
      indicatorValue: '198.51.100.1',
      action: 'Block',
      application: `Interdict ${TENANT_A}`,
      title: 'Interdict BlockIp',
      description: `Interdict action ${call.request.actionId}: Test of a connector`,
      generateAlert: false,
      rbacGroupNames: [],
      expirationTime: new Date(Date.parse(expirationDateTime) + 3_600_000).toISOString(),
    }),
  ]);
  double.model.advance(7_200_000 + 3_599_000);
  expect(double.model.active()).toHaveLength(1);
  double.model.advance(2_000);
  expect(double.model.active()).toHaveLength(0);
  await apply(open(double, { severity: 'High' }), block(ip(2)));
  expect(double.model.indicators[0]).toMatchObject({ generateAlert: true, severity: 'High' });
});

test("an analyst's indicator that blocks counts, and is neither changed nor deleted", async () => {
  const double = await start();
  const connector = open(double);
  analyst.blocks(double, ip(1), { title: 'Case 17', expirationTime: '2099-01-01T00:00:00Z' });
  const before = structuredClone(double.model.indicators);
  expect(await verify(connector, block(ip(1)))).toEqual({ kind: 'present', foreign: true });
  expect(await apply(connector, block(ip(1)))).toEqual({ kind: 'done', level: 'reported' });
  expect(await apply(connector, block(ip(1), { expirationDateTime: '2099-06-01T00:00:00Z' }))).toMatchObject({
    kind: 'done',
  });
  expect(await release(connector, block(ip(1)))).toEqual({ kind: 'done', level: 'reported' });
  expect(double.model.indicators).toEqual(before);
  expect(double.requestsTo('import')).toEqual([]);
  expect(double.requestsTo('batchDelete')).toEqual([]);
});

test.each([
  ['allows', { action: 'Allowed' }, /an indicator Allowed for 198\.51\.100\.1, made by admin@corp\.example/],
  ['warns of', { action: 'Warn' }, /an indicator Warn for/],
  ['watches', { action: 'Audit', generateAlert: true }, /an indicator Audit for/],
  ['blocks on some devices', { rbacGroupNames: ['Servers'] }, /Block for some groups of devices for/],
])('an indicator of an analyst that %s the target is left, and the block refused', async (_, more, words) => {
  const double = await start();
  const connector = open(double);
  analyst.blocks(double, ip(1), more);
  const before = structuredClone(double.model.indicators);
  expect(await verify(connector, block(ip(1)))).toEqual({ kind: 'absent' });
  expect(await apply(connector, block(ip(1)))).toEqual({ kind: 'refused', message: expect.stringMatching(words) });
  expect(await release(connector, block(ip(1)))).toMatchObject({ kind: 'done' });
  expect(double.model.indicators).toEqual(before);
});

test('what an analyst made of ours stays ours; what he allows beside it is seen', async () => {
  const double = await start();
  const connector = open(double);
  await apply(connector, block(ip(1)));
  // The same value: an update, which leaves `application`.
  analyst.blocks(double, ip(1), { title: 'Case 17', description: 'Edited', application: 'Portal' });
  expect(await verify(connector, block(ip(1)))).toEqual({ kind: 'present', foreign: false });
  const [ours] = double.model.indicators;
  if (!ours) throw new Error('It is gone.');
  double.model.indicators.push({ ...ours, id: '7', application: null, action: 'Allowed', rbacGroupNames: ['Servers'] });
  expect(await verify(connector, block(ip(1))), 'Allow overrides Block').toEqual({ kind: 'absent' });
  expect(await release(connector, block(ip(1)))).toMatchObject({ kind: 'done' });
  expect(double.model.indicators.map(({ id }) => id)).toEqual(['7']);
});

test("one tenant's release leaves what another tenant of ours made", async () => {
  const double = await start();
  const connector = open(double);
  await apply(connector, block(ip(1)));
  const theirs = { ...block(ip(1)), tenantId: TENANT_B };
  expect(await verify(connector, theirs)).toEqual({ kind: 'present', foreign: true });
  expect(await release(connector, theirs)).toMatchObject({ kind: 'done' });
  expect(double.model.indicators).toHaveLength(1);
});

/** As the server does: so many calls at once, and a look after each. */
async function applyAndLook(connector: Connector, calls: readonly Call[], atOnce: number): Promise<Answer[]> {
  const waiting = [...calls];
  const answers: Answer[] = [];
  const lane = async (): Promise<void> => {
    for (let call = waiting.shift(); call; call = waiting.shift()) {
      const answer = await apply(connector, call);
      answers.push(answer);
      if (answer.kind === 'done') expect(await verify(connector, call)).toEqual({ kind: 'present', foreign: false });
    }
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
  return answers;
}

test('10,000 targets are in force within the calls that Defender takes in one minute', {
  timeout: 60_000,
}, async () => {
  const double = await start();
  const connector = open(double);
  const calls = manyIps(10_000);
  const began = performance.now();
  const answers = await applyAndLook(connector, calls, connector.traits.limits.concurrency);
  const seconds = (performance.now() - began) / 1_000;
  const paced = (double.model.now() - Date.now()) / 1_000;
  expect(answers.filter(({ kind }) => kind !== 'done')).toEqual([]);
  expect(new Set(double.model.indicators.map(({ indicatorValue }) => indicatorValue)).size).toBe(10_000);
  const requests = double.requestsTo('import').length;
  console.log(
    `10,000 in ${seconds.toFixed(1)} s, paced to ${paced} s: ${requests} imports, ${double.requestsTo('list').length} lists.`,
  );
  expect(requests).toBeLessThanOrEqual(30);
  expect(double.requestsTo('list').length).toBeLessThanOrEqual(100);
  const released = await Promise.all(calls.map((call) => release(connector, call)));
  expect(released.filter(({ kind }) => kind !== 'done')).toEqual([]);
  expect(double.model.indicators).toEqual([]);
  expect(double.requestsTo('batchDelete')).toHaveLength(20);
});

test('blocks that trickle in gather, so that Defender never has to throttle', { timeout: 60_000 }, async () => {
  const double = await start();
  const connector = open(double);
  const answers: Promise<Answer>[] = [];
  for (let index = 0; index < 1_000; index += 1) {
    answers.push(apply(connector, block(ip(index))));
    void connector.verify?.(block(ip(index)), calm());
    // Three for each look that comes meanwhile.
    if (index % 3 === 0) await new Promise(setImmediate);
  }
  expect((await Promise.all(answers)).filter(({ kind }) => kind !== 'done')).toEqual([]);
  expect(double.model.indicators).toHaveLength(1_000);
  expect(double.throttled).toBe(0);
  expect(double.requestsTo('import').length, 'they gathered').toBeLessThan(500);
});

test('blocks that come one after the other keep within the limits by themselves', async () => {
  const double = await start();
  const connector = open(double);
  for (let index = 0; index < 80; index += 1) {
    expect(await apply(connector, block(ip(index)))).toMatchObject({ kind: 'done' });
    expect(await verify(connector, block(ip(index)))).toMatchObject({ kind: 'present' });
  }
  expect(double.throttled).toBe(0);
  expect(double.requestsTo('import')).toHaveLength(80);
});

test('whom Defender throttles is told when to come again, and those who had their turn are done', async () => {
  const double = await start();
  const connector = open(double);
  // Other processes share the limit.
  for (let count = 0; count < 27; count += 1) await apply(open(double), block(ip(4_000 + count)));
  const calls = manyIps(3_000);
  const answers = await Promise.all(calls.map((call) => apply(connector, call)));
  expect(answers.filter(({ kind }) => kind === 'done')).toHaveLength(1_500);
  const late = answers.filter(({ kind }) => kind !== 'done');
  expect(late[0]).toMatchObject({
    kind: 'unavailable',
    subcode: 429,
    retryAfterMs: expect.toSatisfy((ms) => ms > 50_000),
  });
  expect(new Set(late.map((answer) => JSON.stringify(answer))).size).toBe(1);
  expect(double.requestsTo('import'), 'after the first 429 nothing more is sent').toHaveLength(27 + 3 + 1);
  double.model.advance(60_000);
  const again = await Promise.all(calls.slice(1_500).map((call) => apply(connector, call)));
  expect(again.filter(({ kind }) => kind === 'done')).toHaveLength(1_500);
});

test('what spoils a whole import is refused alone', async () => {
  const double = await start();
  const connector = open(double);
  double.model.poison = '198.51.100.77';
  const answers = await Promise.all(manyIps(200).map((call) => apply(connector, call)));
  expect(answers.filter(({ kind }) => kind === 'done')).toHaveLength(199);
  expect(answers[77]).toEqual({
    kind: 'refused',
    message: 'Defender answered 400 InvalidRequestBody: Request body is incorrect.',
    subcode: 400,
  });
});

test('the 15,001st indicator is refused in the words of Defender', { timeout: 60_000 }, async () => {
  const double = await start();
  analyst.blocks(double, ip(0));
  const [one] = double.model.indicators;
  if (!one) throw new Error('There is none.');
  const clone = (_: unknown, index: number) => ({ ...one, id: `${index}`, indicatorValue: ip(index).value });
  double.model.indicators = Array.from({ length: 15_000 }, clone);
  const connector = open(double);
  const call = block({ kind: 'ip', value: '203.0.113.9' });
  expect(await apply(connector, call)).toEqual({
    kind: 'refused',
    message: 'Defender refused the indicator: Max capacity of 15000 indicators was reached.',
  });
  const list = (await connector.list?.(TENANT_A, calm())) ?? [];
  expect(list, 'two pages').toHaveLength(15_000);
  expect(list.filter(({ foreign }) => !foreign)).toEqual([]);
  // Between the two pages one goes, and what was on the second moves to the first.
  const listing = connector.list?.(TENANT_A, calm());
  await expect.poll(() => double.requestsTo('list').length, { interval: 1 }).toBe(4);
  double.model.indicators.unshift({ ...one, id: 'new' });
  await expect(listing).rejects.toThrow('not whole');
});

test('pages that are shorter than asked for are all read, and the address of the next is not followed', async () => {
  const double = await start({ pageRows: 3 });
  const connector = open(double);
  await Promise.all(manyIps(10).map((call) => apply(connector, call)));
  const before = double.requestsTo('list').length;
  expect(await connector.list?.(TENANT_A, calm())).toHaveLength(10);
  expect(
    double
      .requestsTo('list')
      .slice(before)
      .map(({ query }) => query.get('$skip')),
  ).toEqual(['0', '3', '6', '9']);
});

test('one that leaves while several are deleted leaves the outcome open, and a repeat settles it', async () => {
  const double = await start();
  const connector = open(double);
  const calls = manyIps(3);
  await Promise.all(calls.map((call) => apply(connector, call)));
  const { model } = double;
  const { batchDelete } = model;
  model.batchDelete = (body) => {
    model.batchDelete = batchDelete;
    model.indicators.shift();
    return batchDelete.call(model, body);
  };
  const answers = await Promise.all(calls.map((call) => release(connector, call)));
  expect(new Set(answers.map(({ kind }) => kind))).toEqual(new Set(['unknown']));
  expect(model.indicators).toHaveLength(2);
  const again = await Promise.all(calls.map((call) => release(connector, { ...call, attempt: 2 })));
  expect(new Set(again.map(({ kind }) => kind))).toEqual(new Set(['done']));
  expect(model.indicators).toEqual([]);
});

test('an address of IPv6 is written in eight segments, and told again in its short form', async () => {
  const double = await start();
  const connector = open(double);
  for (const [value, long] of [
    ['2001:db8::9', '2001:db8:0:0:0:0:0:9'],
    ['2001:db8:1::', '2001:db8:1:0:0:0:0:0'],
    ['::5', '0:0:0:0:0:0:0:5'],
  ] as const) {
    const call = block({ kind: 'ip', value });
    expect(await apply(connector, call)).toMatchObject({ kind: 'done' });
    expect(double.model.indicators[0]?.indicatorValue).toBe(long);
    expect(await verify(connector, call)).toEqual({ kind: 'present', foreign: false });
    expect(await connector.list?.(TENANT_A, calm())).toEqual([
      { action: 'BlockIp', target: { kind: 'ip', value }, foreign: false },
    ]);
    expect(await release(connector, call)).toMatchObject({ kind: 'done' });
    expect(double.model.indicators).toEqual([]);
  }
});

test('a quote in a URL stays within its filter, and URLs that differ in case are two', async () => {
  const double = await start();
  const connector = open(double);
  const url = (value: string): Call =>
    aCall({ tenantId: TENANT_A, action: 'BlockUrl', target: { kind: 'url', value } });
  const [quoted, large, small] = [
    url("http://evil.example/o'x' or 1 eq 1"),
    url('http://evil.example/A'),
    url('http://evil.example/a'),
  ];
  expect((await apply(connector, quoted)).kind, 'a space is not canonical').toBe('refused');
  const call = url("http://evil.example/o''x'%20or%201%20eq%201");
  expect(await apply(connector, call)).toMatchObject({ kind: 'done' });
  expect(double.requestsTo('list').at(-1)?.query.get('$filter')).toBe(
    "indicatorValue eq 'http://evil.example/o''''x''%20or%201%20eq%201'",
  );
  expect(await verify(connector, call)).toEqual({ kind: 'present', foreign: false });
  await apply(connector, large);
  expect(await Promise.all([verify(connector, small), verify(connector, large)])).toEqual([
    { kind: 'absent' },
    { kind: 'present', foreign: false },
  ]);
  expect(await verify(connector, large)).toEqual({ kind: 'present', foreign: false });
});

const BAD: readonly (readonly [string, Target])[] = [
  ['BlockIp', { kind: 'ip', value: '198.51.100.9\n' }],
  ['BlockIp', { kind: 'ip', value: "198.51.100.9' or '1' eq '1" }],
  ['BlockIp', { kind: 'ip', value: '198.51.100.0/24' }],
  ['BlockIp', { kind: 'ip', value: '::ffff:198.51.100.9' }],
  ['BlockIp', { kind: 'ip', value: '::ffff:c633:6409%1' }],
  ['BlockIp', { kind: 'ip', value: '2001:DB8::9' }],
  ['BlockIp', { kind: 'ip', value: '198.051.100.9' }],
  ['BlockIp', { kind: 'cidr', value: '198.51.100.0/24' }],
  ['BlockDomain', { kind: 'domain', value: 'evil.example.' }],
  ['BlockDomain', { kind: 'domain', value: '*.evil.example' }],
  ['BlockDomain', { kind: 'domain', value: 'evil.example\0.corp' }],
  ['BlockDomain', { kind: 'domain', value: 'EVIL.example' }],
  ['BlockDomain', { kind: 'domain', value: `${'a'.repeat(64)}.example` }],
  ['BlockDomain', { kind: 'domain', value: `${'a.'.repeat(127)}example` }],
  ['BlockDomain', { kind: 'domain', value: '198.51.100.9' }],
  ['BlockUrl', { kind: 'url', value: 'ftp://evil.example/' }],
  ['BlockUrl', { kind: 'url', value: 'http://evil.example' }],
  ['BlockUrl', { kind: 'url', value: 'http://a:b@evil.example/' }],
  ['BlockUrl', { kind: 'url', value: 'http://evil.example/\r\nx' }],
  ['BlockUrl', { kind: 'url', value: 'javascript:alert(1)' }],
  ['BlockFile', { kind: 'sha256', value: SAMPLE_TARGETS.sha256(1).toUpperCase() }],
  ['BlockFile', { kind: 'sha256', value: SAMPLE_TARGETS.sha1(1) }],
  ['BlockFile', { kind: 'sha1', value: `${SAMPLE_TARGETS.sha1(1)};` }],
  ['BlockFile', { kind: 'md5', value: `${SAMPLE_TARGETS.md5(1).slice(0, 31)}g` }],
  ['IsolateHost', { kind: 'host', value: 'laptop-17.corp.example' }],
  ['IsolateHost', { kind: 'host', value: '../../api/indicators/import' }],
  ['IsolateHost', { kind: 'host', value: `${'a'.repeat(39)}/` }],
  ['RunAntiVirusScan', { kind: 'host', value: `${'a'.repeat(40)}?x` }],
  ['constructor', { kind: 'ip', value: '198.51.100.9' }],
  ['BlockFile', { kind: 'ip', value: '198.51.100.9' }],
];

test.each(BAD)('%s of %j is refused, and nothing is sent', async (action, target) => {
  const double = await start();
  const connector = open(double);
  const call = aCall({ tenantId: TENANT_A, action, target });
  expect(await apply(connector, call)).toEqual({ kind: 'refused', message: expect.any(String) });
  expect((await release(connector, call)).kind).toBe('refused');
  expect(await verify(connector, call)).toEqual({ kind: 'absent' });
  expect([double.tokens, double.received.length]).toEqual([0, 0]);
});

test('a call without an end is refused', async () => {
  const double = await start();
  expect(await apply(open(double), block(ip(1), { expirationDateTime: 'soon' }))).toMatchObject({ kind: 'refused' });
  expect(double.received).toEqual([]);
});

test('hostile answers to an import, after a look that went well, are never taken for a success', {
  timeout: 60_000,
}, async () => {
  const double = await start({ isUnlimited: true });
  const connector = open(double);
  for (const answer of HOSTILE_ANSWERS.filter(
    ({ name, pauseMs, staysOpen }) => !pauseMs && !staysOpen && !/10 GB/.test(name),
  )) {
    double.spareReads = true;
    await double.misbehave({ kind: 'hostile', answer });
    const outcome = await connector.apply(block(ip(1)), AbortSignal.timeout(2_000));
    expect(outcome, answer.name).toMatchObject({ kind: 'unknown' });
    await double.behave();
  }
  expect(double.requestsTo('import').length).toBeGreaterThan(70);
  expect(double.model.indicators).toEqual([]);
});

test('a secret that Defender says back in a refusal of an import is hidden', async () => {
  const double = await start();
  double.spareReads = true;
  await double.misbehave({ kind: 'refuse', words: `No: ${double.secrets.join(' ')}` });
  expect(await apply(open(double), block(ip(1)))).toEqual({
    kind: 'refused',
    message: 'Defender refused the indicator: No: *** ***.',
  });
});

test('one who gives up has his answer at once, and the import goes on for the others', async () => {
  const double = await start();
  const connector = open(double);
  await apply(connector, block(ip(0)));
  await double.misbehave({ kind: 'late' });
  const abort = new AbortController();
  const first = connector.apply(block(ip(1)), abort.signal);
  const second = connector.apply(block(ip(2)), calm());
  await expect.poll(() => double.requestsTo('import').length).toBe(2);
  abort.abort();
  expect(await first).toMatchObject({ kind: 'unknown' });
  await delay(20);
  await double.behave();
  expect(double.model.indicators).toHaveLength(3);
  expect(await Promise.race([second, delay(50, 'waits')])).toBe('waits');
});
