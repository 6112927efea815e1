import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { SECURITY_ACTION } from '../../packages/server/src/http/bodies/body-schema.ts';
import { ROUTES } from '../../packages/server/src/http/routes.ts';
import { type Attacked, aRequest, inParallel, JSON_HEADERS, startAttacked } from '../attacked-server.ts';
import type { PlainAnswer, PlainRequest } from '../plain-http.ts';
import { type Refused, refusalFaults } from '../refusal.ts';

const ACTIONS = '/beta/security/securityActions';
const PLACES = [ACTIONS, '/Security/securityActions', '/localtest/security/securityActions/$ref'];
const VALID = JSON.stringify(aRequest());
const LIMIT = 262_144;

/** A body that would be taken but for its `actionReason`, and is so long. */
const ofLength = (bytes: number, reason = 'x'.repeat(4_097)): string => {
  const body = JSON.stringify(aRequest({ actionReason: reason }));
  return body.replace(/}$/, `${' '.repeat(bytes - body.length)}}`);
};

let attacked: Attacked;
let before: readonly number[];

beforeAll(async () => {
  attacked = await startAttacked();
});
afterAll(() => attacked.close());
beforeEach(async () => {
  before = await attacked.traces();
});
afterEach(async () => {
  expect(await attacked.traces(), 'stored and sent').toEqual(before);
});

const post = (body: string | Buffer, rest: PlainRequest = {}, target = ACTIONS): Promise<PlainAnswer> =>
  attacked.ask(target, { method: 'POST', headers: JSON_HEADERS, body, ...rest });

type Case = readonly [name: string, body: string | Buffer, refused?: Partial<Refused>];

/** Each of them at each place where an action can be made; what is wrong with the answers. */
async function faultsOf(cases: readonly Case[], otherwise: Partial<Refused>): Promise<readonly string[]> {
  const all = cases.flatMap((each) => PLACES.map((place) => ({ each, place })));
  const found = await inParallel(all, async ({ each: [name, body, refused], place }) => {
    const faults = refusalFaults(await post(body, {}, place), { status: 400, ...otherwise, ...refused });
    return faults.map((fault) => `${place} ${name}: ${fault}`);
  });
  return found.flat();
}

