import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Attacked, aRequest, inParallel, JSON_HEADERS, startAttacked, TENANT_B } from '../attacked-server.ts';
import type { PlainAnswer } from '../plain-http.ts';
import { headerOf, type Refused, refusalFaults } from '../refusal.ts';

const ACTIONS = '/beta/security/securityActions';

let attacked: Attacked;
beforeAll(async () => {
  attacked = await startAttacked();
});
afterAll(() => attacked.close());

const post = (body: object, headers: Readonly<Record<string, string>> = {}, target = ACTIONS): Promise<PlainAnswer> =>
  attacked.ask(target, { method: 'POST', headers: { ...JSON_HEADERS, ...headers }, body: JSON.stringify(body) });

type Case = readonly [body: object, refused: Partial<Refused>];

async function faultsOf(cases: readonly Case[]): Promise<readonly string[]> {
  const found = await inParallel(cases, async ([body, refused]) => {
    const faults = refusalFaults(await post(body), { status: 400, ...refused });
    return faults.map((fault) => `${JSON.stringify(body).slice(0, 300)}: ${fault}`);
  });
  return found.flat();
}

const parameter = (name: string, value: unknown): Record<string, unknown> => ({ parameters: [{ name, value }] });

const DAY_MS = 86_400_000;
const from = (ms: number): string => new Date(Date.now() + ms).toISOString();

