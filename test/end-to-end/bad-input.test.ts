import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startPostgres, type TestPostgres } from '../postgres.ts';
import { type Refused, refusalFaults } from '../refusal.ts';
import { requirement } from '../requirement.ts';
import { ask, type Reply, startServer, type TestServer, until } from '../server.ts';
import { tokenFor } from '../tenant-token.ts';

const ACTIONS = '/beta/security/securityActions';
const SECOND = 1_000;
const DAY = 86_400 * SECOND;

type Headers = Readonly<Record<string, string>>;

const httpDate = (ms: number): string => new Date(Date.now() + ms).toUTCString();
const instant = (ms: number): string => new Date(Date.now() + ms).toISOString();

let made = 0;
function aBlock(rest: object = {}): Record<string, unknown> {
  made += 1;
  return {
    name: 'BlockIp',
    parameters: [{ name: 'IP', value: `198.51.100.${made}` }],
    vendorInformation: { provider: 'simulator' },
    ticket: 4_711,
    ...rest,
  };
}

const repeatable = (id: string, firstSent: string): Headers => ({
  'Repeatability-Request-ID': id,
  'Repeatability-First-Sent': firstSent,
});

const asFaults = (answer: Reply, refused: Refused): readonly string[] =>
  refusalFaults({ ...answer, body: answer.text }, refused);

const KEYS: readonly (readonly [about: string, headers: Headers, refused: Partial<Refused>])[] = [
  ['an empty key', { 'Idempotency-Key': '' }, { target: 'Idempotency-Key', says: /is empty/ }],
  ['a key that is empty text in quotes', { 'Idempotency-Key': '""' }, { target: 'Idempotency-Key', says: /is empty/ }],
  ['an empty request id', repeatable('', httpDate(0)), { target: 'Repeatability-Request-ID', says: /is empty/ }],
  ...[256, 10_000].flatMap((length) => {
    const key = 'k'.repeat(length);
    const refused = { inner: 'limitExceeded', says: /255 bytes/ };
    return [
      [`a key of ${length} bytes`, { 'Idempotency-Key': key }, { ...refused, target: 'Idempotency-Key' }],
      [`a key of ${length} bytes in quotes`, { 'Idempotency-Key': `"${key}"` }, refused],
      [
        `a request id of ${length} bytes`,
        repeatable(key, httpDate(0)),
        { ...refused, target: 'Repeatability-Request-ID' },
      ],
    ] as const;
  }),
  ['a key of 128 letters of 2 bytes', { 'Idempotency-Key': 'é'.repeat(128) }, { inner: 'limitExceeded' }],
  ['a key whose quotes do not end', { 'Idempotency-Key': '"one' }, { target: 'Idempotency-Key', says: /in quotes/ }],
  [
    'two keys that differ',
    { ...repeatable('one', httpDate(0)), 'Idempotency-Key': 'two' },
    { target: 'Idempotency-Key', says: /Send one/ },
  ],
  [
    'a request id without the date at which it was sent first',
    { 'Repeatability-Request-ID': 'one' },
    { inner: 'missingProperty', target: 'Repeatability-First-Sent', says: /must go with/ },
  ],
  [
    'a date without its request id',
    { 'Repeatability-First-Sent': httpDate(0) },
    { inner: 'missingProperty', target: 'Repeatability-Request-ID', says: /must go with/ },
  ],
  ...['', 'yesterday', '2026-11-24T20:00:00Z', 'Tue, 31 Feb 2026 20:00:00 GMT', '1700000000', `${httpDate(0)}, x`].map(
    (date) =>
      [
        `the date "${date}"`,
        repeatable('one', date),
        { target: 'Repeatability-First-Sent', says: /must be an HTTP date, as in/ },
      ] as const,
  ),
  [
    'a date in the future',
    repeatable('one', httpDate(DAY)),
    { target: 'Repeatability-First-Sent', says: /in the future/ },
  ],
  [
    'a date before the window of keys',
    repeatable('one', httpDate(-7 * DAY - 5 * SECOND)),
    { target: 'Repeatability-First-Sent', says: /7 days/ },
  ],
];

const ttl = (value: string): readonly [string, object, Partial<Refused>] => [
  `a ttl of ${value}`,
  { ttl: value },
  { target: 'ttl', says: /P\w+|longer than nothing/ },
];