describe('a body that is no JSON object', () => {
  it('is refused where it breaks off, wherever that is', async () => {
    const prefixes = Array.from(
      { length: VALID.length },
      (_, length): Case => [`first ${length}`, VALID.slice(0, length)],
    );
    expect(await faultsOf(prefixes, { inner: 'malformedJson' })).toEqual([]);
  });

  it('is refused whatever else it is', async () => {
    const others = [
      ' ',
      '\r\n\t ',
      '\u00a0',
      'null',
      'true',
      '0',
      '"text"',
      '[]',
      `[${VALID}]`,
      `${VALID}${VALID}`,
      `${VALID},`,
      VALID.replace('}', ',}'),
      VALID.replace('{', '{/* a comment */'),
      VALID.replaceAll('"', "'"),
      VALID.replace('"name"', 'name'),
      VALID.replace('"edge"', 'NaN'),
      VALID.replace('"edge"', '-Infinity'),
      VALID.replace('"edge"', '0x1F'),
      VALID.replace('"edge"', '01'),
      VALID.replace('"edge"', '1.'),
      VALID.replace('"edge"', '.5'),
      VALID.replace('"edge"', '+5'),
      VALID.replace('"edge"', '"ed\nge"'),
      VALID.replace('"edge"', '"ed\u0000ge"'),
      VALID.replace('"edge"', '"ed\\xge"'),
      VALID.replace('"edge"', '"ed\\u12ge"'),
      VALID.replace('"edge"', '"edge\\"'),
      `\u0000${VALID}`,
      `${VALID}\u0000`,
      `\ufeff\ufeff${VALID}`,
      `)]}',\n${VALID}`,
      '<securityAction/>',
      'name=BlockIp&provider=edge',
      '{'.repeat(20),
      '}'.repeat(20),
      ']',
      '"',
      '\\',
    ];
    expect(
      await faultsOf(
        others.map((body): Case => [JSON.stringify(body).slice(0, 60), body]),
        { inner: 'malformedJson' },
      ),
    ).toEqual([]);
  });

  it('is refused in another encoding than UTF-8, and with bytes that are none', async () => {
    const utf16 = Buffer.from(VALID, 'utf16le');
    const inside = (...bytes: readonly number[]): Buffer => {
      const [head = '', tail = ''] = VALID.split('C2 beacon');
      return Buffer.concat([Buffer.from(head), Buffer.from(bytes), Buffer.from(tail)]);
    };
    const cases: readonly Case[] = [
      ['UTF-16, little end first', utf16],
      ['UTF-16, big end first', Buffer.from(utf16).swap16()],
      ['UTF-16 with its mark', Buffer.concat([Buffer.from([0xff, 0xfe]), utf16])],
      ['UTF-16 with the other mark', Buffer.concat([Buffer.from([0xfe, 0xff]), Buffer.from(utf16).swap16()])],
      ['UTF-32', Buffer.from([...VALID].flatMap((character) => [character.charCodeAt(0), 0, 0, 0]))],
      ['Latin-1', inside(0xe9)],
      ['a byte that is never UTF-8', inside(0xff)],
      ['an overlong slash', inside(0xc0, 0xaf)],
      ['an overlong NUL', inside(0xc0, 0x80)],
      ['half a surrogate pair', inside(0xed, 0xa0, 0x80)],
      ['beyond Unicode', inside(0xf4, 0x90, 0x80, 0x80)],
      ['a character that breaks off', inside(0xe2, 0x82)],
    ];
    expect(await faultsOf(cases, { inner: 'malformedJson' })).toEqual([]);
  });

  it('is taken with a byte order mark in front, which editors leave there', async () => {
    const answer = await post(`\ufeff${JSON.stringify(aRequest({ name: 'BlockIpp' }))}`);
    expect(refusalFaults(answer, { status: 400, inner: 'unknownAction', says: /Did you mean "BlockIp"\?/ })).toEqual(
      [],
    );
  });

  it('may say nothing, with a content type or without, on every route that takes no body', async () => {
    const routes = ROUTES.filter(
      ({ method, path, about, permission }) =>
        method !== 'GET' && (about.body ?? 'cancel') === 'cancel' && !path.endsWith('$ref') && permission !== 'bouncer',
    );
    expect(routes.length).toBeGreaterThan(1);
    const types = [undefined, 'application/json', 'text/plain', 'nonsense', ''];
    const framings: readonly PlainRequest[] = [
      { body: '' },
      { chunks: [], headers: { 'Transfer-Encoding': 'chunked' } },
    ];
    const all = routes.flatMap((route) =>
      types.flatMap((type) => framings.map((framing) => ({ route, type, framing }))),
    );
    const found = await inParallel(all, async ({ route: { method, path, permission }, type, framing }) => {
      const roles = [permission];
      const bearer = await attacked.token(permission.includes('Approve') ? { scopes: roles, roles } : { roles });
      const typed = type === undefined ? {} : { 'Content-Type': type };
      const headers = { Authorization: `Bearer ${bearer}`, ...typed, ...framing.headers };
      const { status } = await attacked.http.ask(path.replace(/:\w+/g, 'nothing'), { ...framing, method, headers });
      return [404, 501].includes(status) ? [] : [`${method} ${path} ${type}: ${status}`];
    });
    expect(found.flat()).toEqual([]);
  });

  it('is asked for where there is none, with a content type or without', async () => {
    for (const place of PLACES) {
      for (const headers of [{}, JSON_HEADERS, { 'Content-Type': 'text/plain' }, { 'Content-Encoding': 'gzip' }]) {
        const answer = await attacked.ask(place, { method: 'POST', headers });
        expect(refusalFaults(answer, { status: 400, inner: 'malformedJson', says: /empty.*Send/ })).toEqual([]);
      }
    }
  });
});