describe('a request that says something wrong', () => {
  let before: readonly number[];
  beforeEach(async () => {
    before = await attacked.traces();
  });
  afterEach(async () => {
    expect(await attacked.traces(), 'stored and sent').toEqual(before);
  });

  it('hears which provider it may have meant, and which there are', async () => {
    const names = ['edg', 'egde', 'edgee', 'Egd', 'block-list', 'simulatr', 'Perimiter'];
    const near = names.map((provider): Case => {
      const says =
        /^Cannot find a provider for this request.*Did you mean "(edge|blocklist|simulator|Perimeter)"\?.*edge/;
      return [aRequest({ vendorInformation: { provider } }), { says }];
    });
    const far = ['Windows Defender ATP', 'constructor', '__proto__', ' ', 'e\u200bdge', 'x'.repeat(5_000)].map(
      (provider): Case => [
        aRequest({ vendorInformation: { provider } }),
        { says: /This tenant has: blocklist, simulator, edge\.$/ },
      ],
    );
    const vendor: Case = [
      aRequest({ vendorInformation: { provider: 'edge', vendor: 'Exmaple' } }),
      { says: /"edge" is of vendor "Example", not "Exmaple"/ },
    ];
    const expected = { inner: 'unknownProvider', target: 'vendorInformation/provider' };
    const all = [...near, ...far, vendor].map(([body, refused]): Case => [body, { ...expected, ...refused }]);
    expect(await faultsOf(all)).toEqual([]);
  });

  it('hears which providers offer the action where it names none, or which would', async () => {
    const refused = { target: 'vendorInformation/provider' };
    expect(
      await faultsOf([
        [
          aRequest({ vendorInformation: null }),
          { ...refused, inner: 'ambiguousProvider', says: /blocklist, simulator, edge/ },
        ],
        [aRequest({ vendorInformation: {} }), { ...refused, inner: 'ambiguousProvider' }],
        [aRequest({ vendorInformation: { provider: '' } }), { ...refused, inner: 'ambiguousProvider' }],
      ]),
    ).toEqual([]);
  });

  it('hears which action it may have meant, and that a block is lifted by a cancel', async () => {
    const expected = { inner: 'unknownAction', target: 'name' };
    const near = [
      'BlockIpp',
      'BlokIp',
      'BlockI',
      'Block Ip',
      'BlockIP ',
      'BlockDomian',
      'BlockURLs',
      'IsolateHosts',
      'DisableUsr',
    ];
    const opposite = [
      'Allow',
      'allow',
      'AllowIp',
      'UnblockIp',
      'unblock',
      'Release',
      'UnisolateHost',
      'EnableUser',
      'PermitIp',
    ];
    expect(
      await faultsOf([
        ...near.map((name): Case => [aRequest({ name }), { ...expected, says: /Did you mean "\w+"\?/ }]),
        ...opposite.map((name): Case => [aRequest({ name }), { ...expected, says: /cancel the block instead/ }]),
        ...['constructor', 'toString', 'Reboot', 'x'.repeat(128), '\u202eBlockIp'].map(
          (name): Case => [aRequest({ name }), expected],
        ),
        [aRequest({ name: null }), { inner: 'missingProperty', target: 'name' }],
        [aRequest({ name: '' }), { inner: 'missingProperty', target: 'name' }],
        [{}, { inner: 'missingProperty', target: 'name', says: /as in "BlockIp"/ }],
        [aRequest({ name: 'Block' }), { inner: 'missingParameter', target: 'parameters', says: /targetName/ }],
      ]),
    ).toEqual([]);
  });

  it('hears which parameter it may have meant, is missing, or is there twice', async () => {
    const unknown = { inner: 'unknownParameter', target: 'parameters/1/name' };
    const ip = { name: 'IP', value: '198.51.100.77' };
    const withMore = (...more: readonly object[]): object => aRequest({ parameters: [ip, ...more] });
    const near = ['tll', 'AlertIds', 'coment', 'expirationDateTme', 'ipAdress', 'IPs'];
    expect(
      await faultsOf([
        ...near.map((name): Case => [withMore({ name, value: 'x' }), { ...unknown, says: /Did you mean "\w+"\?/ }]),
        ...['dryRun', 'force', '__proto__', 'constructor'].map(
          (name): Case => [withMore({ name, value: 'x' }), unknown],
        ),
        [
          aRequest({ parameters: [] }),
          { inner: 'missingParameter', target: 'parameters', says: /"IP" \(or "ipAddress"/ },
        ],
        [aRequest({ parameters: null }), { inner: 'missingParameter', target: 'parameters' }],
        [aRequest(parameter('Domain', 'evil.example')), { inner: 'unknownParameter', target: 'parameters/0/name' }],
        [withMore(ip), { inner: 'invalidParameter', target: 'parameters/1/name', says: /twice/ }],
        [withMore({ name: 'ip', value: '198.51.100.78' }), { inner: 'invalidParameter', target: 'parameters/1/name' }],
        [withMore({ name: 'ipAddress', value: '198.51.100.77' }), { inner: 'invalidParameter', says: /one target/ }],
        [withMore({ name: 'comment', value: null }), { inner: 'invalidParameter', target: 'parameters/1/value' }],
        [withMore({ name: null, value: 'x' }), { inner: 'invalidParameter', target: 'parameters/1/name' }],
        [withMore({ value: 'x' }), { inner: 'invalidParameter', target: 'parameters/1/name' }],
        [withMore({}), { inner: 'invalidParameter', target: 'parameters/1/name' }],
        ...['\r', '\n', '\u0000', '\u0007', '\u001b[2J', '\u0085', '\u2028', '\u202e', '\u2066', '\ud800'].map(
          (character): Case => [
            withMore({ name: 'comment', value: `a${character}b` }),
            { inner: 'invalidParameter', target: 'parameters/1/value', says: /U\+[0-9A-F]{4}/ },
          ],
        ),
      ]),
    ).toEqual([]);
  });

  it('touches no protected address, in none of its disguises', async () => {
    const four = [
      '127.0.0.1',
      '127.255.255.254',
      '0.0.0.0',
      '169.254.169.254',
      '224.0.0.1',
      '239.255.255.255',
      '255.255.255.255',
    ];
    const hex = (address: string): string =>
      address
        .split('.')
        .map((part) => Number(part).toString(16).padStart(2, '0'))
        .join('');
    const disguises = (address: string): string[] => {
      const [a = '', b = ''] = [hex(address).slice(0, 4), hex(address).slice(4)];
      const parts = address.split('.');
      return [
        address,
        `${address}/32`,
        `::ffff:${address}`,
        `::FFFF:${a}:${b}`,
        `0:0:0:0:0:ffff:${address}`,
        `64:ff9b::${address}`,
        `2002:${a}:${b}::`,
        `2002:${a}:${b}::1`,
        `0x${hex(address)}`,
        String(Number.parseInt(hex(address), 16)),
        parts.map((part) => `0${Number(part).toString(8)}`).join('.'),
        parts.map((part) => `0x${Number(part).toString(16)}`).join('.'),
        `${parts[0]}.${Number(parts[3])}`,
        address.replace(/\d/g, (digit) => String.fromCharCode(0xff10 + Number(digit))),
        address.replaceAll('.', '\u3002'),
        `${address}.`,
        ` ${address}`,
        `${address}:80`,
        `[::ffff:${address}]`,
        `::ffff:${address}%eth0`,
        `${address}\u200b`,
      ];
    };
    const wide = [
      '0.0.0.0/0',
      '::/0',
      '0.0.0.0/1',
      '10.0.0.0/15',
      '127.0.0.0/8',
      '126.0.0.0/7',
      '2001:db8::/31',
      '::1',
      '::1/128',
      '::',
      'fe80::1',
      'fe80::/10',
      'ff02::1',
      'ff00::/8',
      '::ffff:0:0/96',
      '64:ff9b::/96',
      '2002::/16',
      '198.51.100.77/33',
      '198.51.100.77/24',
      '198.51.100.0/-1',
      '198.51.100.0/024',
    ];
    const values = [...four.flatMap(disguises), ...wide];
    const cases = values.map(
      (value): Case => [
        aRequest(parameter('IP', value)),
        { inner: ['protectedTarget', 'invalidParameter'], target: 'parameters/0/value' },
      ],
    );
    expect(cases.length).toBeGreaterThan(150);
    expect(await faultsOf(cases)).toEqual([]);
  });

  it('touches no protected or malformed domain, URL or hash', async () => {
    const domains = [
      'localhost',
      'LOCALHOST.',
      'com',
      'co.uk',
      '.com',
      'com.',
      '127.0.0.1',
      '127.0.0.1.',
      '*.evil.example',
      'evil..example',
      '-evil.example',
      'evil_.example',
      'http://evil.example',
      'evil.example/x',
      'evil.example:80',
      'evil example.com',
      '',
      '.',
      'xn--a.example',
      'a.0x7f',
      `${'a'.repeat(64)}.example`,
      `${'a.'.repeat(130)}example`,
      'ｃｏｍ',
      'github.io',
      '\u00ad.example',
      '[::1]',
      'evil@host.example',
    ];
    const urls = [
      '',
      'evil.example',
      '//evil.example',
      'ftp://evil.example/',
      'javascript:alert(1)',
      'file:///etc/passwd',
      'http://',
      'http:///x',
      'http://user@evil.example/',
      'http://a:b@evil.example/',
      'http://evil.example/#x',
      'http://evil.example\\x',
      'http://127.0.0.1/',
      'http://127.1/',
      'http://0x7f.1/',
      'http://2130706433/',
      'http://0177.0.0.1/',
      'http://[::1]/',
      'http://[::ffff:127.0.0.1]/',
      'http://169.254.169.254/latest',
      'http://localhost/',
      'http://localhost:8080/',
      'http://com/',
      'http://evil.example:99999/',
      'http://evil.example/%zz',
      'http://evil.example/ x',
      'http://\u2460\u2461\u2466.0.0.1/',
      'http://evil.example/?',
    ];
    const hashes = [
      '',
      'x',
      'd41d8cd98f00b204e9800998ecf8427e',
      'da39a3ee5e6b4b0d3255bfef95601890afd80709',
      'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
      'E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855',
      'a'.repeat(63),
      'g'.repeat(64),
      `${'a'.repeat(64)} `,
      `0x${'a'.repeat(64)}`,
      `sha256:${'a'.repeat(64)}`,
    ];
    const of = (name: string, key: string, values: readonly string[]): Case[] =>
      values.map(
        (value): Case => [
          aRequest({ name, ...parameter(key, value) }),
          { inner: ['protectedTarget', 'invalidParameter'], target: 'parameters/0/value' },
        ],
      );
    const wrongName: Case = [
      aRequest({ name: 'BlockFile', ...parameter('md5', 'a'.repeat(64)) }),
      { inner: 'invalidParameter', target: 'parameters/0/value', says: /sha256/ },
    ];
    const cases = [
      ...of('BlockDomain', 'Domain', domains),
      ...of('BlockUrl', 'URL', urls),
      ...of('BlockFile', 'FileHash', hashes),
      wrongName,
    ];
    expect(await faultsOf(cases)).toEqual([]);
  });

  it("says that what needs an approval cannot be had yet, and does not take it in another's words", async () => {
    const simulator = { vendorInformation: { provider: 'simulator' } };
    const refused = { status: 403, inner: 'policyForbids', says: /needs an approval/ };
    const bodies = [
      aRequest({ ...simulator, ...parameter('IP', '198.51.0.0/16') }),
      aRequest({ ...simulator, ...parameter('IP', '2001:db8::/48') }),
      aRequest({ ...simulator, ...parameter('IP', '::ffff:198.51.0.0/112') }),
      aRequest({ ...simulator, name: 'IsolateHost', ...parameter('Host', 'pc-1') }),
      aRequest({ ...simulator, name: 'isolatehost', ...parameter('deviceId', 'pc-1') }),
      aRequest({ ...simulator, name: 'DisableUser', ...parameter('User', 'alice@a.example') }),
    ];
    expect(await faultsOf(bodies.map((body): Case => [body, refused]))).toEqual([]);
  });

  const KNOWN = [
    'id',
    'actionReason',
    'appId',
    'azureTenantId',
    'clientContext',
    'completedDateTime',
    'createdDateTime',
    'errorInfo',
    'lastActionDateTime',
    'name',
    'parameters',
    'states',
    'status',
    'user',
    'vendorInformation',
    'ttl',
    'expirationDateTime',
    'scheduledDateTime',
    'enforcement',
  ];
  const LOOK_ALIKES = ['expires', 'expiresAt', 'expiry', 'expiration', 'duration', 'ttlSeconds', 'dryRun'];

  /** Slips of one and of two letters. */
  function slips(name: string): string[] {
    const middle = Math.floor(name.length / 2);
    const without = name.slice(0, middle) + name.slice(middle + 1);
    const swapped = `${name.slice(0, middle - 1)}${name[middle]}${name[middle - 1]}${name.slice(middle + 1)}`;
    return [
      without,
      swapped,
      `${name}s`,
      `${name.slice(0, middle)}x${name.slice(middle)}`,
      `${name.slice(0, -1)}_`,
      without.slice(1),
      `${name}_2`,
      `X${swapped}`,
    ];
  }
  const otherCases = (name: string): string[] =>
    [name.toLowerCase(), name.toUpperCase(), `${name[0]?.toUpperCase()}${name.slice(1)}`].filter(
      (other) => other !== name,
    );

  it('means no known property by a name that is nearly one', async () => {
    const near = [
      ...KNOWN.flatMap(otherCases),
      ...KNOWN.filter(({ length }) => length > 6).flatMap(slips),
      ...LOOK_ALIKES.flatMap((name) => [name, ...otherCases(name)]),
    ].filter((name) => !KNOWN.includes(name) && /^\w+$/.test(name));
    expect(near.length).toBeGreaterThan(150);
    const cases = near.map(
      (name): Case => [
        aRequest({ [name]: 'x' }),
        { inner: 'unknownProperty', target: name, says: /Did you mean "\w+"\?|would have been carried out/ },
      ],
    );
    expect(await faultsOf(cases)).toEqual([]);
  });

  it('brings along 16 properties of its own and 4 KB at most, under plain names', async () => {
    const many = Object.fromEntries(Array.from({ length: 17 }, (_, at) => [`own${at}`, at]));
    const name = (own: string): Case => [
      aRequest({ [own]: 1 }),
      { inner: 'invalidProperty', says: /letters, digits and _/ },
    ];
    expect(
      await faultsOf([
        [aRequest(many), { inner: 'limitExceeded', says: /17 .* at most 16/ }],
        [
          aRequest({ own: 'x'.repeat(4_096 - '{"own":""}'.length + 1) }),
          { inner: 'limitExceeded', says: /4096 bytes/ },
        ],
        [aRequest({ own: 'é'.repeat(2_048) }), { inner: 'limitExceeded' }],
        ...['1a', 'a-b', 'a.b', 'a b', 'é', '', '$filter', 'a/b', 'a\u0000', 'x'.repeat(65), 'own\u202e'].map(name),
      ]),
    ).toEqual([]);
  });

  it('ends some time, not before it began, in one way, and in a form that is a time', async () => {
    const ttls = [
      '',
      'PT0S',
      'P0D',
      'PT-1H',
      '-PT1H',
      'P1M',
      'P1Y',
      'P1W',
      'PT1.5H',
      '1h',
      '3600',
      'P',
      'PT',
      'P1',
      'pt1h',
      ' PT1H',
      'PT1H ',
      'PT1H30',
      'P366D',
      'P36500D',
      'PT9999999999S',
      'PT999999999H',
      'P1DT',
      'forever',
      'PT1S1M',
    ];
    const ends = [
      '',
      'tomorrow',
      '2099-01-01',
      '2099-02-30T00:00:00Z',
      '2099-01-01T00:00:00',
      '2099-01-01T24:00:00Z',
      '2099-01-01T00:00:00+25:00',
      '99999-01-01T00:00:00Z',
      '0000-01-01T00:00:00Z',
      '2099-01-01 00:00:00Z',
      'Tue, 24 Nov 2099 20:00:00 GMT',
      '4102444800',
      from(-1_000),
      from(-DAY_MS),
      '1970-01-01T00:00:00Z',
      '0001-01-01T00:00:00Z',
      from(366 * DAY_MS),
      from(36_525 * DAY_MS),
      '9999-12-31T23:59:59.9999999Z',
    ];
    const ip = { name: 'IP', value: '198.51.100.77' };
    const both = (name: string, value: string): Case[] => [
      [aRequest({ [name]: value }), { inner: 'invalidProperty', target: name }],
      [aRequest({ parameters: [ip, { name, value }] }), { inner: 'invalidParameter', target: 'parameters/1/value' }],
    ];
    const [end, ttl] = [from(DAY_MS), 'PT1H'];
    const asParameters = (...names: readonly string[]): object =>
      aRequest({ parameters: [ip, ...names.map((name) => ({ name, value: name === 'ttl' ? ttl : end }))] });
    expect(
      await faultsOf([
        ...ttls.flatMap((value) => both('ttl', value)),
        ...ends.flatMap((value) => both('expirationDateTime', value)),
        [aRequest({ ttl, expirationDateTime: end }), { says: /twice/ }],
        [asParameters('ttl', 'expirationDateTime'), { says: /twice/ }],
        [{ ...asParameters('ttl'), ttl }, { says: /twice/ }],
        [{ ...asParameters('ttl'), expirationDateTime: end }, { says: /twice/ }],
        [{ ...asParameters('expirationDateTime'), ttl }, { says: /twice/ }],
      ]),
    ).toEqual([]);
  });

  it('carries no key that is none', async () => {
    const now = (ms = 0): string => new Date(Date.now() + ms).toUTCString();
    const wrong: readonly (readonly [Readonly<Record<string, string>>, string, string])[] = [
      [{ 'Idempotency-Key': '' }, 'invalidProperty', 'Idempotency-Key'],
      [{ 'Idempotency-Key': '""' }, 'invalidProperty', 'Idempotency-Key'],
      [{ 'Idempotency-Key': '"open' }, 'invalidProperty', 'Idempotency-Key'],
      [{ 'Idempotency-Key': '"a"b"' }, 'invalidProperty', 'Idempotency-Key'],
      [{ 'Idempotency-Key': '"a"; b=c' }, 'invalidProperty', 'Idempotency-Key'],
      [{ 'Idempotency-Key': 'x'.repeat(256) }, 'limitExceeded', 'Idempotency-Key'],
      [{ 'Repeatability-Request-ID': 'r' }, 'missingProperty', 'Repeatability-First-Sent'],
      [{ 'Repeatability-First-Sent': now() }, 'missingProperty', 'Repeatability-Request-ID'],
      [
        { 'Repeatability-Request-ID': '', 'Repeatability-First-Sent': now() },
        'invalidProperty',
        'Repeatability-Request-ID',
      ],
      [
        { 'Repeatability-Request-ID': 'x'.repeat(256), 'Repeatability-First-Sent': now() },
        'limitExceeded',
        'Repeatability-Request-ID',
      ],
      ...[
        '',
        'now',
        from(0),
        '1700000000',
        now(120_000),
        now(-8 * DAY_MS),
        now().replace('GMT', 'UTC'),
        'Sat, 31 Nov 2026 00:00:00 GMT',
        now().replace(/^.../, 'Xyz'),
      ].map((sent): readonly [Readonly<Record<string, string>>, string, string] => [
        { 'Repeatability-Request-ID': 'r', 'Repeatability-First-Sent': sent },
        'invalidProperty',
        'Repeatability-First-Sent',
      ]),
      [
        { 'Idempotency-Key': 'one', 'Repeatability-Request-ID': 'two', 'Repeatability-First-Sent': now() },
        'invalidProperty',
        'Idempotency-Key',
      ],
    ];
    for (const [headers, inner, target] of wrong) {
      expect(
        refusalFaults(await post(aRequest(), headers), { status: 400, inner, target }),
        JSON.stringify(headers),
      ).toEqual([]);
    }
  });
});

describe('a request under a key', () => {
  let last = 0;
  const aKey = (): string => {
    last += 1;
    return `key-${last}`;
  };
  const toSimulator = (rest: object = {}): Record<string, unknown> =>
    aRequest({ vendorInformation: { provider: 'simulator' }, ...rest });
  const countOf = async (): Promise<number> => (await attacked.traces())[0] ?? 0;
  const postAs = (token: string, key: string, body = toSimulator(), target = ACTIONS): Promise<PlainAnswer> =>
    attacked.http.ask(target, {
      method: 'POST',
      headers: { ...JSON_HEADERS, Authorization: `Bearer ${token}`, 'Idempotency-Key': key },
      body: JSON.stringify(body),
    });

  it('is made once, whatever the order, the white space and the spelling of the body', async () => {
    const key = aKey();
    const body = toSimulator({ own: { b: [1, 'é'], a: 1.5 } });
    const first = await post(body, { 'Idempotency-Key': key });
    expect(first.status).toBe(201);
    expect(headerOf(first, 'idempotency-replayed')).toBeUndefined();
    const count = await countOf();
    const reversed = Object.fromEntries(Object.entries({ ...body, own: { a: 1.5, b: [1, 'é'] } }).reverse());
    const spellings = [
      JSON.stringify(reversed, null, 3),
      JSON.stringify(body).replace('1.5', '15e-1').replace('é', '\\u00e9'),
      `\n ${JSON.stringify(body)} \r\n`,
    ];
    for (const text of spellings) {
      for (const quotedKey of [key, `"${key}"`]) {
        const headers = { ...JSON_HEADERS, 'Idempotency-Key': quotedKey };
        const again = await attacked.ask(ACTIONS, { method: 'POST', headers, body: text });
        expect([again.status, again.json.id]).toEqual([201, first.json.id]);
        expect(headerOf(again, 'idempotency-replayed')).toBe('true');
        expect(headerOf(again, 'location')).toBe(headerOf(first, 'location'));
      }
    }
    expect(await countOf()).toBe(count);
  });

  it('is refused where one digit of the body is another', async () => {
    const key = aKey();
    await post(toSimulator({ own: [1, 2] }), { 'Idempotency-Key': key });
    const count = await countOf();
    const others = [
      toSimulator({ own: [1, 3] }),
      toSimulator({ own: [2, 1] }),
      toSimulator({ own: ['1', 2] }),
      toSimulator({ own: [1, 2], actionReason: null }),
      toSimulator({ own: [1, 2], ...parameter('IP', '198.51.100.78') }),
      toSimulator({ own: [1, 2], id: 'x' }),
      {},
      { name: 'nonsense' },
      toSimulator({ scheduledDateTime: from(DAY_MS) }),
      toSimulator({ name: 'IsolateHost', ...parameter('Host', 'pc-1') }),
    ];
    for (const body of others) {
      const answer = await post(body, { 'Idempotency-Key': key });
      expect(refusalFaults(answer, { status: 422, inner: 'repeatabilityMismatch', says: /new key/ })).toEqual([]);
    }
    expect(await countOf()).toBe(count);
  });

  it('is gone where its action was deleted, also under a body that is refused by now', async () => {
    const key = aKey();
    const { json } = await post(
      toSimulator({ status: 'Completed' }),
      { 'Idempotency-Key': key },
      '/localtest/security/securityActions',
    );
    expect((await attacked.ask(`${ACTIONS}/${json.id}`, { method: 'DELETE' })).status).toBe(204);
    const again = await post(
      toSimulator({ status: 'Completed' }),
      { 'Idempotency-Key': key },
      '/localtest/security/securityActions',
    );
    expect(refusalFaults(again, { status: 410, inner: 'unknownResource', says: /deleted/ })).toEqual([]);
  });

  it("is its tenant's, its app's and its path's alone", async () => {
    const key = aKey();
    const roles = ['SecurityActions.ReadWrite.All'];
    const [mine, otherApp, otherTenant] = await Promise.all([
      attacked.token({ roles }),
      attacked.token({ roles, app: 'another' }),
      attacked.token({ roles, tenant: TENANT_B }),
    ]);
    const answers = [
      await postAs(mine, key),
      await postAs(otherApp, key),
      await postAs(otherTenant, key),
      await postAs(mine, key, toSimulator(), '/v1.0/security/securityActions'),
      await postAs(mine, key, toSimulator({ own: 1 }), '/beta/security/securityActions/$ref'),
    ];
    expect(answers.map(({ status }) => status)).toEqual([201, 201, 201, 201, 201]);
    expect(new Set(answers.map(({ json }) => json.id)).size).toBe(5);
    const spelled = await postAs(mine, key, toSimulator(), '/BETA//Security/security%41ctions/');
    expect(spelled.json.id).toBe(answers[0]?.json.id);
  });

  it('is made once under both headers with one value', async () => {
    const key = aKey();
    const repeatability = { 'Repeatability-Request-ID': key, 'Repeatability-First-Sent': new Date().toUTCString() };
    const first = await post(toSimulator(), { ...repeatability, 'Idempotency-Key': `"${key}"` });
    expect([first.status, headerOf(first, 'repeatability-result')]).toEqual([201, 'accepted']);
    const second = await post(toSimulator(), repeatability);
    expect([second.status, headerOf(second, 'repeatability-result')]).toEqual([201, 'accepted']);
    const third = await post(toSimulator(), { 'Idempotency-Key': key });
    expect([third.status, headerOf(third, 'idempotency-replayed')]).toEqual([201, 'true']);
    expect(new Set([first, second, third].map(({ json }) => json.id)).size).toBe(1);
  });

  it('is answered again after an end that has passed meanwhile', async () => {
    const key = aKey();
    const body = toSimulator({ expirationDateTime: from(900) });
    const first = await post(body, { 'Idempotency-Key': key });
    expect(first.status).toBe(201);
    const passed = Date.parse(String(body.expirationDateTime));
    for (;;) {
      const again = await post(body, { 'Idempotency-Key': key });
      expect([again.status, again.json.id]).toEqual([201, first.json.id]);
      if (Date.now() > passed) break;
    }
    const fresh = await post(body, { 'Idempotency-Key': aKey() });
    expect(refusalFaults(fresh, { status: 400, inner: 'invalidProperty', target: 'expirationDateTime' })).toEqual([]);
  });

  it('is made once where twenty come at the same time, on one connection or on many', async () => {
    const key = aKey();
    const count = await countOf();
    const answers = await inParallel(Array(20).fill(key), (each: string) =>
      post(toSimulator(), { 'Idempotency-Key': each }),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(201));
    expect(new Set(answers.map(({ json }) => json.id)).size).toBe(1);
    expect(await countOf()).toBe(count + 1);
  });

  it('is not used up by a request that was refused', async () => {
    const key = aKey();
    const refused = await post(toSimulator({ name: 'BlockIpp' }), { 'Idempotency-Key': key });
    expect(refused.status).toBe(400);
    expect((await post(toSimulator(), { 'Idempotency-Key': key })).status).toBe(201);
  });
});