const BODIES: readonly (readonly [about: string, rest: object, refused: Partial<Refused>])[] = [
  ...['PT0S', 'P0D', '-PT1H', 'PT-1H', 'P36500D', 'P100Y', 'P1M', 'P1Y2M', 'P1MT1H', 'P1W', '1h', ''].map(ttl),
  ['a ttl that is a number', { ttl: 3_600 }, { target: 'ttl' }],
  ['an end that is over', { expirationDateTime: instant(-SECOND) }, { target: 'expirationDateTime' }],
  ['an end in a century', { expirationDateTime: instant(36_500 * DAY) }, { target: 'expirationDateTime' }],
  [
    'an end before its start',
    { scheduledDateTime: instant(2 * DAY), expirationDateTime: instant(DAY) },
    { target: 'expirationDateTime', says: /not after the start/ },
  ],
  ['an end at its start', bothAt(instant(DAY)), { target: 'expirationDateTime', says: /not after the start/ }],
  ['two ends', { ttl: 'PT1H', expirationDateTime: instant(DAY) }, { says: /twice/ }],
];

function bothAt(text: string): object {
  return { scheduledDateTime: text, expirationDateTime: text };
}

describe.each(['SQLite', 'PostgreSQL'] as const)('what is wrong in a request to a server on %s', (database) => {
  const needsPostgres = database === 'PostgreSQL';
  const isHere = !needsPostgres || requirement('postgres18').ok;
  let postgres: TestPostgres | undefined;
  let server: TestServer;

  beforeAll(async () => {
    if (!isHere) return;
    if (needsPostgres) postgres = await startPostgres('18');
    server = await startServer(postgres ? { env: { INTERDICT_DATABASE_URL: postgres.url } } : {});
  }, 120_000);
  afterAll(async () => {
    await server?.discard();
    await postgres?.stop();
  });

  const post = (body: unknown, headers: Headers = {}, token?: string): Promise<Reply> =>
    ask(server, ACTIONS, { body, headers, ...(token !== undefined && { token }) });
  const get = async (id: unknown): Promise<Reply> => ask(server, `${ACTIONS}/${id}`);
  const cancel = (id: unknown, token?: string): Promise<Reply> =>
    ask(server, `${ACTIONS}/${id}/cancelSecurityAction`, { method: 'POST', ...(token !== undefined && { token }) });
  const countOf = async (token?: string): Promise<string> =>
    (await ask(server, `${ACTIONS}/$count`, token === undefined ? {} : { token })).text;
  const stateOf = async (id: unknown): Promise<string> => {
    const { json } = await get(id);
    return `${json.status}/${json.enforcement?.state}`;
  };
  const becomes = (id: unknown, state: string): Promise<unknown> =>
    until(
      () => stateOf(id),
      (found) => found === state,
      20_000,
    );

  it.skipIf(!isHere)('is told in a sentence, and nothing is stored: keys', { timeout: 120_000 }, async () => {
    const before = await countOf();
    const faults: string[] = [];
    for (const [about, headers, refused] of KEYS) {
      const answer = await post(aBlock(), headers);
      const found = asFaults(answer, { status: 400, inner: 'invalidProperty', ...refused });
      faults.push(...found.map((fault) => `${about}: ${fault}`));
    }
    expect(faults).toEqual([]);
    expect(await countOf()).toBe(before);
  });

  it.skipIf(!isHere)('is told in a sentence, and nothing is stored: times', { timeout: 120_000 }, async () => {
    const before = await countOf();
    const faults: string[] = [];
    for (const [about, rest, refused] of BODIES) {
      const key = randomUUID();
      const answer = await post(aBlock(rest), { 'Idempotency-Key': key });
      const found = asFaults(answer, { status: 400, inner: 'invalidProperty', ...refused });
      faults.push(...found.map((fault) => `${about}: ${fault}`));
      // A refused request used no key.
      const right = await post(aBlock(), { 'Idempotency-Key': key });
      if (right.status !== 201) faults.push(`${about}: its key is used: ${right.text}`);
    }
    expect(faults).toEqual([]);
    expect(Number(await countOf()) - Number(before)).toBe(BODIES.length);
  });

  it.skipIf(!isHere)('is no other blank and no other order of names; one digit is', { timeout: 60_000 }, async () => {
    const body = aBlock({ nested: { a: 1, b: [1, 2] } });
    const key = { 'Idempotency-Key': randomUUID() };
    const first = await post(body, key);
    expect(first.status).toBe(201);
    const { nested, ...rest } = body;
    const same = [
      JSON.stringify(body, null, '\t'),
      `\ufeff \r\n${JSON.stringify(body)}\n`,
      JSON.stringify(Object.fromEntries(Object.entries(body).reverse())),
      JSON.stringify({ nested: { b: [1, 2], a: 1 }, ...rest }),
    ];
    for (const text of same) {
      const again = await post(text, key);
      expect([again.status, again.json.id, again.headers.get('idempotency-replayed')], text).toEqual([
        201,
        first.json.id,
        'true',
      ]);
    }
    const text = JSON.stringify(body);
    const others = [
      text.replace('4711', '4712'),
      text.replace('"a":1', '"a":2'),
      text.replace('[1,2]', '[2,1]'),
      text.replace(/(198\.51\.100\.\d+)/, '203.0.113.99'),
      text.replace('"simulator"', '"Simulator"'),
      text.replace('4711', '"4711"'),
    ];
    for (const other of others) {
      expect(other).not.toBe(text);
      const refused = { status: 422, inner: 'repeatabilityMismatch' };
      expect(asFaults(await post(other, key), refused), other).toEqual([]);
    }
    // What a double does not hold would be the same as its neighbour.
    const [large, next] = ['9007199254740992', '9007199254740993'].map((digits) => text.replace('4711', digits));
    const keyOfLarge = { 'Idempotency-Key': randomUUID() };
    expect((await post(large, keyOfLarge)).status).toBe(201);
    expect((await post(next, keyOfLarge)).status).toBe(400);
    expect((await get(first.json.id)).json.ticket).toBe(4_711);
  });

  it.skipIf(!isHere)('a key of another app, tenant, path or method says nothing', { timeout: 60_000 }, async () => {
    const body = aBlock();
    const key = { 'Idempotency-Key': randomUUID() };
    const mine = await post(body, key);
    const [app, tenant] = await Promise.all([
      tokenFor(server, { appId: randomUUID() }),
      tokenFor(server, { tenantId: randomUUID() }),
    ]);
    const ids = [mine.json.id];
    for (const token of [app, tenant]) {
      const answer = await post(body, key, token);
      expect([answer.status, answer.headers.get('idempotency-replayed')], answer.text).toEqual([201, null]);
      ids.push(answer.json.id);
      // Nor does it tell whether the key is used with another body.
      expect((await post(aBlock(), key, token)).status).toBe(422);
    }
    const elsewhere = await ask(server, '/v1.0/security/securityActions', { body, headers: key });
    ids.push(elsewhere.json.id);
    expect(new Set(ids).size).toBe(4);
  });

  it.skipIf(!isHere)('a cancel of what cannot be cancelled changes nothing', { timeout: 90_000 }, async () => {
    const stranger = await tokenFor(server, { tenantId: randomUUID() });
    const held = (await post(aBlock())).json.id;
    await becomes(held, 'Completed/inForce');
    const foreign = await cancel(held, stranger);
    const unknown = await cancel(randomUUID(), stranger);
    for (const answer of [foreign, unknown, await cancel('no-id'), await cancel("x'--")]) {
      expect(asFaults(answer, { status: 404, inner: 'unknownResource' })).toEqual([]);
    }
    // Whose it is cannot be told from the answer.
    const wordsOf = ({ json }: Reply): unknown => [json.error?.code, json.error?.innerError?.code];
    expect(wordsOf(foreign)).toEqual(wordsOf(unknown));
    const record = await ask(server, '/security/securityActions', { body: { name: 'x', status: 'Running' } });
    expect(record.status).toBe(201);
    const notCancellable = { status: 409, inner: 'notCancellable' };
    expect(asFaults(await cancel(record.json.id), notCancellable)).toEqual([]);
    expect((await ask(server, `/security/securityActions/${record.json.id}`)).json.status).toBe('Running');
    const refused = (await post({ ...aBlock(), parameters: [{ name: 'IP', value: '203.0.113.4' }] })).json.id;
    await becomes(refused, 'Failed/none');
    const before = (await get(refused)).text;
    const again = await cancel(refused);
    expect([again.status, again.text]).toEqual([200, '']);
    expect((await get(refused)).text).toBe(before);
    expect(await stateOf(held)).toBe('Completed/inForce');
    expect([(await cancel(held)).status, (await cancel(held)).status]).toEqual([200, 200]);
    await becomes(held, 'Completed/released');
    const released = (await get(held)).text;
    expect((await cancel(held)).status).toBe(200);
    expect((await get(held)).text).toBe(released);
  });
});