describe('a body that is too much', () => {
  const tooLarge: Refused = { status: 413, inner: 'limitExceeded', says: /256 KB/ };
  const tooLong: Refused = { status: 400, inner: 'limitExceeded', target: 'actionReason' };

  it('is read up to 256 KB, and refused one byte further', async () => {
    expect(refusalFaults(await post(ofLength(LIMIT)), tooLong)).toEqual([]);
    for (const bytes of [LIMIT + 1, 257 * 1_024, 4 * 1_048_576]) {
      expect(refusalFaults(await post(ofLength(bytes)), tooLarge), `${bytes} bytes`).toEqual([]);
    }
  });

  it('is counted where no length is announced, and the answer always arrives', async () => {
    const inPieces = (bytes: number): PlainRequest => {
      const body = ofLength(bytes);
      const pieces = Array.from({ length: Math.ceil(bytes / 10_000) }, (_, at) =>
        body.slice(at * 10_000, (at + 1) * 10_000),
      );
      return { method: 'POST', headers: JSON_HEADERS, chunks: pieces };
    };
    expect(refusalFaults(await attacked.ask(ACTIONS, inPieces(LIMIT)), tooLong)).toEqual([]);
    const answers = await inParallel([LIMIT + 1, ...Array.from({ length: 30 }, () => 3 * 1_048_576)], (bytes) =>
      attacked.ask(ACTIONS, inPieces(bytes)),
    );
    for (const answer of answers) expect(refusalFaults(answer, tooLarge)).toEqual([]);
  });

  it('is refused beyond 32 levels, and at once', async () => {
    const nested = (levels: number, [open, close]: string): string =>
      `{"x":${open?.repeat(levels - 1)}${close?.repeat(levels - 1)}}`;
    const objects = (levels: number): string => `${'{"x":'.repeat(levels)}1${'}'.repeat(levels)}`;
    const deep: readonly Case[] = [
      ['33 lists', nested(33, '[]')],
      ['40 lists', nested(40, '[]')],
      ['40 objects', objects(40)],
      ['130,000 brackets that never close', '['.repeat(130_000)],
      ['40,000 objects that never close', '{"a":'.repeat(40_000)],
      ['a deep place behind a wide one', `{"a":[${'1,'.repeat(50_000)}1],"b":${'['.repeat(33)}${']'.repeat(33)}}`],
    ];
    const started = performance.now();
    expect(await faultsOf(deep, { inner: 'limitExceeded', says: /32 levels/ })).toEqual([]);
    expect(performance.now() - started).toBeLessThan(5_000);
    expect(await faultsOf([['32 lists', nested(32, '[]')]], { inner: 'missingProperty' })).toEqual([]);
  });

  it('may hold so much and no more in each of its places', async () => {
    const longest = (name: string, most: number): Case[] => [
      [`${name} of ${most + 1}`, JSON.stringify(aRequest({ [name]: 'x'.repeat(most + 1) })), { target: name }],
    ];
    const parameters = Array.from({ length: 65 }, (_, at) => ({ name: `p${at}`, value: 'x' }));
    const cases: readonly Case[] = [
      ...longest('name', 128),
      ...longest('actionReason', 4_096),
      ...longest('clientContext', 256),
      ['65 parameters', JSON.stringify(aRequest({ parameters })), { target: 'parameters' }],
      ['1,000 parameters', JSON.stringify(aRequest({ parameters: Array(1_000).fill(parameters[0]) }))],
    ];
    expect(await faultsOf(cases, { inner: 'limitExceeded', says: /at most/ })).toEqual([]);
  });
});

describe('a packed body', () => {
  const packed = (body: Buffer, coding = 'gzip'): Promise<PlainAnswer> =>
    post(body, { headers: { ...JSON_HEADERS, 'Content-Encoding': coding } });
  const unknown = JSON.stringify(aRequest({ name: 'BlockIpp' }));

  it('is read as what it unpacks to', async () => {
    const large = ofLength(LIMIT);
    expect(refusalFaults(await packed(gzipSync(unknown)), { status: 400, inner: 'unknownAction' })).toEqual([]);
    expect(refusalFaults(await packed(gzipSync(unknown), 'GZIP'), { status: 400, inner: 'unknownAction' })).toEqual([]);
    expect(refusalFaults(await packed(gzipSync(large)), { status: 400, target: 'actionReason' })).toEqual([]);
    const pieces = [...gzipSync(unknown)].map((byte) => Buffer.from([byte]));
    const slow = { method: 'POST', headers: { 'Content-Encoding': 'gzip' }, chunks: pieces };
    expect(refusalFaults(await attacked.ask(ACTIONS, slow), { status: 400, inner: 'unknownAction' })).toEqual([]);
  });

  it('is refused where it is broken, at whichever byte', async () => {
    const good = gzipSync(VALID);
    const cut = Array.from({ length: good.length - 1 }, (_, length) => good.subarray(0, length + 1));
    const bent = [...good.keys()]
      .filter((at) => ![3, 4, 5, 6, 7, 8, 9].includes(at))
      .map((at) => Buffer.from(good.map((byte, index) => (index === at ? byte ^ 0x55 : byte))));
    const others = [Buffer.from(VALID), Buffer.from('x'), Buffer.concat([good, Buffer.from('behind it')])];
    const answers = await inParallel([...cut, ...bent, ...others], (body) => packed(body));
    expect(answers.flatMap((answer) => refusalFaults(answer, { status: 400, inner: 'malformedJson' }))).toEqual([]);
  });

  it('is no bomb: 200 MB of nothing, and no end of empty parts', async () => {
    const bomb = gzipSync(Buffer.alloc(200 * 1_048_576, 0x20), { level: 9 });
    const empties = Buffer.concat(Array(40_000).fill(gzipSync('')));
    const started = performance.now();
    const answers = await inParallel(
      [bomb, bomb, bomb, bomb, empties, empties, gzipSync(ofLength(LIMIT + 1))],
      (body) => packed(body),
    );
    for (const answer of answers) expect(refusalFaults(answer, { status: 413, inner: 'limitExceeded' })).toEqual([]);
    expect(performance.now() - started).toBeLessThan(3_000);
  });

  it.each(['br', 'deflate', 'x-gzip', 'zstd', 'compress', 'gzip, gzip', 'gzip,br', 'none', 'chunked'])(
    'is refused in the coding %s',
    async (coding) => {
      const refused = { status: 415, target: 'content-encoding', says: /gzip is\.$/ };
      expect(refusalFaults(await packed(Buffer.from(VALID), coding), refused)).toEqual([]);
    },
  );

  it('ends nothing where no body is read at all', async () => {
    const headers = { 'Content-Encoding': 'gzip' };
    for (const target of ['/healthz', '/beta/security/securityActions', '/nowhere', '/openapi.json']) {
      for (const method of ['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE']) {
        const body = method === 'GET' ? 'no gzip' : '';
        const { status } = await attacked.ask(target, {
          method,
          headers: { ...headers, 'Content-Length': String(body.length) },
          body,
        });
        expect(status).toBeLessThan(500);
      }
    }
    expect((await attacked.http.ask('/healthz')).status).toBe(200);
  });
});

/** A valid body with every object that one can have. */
const FULL: Readonly<Record<string, unknown>> = aRequest({
  errorInfo: { code: 4, subcode: 7, message: 'x' },
  states: [{ status: 'Running', appId: 'x', user: 'x', updatedDateTime: '2017-01-01T00:00:00Z' }],
  extension: { inner: [{ a: 1 }] },
});

/** The text of FULL with something put in front of the first member of each object in it. */
function insertions(inserted: (first: string) => string): readonly string[] {
  const text = JSON.stringify(FULL);
  return [...text.matchAll(/\{"(\w+)":/g)].map(
    ({ index, 1: first }) => `${text.slice(0, index + 1)}${inserted(String(first))},${text.slice(index + 1)}`,
  );
}

describe('a name in a body', () => {
  it('stands there once, at every depth and in every spelling', async () => {
    const spellings = [
      (name: string): string => `"${name}":null`,
      (name: string): string => `"\\u00${name.charCodeAt(0).toString(16)}${name.slice(1)}":{"x":1}`,
      (name: string): string =>
        `"${[...name].map((letter) => `\\u00${letter.charCodeAt(0).toString(16)}`).join('')}":[]`,
    ];
    const cases = spellings.flatMap((spelling) => insertions(spelling)).map((body): Case => [body.slice(0, 80), body]);
    expect(cases).toHaveLength(21);
    expect(await faultsOf(cases, { inner: 'duplicateProperty', says: /twice/ })).toEqual([]);
  });

  it('is none by which an object could be bent, at every depth and in every spelling', async () => {
    const names = ['__proto__', 'constructor', 'prototype', '\\u005f_proto__', '__pro\\u0074o__', 'c\\u006fnstructor'];
    const values = ['{"status":"Completed"}', 'null', '"x"', '{"prototype":{"isAdmin":true}}'];
    const cases = names.flatMap((name) =>
      values.flatMap((value) => insertions(() => `"${name}":${value}`)).map((body): Case => [name, body]),
    );
    expect(await faultsOf(cases, { inner: 'unknownProperty', says: /refused/ })).toEqual([]);
  });
});

interface Schema {
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
}

const SAMPLES: Readonly<Record<string, readonly unknown[]>> = {
  string: ['text', ''],
  integer: [5, -1, 0],
  number: [1.5, 1e300, -0.1],
  boolean: [true, false],
  array: [[], ['text'], [[]]],
  object: [{}, { value: 'text' }],
  null: [null],
};

/** Every property of the schema by its path, with each value of a type that it is not of. */
function wrongValues(
  schema: Schema,
  path: readonly string[],
): { readonly path: readonly string[]; readonly value: unknown }[] {
  const own = [schema.type ?? []].flat();
  const wrong = Object.keys(SAMPLES).filter(
    (type) => !own.includes(type) && !(type === 'integer' && own.includes('number')),
  );
  const here =
    path.length === 0 ? [] : wrong.flatMap((type) => (SAMPLES[type] ?? []).map((value) => ({ path, value })));
  const members = Object.entries(schema.properties ?? {}).flatMap(([name, member]) =>
    wrongValues(member, [...path, name]),
  );
  return [...here, ...members, ...(schema.items ? wrongValues(schema.items, [...path, '0']) : [])];
}

/** FULL with a value put at a path. */
function withValue(path: readonly string[], value: unknown): Record<string, unknown> {
  const body = structuredClone(FULL) as Record<string, unknown>;
  let at: Record<string, unknown> = body;
  for (const name of path.slice(0, -1)) at = at[name] as Record<string, unknown>;
  at[path.at(-1) ?? ''] = value;
  return body;
}

describe('a value in a body', () => {
  it('is of the declared type, in every property and every nested one', async () => {
    const wrong = wrongValues(SECURITY_ACTION as Schema, []);
    expect(wrong.length).toBeGreaterThan(250);
    const cases = wrong.map(({ path, value }): Case => {
      const refused = { target: path.join('/'), says: /must be|must fit/ };
      return [`${path.join('/')} ${JSON.stringify(value)}`, JSON.stringify(withValue(path, value)), refused];
    });
    expect(await faultsOf(cases, { inner: 'invalidProperty' })).toEqual([]);
  });

  it('fits into 32 bits where the type is a whole number', async () => {
    const cases = ['code', 'subcode'].flatMap((name) =>
      [2 ** 31, -(2 ** 31) - 1, 1e21, 1e300].map((value): Case => {
        const body = JSON.stringify(withValue(['errorInfo', name], value));
        return [`${name} ${value}`, body, { target: `errorInfo/${name}` }];
      }),
    );
    expect(await faultsOf(cases, { inner: 'invalidProperty', says: /32 bits/ })).toEqual([]);
    const infinite = JSON.stringify(FULL).replace('"code":4', '"code":1e999');
    expect(await faultsOf([['1e999', infinite]], { inner: 'invalidProperty' })).toEqual([]);
  });

  it('is of the type that it says, wherever it says one', async () => {
    const wrong = [
      '#microsoft.graph.alert',
      '',
      '#',
      'securityAction',
      '#microsoft.graph.',
      'microsoft.graph.entity',
      '##',
    ];
    const places = [[], ['vendorInformation'], ['parameters', '0'], ['states', '0'], ['errorInfo']];
    const cases = places.flatMap((place) =>
      wrong.map((type): Case => {
        const path = [...place, '@odata.type'];
        return [`${path.join('/')} ${type}`, JSON.stringify(withValue(path, type)), { target: path.join('/') }];
      }),
    );
    expect(await faultsOf(cases, { inner: 'invalidProperty', says: /must be "#microsoft\.graph\.\w+"/ })).toEqual([]);
  });

  it('stands under a name that the nested type has', async () => {
    const places = [['vendorInformation'], ['parameters', '0'], ['states', '0'], ['errorInfo']];
    const cases = places.flatMap((place) =>
      ['product', 'Name', 'VALUE', 'x', 'code '].map((name): Case => {
        const target = [...place, name].join('/');
        return [target, JSON.stringify(withValue([...place, name], 'x')), { target }];
      }),
    );
    expect(await faultsOf(cases, { inner: 'unknownProperty', says: /has no member.*It has:/ })).toEqual([]);
  });
});

describe('a content type', () => {
  it.each([
    'text/plain',
    'text/json',
    'application/xml',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/octet-stream',
    'application/jsonp',
    'application/json-patch+json',
    'application/problem+json',
    'application',
    'json',
    '*/*',
    'application/json, text/plain',
    'application/json; charset=utf-16',
    'application/json; charset=iso-8859-1',
    'application/json;charset="utf-16le"',
    'x'.repeat(5_000),
  ])('%s is refused where there is a body', async (type) => {
    for (const target of [...PLACES, `${ACTIONS}/none/cancelSecurityAction`]) {
      const answer = await post(VALID, { headers: { 'Content-Type': type } }, target);
      expect(refusalFaults(answer, { status: 415, target: 'content-type', says: /application\/json/ })).toEqual([]);
    }
  });

  it.each([
    'application/json',
    'APPLICATION/JSON',
    'application/json;odata.metadata=minimal;IEEE754Compatible=true',
    'application/json; charset=utf-8',
    'application/json;charset="UTF-8"',
    'application/json ; charset=UTF8',
    '',
  ])('%s is taken', async (type) => {
    const answer = await post('{}', { headers: { 'Content-Type': type } });
    expect(refusalFaults(answer, { status: 400, inner: 'missingProperty', target: 'name' })).toEqual([]);
  });
});

describe('a connection', () => {
  it('is kept, and says for how long, after a body that was refused', async () => {
    for (const body of ['{', VALID.replace('BlockIp', 'BlockIpp'), ofLength(LIMIT + 1)]) {
      const { headers } = await post(body);
      expect([headers.connection, headers['keep-alive']]).toEqual(['keep-alive', 'timeout=5']);
    }
  });

  it('that the client wants ended says that it ends, after a body that was refused too', async () => {
    for (const body of ['{', VALID.replace('BlockIp', 'BlockIpp'), '']) {
      const { headers } = await post(body, { headers: { ...JSON_HEADERS, Connection: 'close' } });
      expect([headers.connection, headers['keep-alive']]).toEqual(['close', undefined]);
    }
  });
});

describe('the body of a cancel', () => {
  it.each([
    ['text', '"because"', 'malformedJson'],
    ['a list', '[]', 'malformedJson'],
    ['a number', '0', 'malformedJson'],
    ['a reason that is none', '{"reason":5}', 'invalidProperty'],
    ['a reason twice', '{"reason":"a","reason":"b"}', 'duplicateProperty'],
    ['something else', '{"reasons":"a"}', 'unknownProperty'],
    ['a reason that is too long', JSON.stringify({ reason: 'x'.repeat(4_097) }), 'limitExceeded'],
    ['a break', '{"reason":', 'malformedJson'],
  ])('that is %s cancels nothing', async (_, body, inner) => {
    const created = await attacked.ask(ACTIONS, {
      method: 'POST',
      body: JSON.stringify(aRequest({ vendorInformation: { provider: 'blocklist' } })),
    });
    expect(created.status).toBe(201);
    const id = String(created.json.id);
    const answer = await post(body, {}, `${ACTIONS}/${id}/cancelSecurityAction`);
    expect(refusalFaults(answer, { status: 400, inner })).toEqual([]);
    const { json } = await attacked.ask(`${ACTIONS}/${id}`);
    expect(json.enforcement?.state).toBe('pending');
    before = await attacked.traces();
  });
});
