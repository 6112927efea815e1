import type { Permission } from '@interdict/contract';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { attacksOn } from '../../packages/server/src/auth/testing/attack-corpus.ts';
import { createSigningKey, signToken } from '../../packages/server/src/auth/testing/signing-key.ts';
import type { TokenBase } from '../../packages/server/src/auth/testing/token-bases.ts';
import type { Route } from '../../packages/server/src/http/route.ts';
import { ROUTES } from '../../packages/server/src/http/routes.ts';
import {
  type Attacked,
  AUDIENCE,
  aRequest,
  claimsOf,
  FEED_KEY,
  inParallel,
  JSON_HEADERS,
  startAttacked,
  TENANT_A,
  TENANT_B,
  type Who,
} from '../attacked-server.ts';
import type { PlainAnswer } from '../plain-http.ts';
import { headerOf, type Refused, refusalFaults } from '../refusal.ts';

const ACTIONS = '/beta/security/securityActions';
const PERSONAL = '9188040d-6c67-4c5b-b112-36a304b66dad';
const ATTACKER = createSigningKey('attacker');

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

/** A request that would be carried out, with this header. */
const postWith = (authorization: string | undefined, target = ACTIONS): Promise<PlainAnswer> =>
  attacked.http.ask(target, {
    method: 'POST',
    headers: { ...JSON_HEADERS, ...(authorization !== undefined && { Authorization: authorization }) },
    body: JSON.stringify(aRequest()),
  });

const unauthorized = (inner: 'missingToken' | 'invalidToken', says?: RegExp): Refused => ({
  status: 401,
  code: 'InvalidAuthenticationToken',
  inner,
  ...(says && { says }),
});

const APP: Who = { roles: ['SecurityActions.ReadWrite.All'] };

const genuine = (claims: object, header: object = {}): Promise<string> =>
  attacked.issuer.sign({ ...claimsOf(APP), ...claims }, { typ: 'at+jwt', ...header });

const forged = (claims: object, header: Readonly<Record<string, unknown>> = {}): string =>
  signToken(
    { alg: 'RS256', typ: 'at+jwt', kid: 'attacked', ...header },
    { iss: attacked.issuer.issuer, ...claimsOf(APP), ...claims },
    ATTACKER.privateKey,
  );

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const unsigned = (claims: object): string =>
  `${encode({ alg: 'none', typ: 'at+jwt' })}.${encode({ iss: attacked.issuer.issuer, ...claimsOf(APP), ...claims })}.AA`;

describe('a request without a token', () => {
  it.each([undefined, ''])('hears how the Graph client is told to send one', async (authorization) => {
    const answer = await postWith(authorization);
    expect(refusalFaults(answer, unauthorized('missingToken', /customHosts.*allowedHosts/))).toEqual([]);
    expect(headerOf(answer, 'www-authenticate')).toBe('Bearer realm="interdict"');
  });

  it.each([
    'Bearer',
    'Bearer ',
    'bearer\t',
    'Token x',
    'Basic dXNlcjpwYXNz',
    'Negotiate',
    'x',
    'Bearer, Basic',
    '\u00e9',
  ])('hears that "%s" is none', async (authorization) => {
    const answer = await postWith(authorization);
    expect(refusalFaults(answer, unauthorized('missingToken', /Bearer/))).toEqual([]);
  });

  it.each(['access_token', 'token', 'Authorization', 'authorization'])(
    'is not helped by %s in the query',
    async (name) => {
      const token = await attacked.token();
      for (const query of [`${name}=${token}`, `${name}=Bearer%20${token}`]) {
        expect(refusalFaults(await postWith(undefined, `${ACTIONS}?${query}`), unauthorized('missingToken'))).toEqual(
          [],
        );
      }
      expect(attacked.server.output()).not.toContain(token.split('.')[2]);
    },
  );

  it('is not helped by a token in the body, in a cookie, or under another header', async () => {
    const token = await attacked.token();
    const answer = await attacked.http.ask(ACTIONS, {
      method: 'POST',
      headers: {
        ...JSON_HEADERS,
        Cookie: `token=${token}`,
        'X-Authorization': `Bearer ${token}`,
        'Proxy-Authorization': `Bearer ${token}`,
        'X-MS-Client-Principal': 'x',
      },
      body: JSON.stringify(aRequest({ access_token: token })),
    });
    expect(refusalFaults(answer, unauthorized('missingToken'))).toEqual([]);
  });
});

describe('a token that is not good', () => {
  const cases: readonly (readonly [string, () => Promise<string> | string, RegExp])[] = [
    ['junk', () => 'junk', /no JWT/],
    ['three parts of junk', () => 'a.b.c', /base64url|JSON/],
    ['encrypted', () => 'a.b.c.d.e', /encrypted/],
    ['expired', () => genuine({ exp: Math.floor(Date.now() / 1_000) - 61 }), /expired at/],
    ['without an end', () => genuine({ exp: undefined }), /no "exp"/],
    ['not valid yet', () => genuine({ nbf: Math.floor(Date.now() / 1_000) + 120 }), /valid only from/],
    [
      "another issuer's",
      () => genuine({ iss: 'https://issuer.example' }),
      /issuer "https:\/\/issuer\.example" is not configured/,
    ],
    [
      "the local issuer's, where others are configured",
      () => genuine({ iss: 'urn:interdict:local-issuer' }),
      /not configured/,
    ],
    [
      "another audience's",
      () => genuine({ aud: 'https://graph.microsoft.com' }),
      /audience "https:\/\/graph.*"api:\/\/interdict"/,
    ],
    ['for an audience that only begins the same', () => genuine({ aud: `${AUDIENCE}2` }), /audience/],
    ['an ID token by its hash', () => genuine({ at_hash: 'x' }), /ID token/],
    ['an ID token by its nonce', () => genuine({ nonce: 'x' }, { typ: 'JWT' }), /ID token/],
    ['an ID token by its type', () => genuine({}, { typ: 'id+jwt' }), /type is "id\+jwt"/],
    ["a personal account's", () => genuine({ tid: PERSONAL }), /tenant|personal/],
    ["another tenant's", () => genuine({ tid: 'cccccccc-3333-4333-8333-333333333333' }), /tenant/],
    ['of no tenant', () => genuine({ tid: undefined }), /names no tenant/],
    ['of no app', () => genuine({ client_id: undefined }), /application/],
    ['signed by nobody', () => unsigned({}), /algorithm is "none"/],
    ['signed by another key', () => forged({}), /signature/i],
    ['signed by a key that it brings along', () => forged({}, { jwk: ATTACKER.jwk }), /"jwk"/],
    ['bound to a key that nobody shows', () => genuine({ cnf: { jkt: 'x' } }), /bound to a key/],
    ['of 9 KB', () => genuine({ groups: 'x'.repeat(9 * 1_024 * 0.75) }), /longer than 8192 bytes/],
  ];
  it.each(cases)('is refused: %s', async (_, make, says) => {
    const token = await make();
    const answer = await postWith(`Bearer ${token}`);
    expect(refusalFaults(answer, unauthorized('invalidToken', says))).toEqual([]);
    expect(headerOf(answer, 'www-authenticate')).toMatch(/error="invalid_token"/);
    if (token.length > 40) expect(answer.body).not.toContain(token.slice(-40));
  });

  it('is refused in every way that a genuine one can be bent', async () => {
    const [key] = attacked.issuer.keys;
    if (!key) throw new Error('The issuer has no key.');
    const base: TokenBase = {
      name: 'app',
      header: { alg: 'RS256', kid: key.kid, typ: 'at+jwt' },
      claims: { iss: attacked.issuer.issuer, ...claimsOf(APP) },
      key,
      kind: 'application',
      isEntra: false,
    };
    // The corpus knows neither this issuer's claims nor a client that trims what it sends.
    const isSendable = ({ token, name }: { token: string; name: string }): boolean =>
      /^[\x20-\x7e]+$/.test(token) && token === token.trim() && token.length < 15_000 && !/scp|oid|tid/.test(name);
    const nowMs = Date.now();
    // One second too early is right by the time it is sent: the authenticator's own tests stop the clock for that.
    const isEarlyFor = (name: string): boolean => name.includes(String(Math.floor(nowMs / 1_000) + 61));
    const attacks = attacksOn(base, nowMs).filter((attack) => isSendable(attack) && !isEarlyFor(attack.name));
    expect(attacks.length).toBeGreaterThan(180);
    const found = await inParallel(attacks, async ({ name, token }) => {
      const faults = refusalFaults(await postWith(`Bearer ${token}`), unauthorized('invalidToken'));
      return faults.map((fault) => `${name}: ${fault}`);
    });
    expect(found.flat()).toEqual([]);
    expect((await attacked.ask(ACTIONS)).status).toBe(200);
  });

  it('is judged by what it says each time: one that was good is refused when it has run out', async () => {
    const end = Math.ceil(Date.now() / 1_000) - 59;
    const token = await genuine({ exp: end, iat: end - 60 });
    const ask = (): Promise<PlainAnswer> =>
      attacked.http.ask(ACTIONS, { headers: { Authorization: `Bearer ${token}` } });
    expect((await ask()).status).toBe(200);
    for (;;) {
      const asked = Date.now();
      const answer = await ask();
      if (asked >= (end + 60) * 1_000) {
        expect(refusalFaults(answer, unauthorized('invalidToken', /expired/))).toEqual([]);
        break;
      }
    }
  });
});

/** Who may do what: the table of the contract, written down once more. */
const READ = 'SecurityActions.Read.All';
const WRITE = 'SecurityActions.ReadWrite.All';
const APPROVE = 'SecurityActions.Approve.All';
const AUDIT = 'SecurityActions.Audit.Read.All';

interface Role {
  readonly name: string;
  readonly who: Who;
  readonly may: readonly Permission[];
}

const ROLES: readonly Role[] = [
  { name: 'app without permission', who: {}, may: [] },
  { name: 'app with a foreign role', who: { roles: ['Directory.ReadWrite.All'] }, may: [] },
  { name: 'app that reads', who: { roles: [READ] }, may: [READ] },
  { name: 'app that writes', who: { roles: [WRITE] }, may: [READ, WRITE] },
  { name: 'app with the role to approve', who: { roles: [APPROVE] }, may: [] },
  { name: 'app that audits', who: { roles: [AUDIT] }, may: [AUDIT] },
  {
    name: 'app with a role nearly so named',
    who: { roles: ['SecurityActions.ReadWrite', 'securityactions.readwrite.all'] },
    may: [],
  },
  { name: 'user who reads', who: { scopes: [READ] }, may: [READ] },
  { name: 'user who writes', who: { scopes: [WRITE, 'openid'] }, may: [READ, WRITE] },
  { name: 'user who reads, with the role to write', who: { scopes: [READ], roles: [WRITE] }, may: [READ] },
  {
    name: 'user with another scope and every role',
    who: { scopes: ['openid'], roles: [READ, WRITE, APPROVE, AUDIT] },
    may: [],
  },
  { name: 'app with every role', who: { roles: [READ, WRITE, APPROVE, AUDIT] }, may: [READ, WRITE, AUDIT] },
  { name: 'user with the scope to approve and not the role', who: { scopes: [APPROVE], roles: [] }, may: [] },
  { name: 'user with the role to approve and not the scope', who: { scopes: [READ], roles: [APPROVE] }, may: [READ] },
  { name: 'user who approves', who: { scopes: [APPROVE], roles: [APPROVE] }, may: [APPROVE] },
  { name: 'user who audits', who: { scopes: [AUDIT] }, may: [AUDIT] },
];

const VERSIONS = ['/beta', '/v1.0', '/localtest', ''];
const isVersioned = ({ path }: Route): boolean => path === '/' || /^\/(security|subscriptions|\$)/.test(path);

/** A path of a route under a version, in a letter case, with its key in one of the two forms. */
interface Form {
  readonly version: string;
  readonly spell: (path: string) => string;
  readonly inParentheses: boolean;
}

const CASES: readonly Form['spell'][] = [
  (path) => path,
  (path) => path.toLowerCase(),
  (path) => path.toUpperCase(),
  (path) => path.replace(/\w/g, (letter, at: number) => (at % 2 ? letter.toUpperCase() : letter)),
];

const FORMS: readonly Form[] = VERSIONS.flatMap((version) =>
  CASES.flatMap((spell) => [true, false].map((inParentheses) => ({ version, spell, inParentheses }))),
);

const targetOf = ({ path }: Route, { version, spell, inParentheses }: Form): string => {
  const filled = inParentheses
    ? path.replace(/\/:id/g, "('nothing')").replace(/:\w+/g, 'nothing')
    : path.replace(/:\w+/g, 'nothing');
  return spell(`${version}${filled}`) || '/';
};

interface Cell {
  readonly route: Route;
  readonly form: Form;
  readonly role: Role | undefined;
}

function expectedOf({ route, form, role }: Cell): 'open' | 'unknown' | 'missing' | 'forbidden' {
  if (form.version !== '' && !isVersioned(route)) return 'unknown';
  if (route.permission === 'anyone') return 'open';
  // A bouncer has a header of its own, and answers like the product's when it is not there.
  if (route.permission === 'bouncer') return 'forbidden';
  if (!role) return 'missing';
  if (route.permission === 'caller') return 'open';
  return role.may.includes(route.permission === 'feed' ? READ : route.permission) ? 'open' : 'forbidden';
}

async function cellFaults(cell: Cell, tokens: ReadonlyMap<Role, string>): Promise<readonly string[]> {
  const { route, form, role } = cell;
  const target = targetOf(route, form);
  // What is no stream is refused behind the permission: a stream would not end.
  const accept = route.offers === 'text/event-stream' && { Accept: 'application/json' };
  const headers = role && { Authorization: `Bearer ${tokens.get(role)}`, ...accept };
  const answer = await attacked.http.ask(target, { method: route.method, ...(headers && { headers }) });
  const expected = expectedOf(cell);
  const faults = {
    open: () => ([401, 403, 405, 500].includes(answer.status) ? [`status ${answer.status}`] : []),
    unknown: () => refusalFaults(answer, { status: 404, inner: 'unknownResource' }),
    missing: () => refusalFaults(answer, unauthorized('missingToken')),
    forbidden: () =>
      refusalFaults(answer, {
        status: 403,
        code: 'Authorization_RequestDenied',
        inner: 'insufficientPermission',
        says: /This needs/,
      }),
  }[expected]();
  return faults.map((fault) => `${role?.name ?? 'nobody'} ${route.method} ${target}: ${fault}`);
}

describe('a route', () => {
  const plain = FORMS.filter(
    ({ version, spell, inParentheses }) => version === '/beta' && spell === CASES[0] && !inParentheses,
  );
  const reader = ROLES.find(({ name }) => name === 'app that reads');
  const writer = ROLES.find(({ name }) => name === 'app that writes');

  it('asks every kind of caller for what it needs, under every version, letter case and key form', async () => {
    const everyRole = ROUTES.flatMap((route) => ROLES.flatMap((role) => plain.map((form) => ({ route, form, role }))));
    const everyForm = ROUTES.flatMap((route) =>
      FORMS.flatMap((form) => [undefined, reader, writer].map((role) => ({ route, form, role }))),
    );
    const tokens = new Map(await inParallel(ROLES, async (role) => [role, await attacked.token(role.who)] as const));
    const cells = [...everyRole, ...everyForm].filter(
      ({ route, form }) => !form.inParentheses || route.path.includes(':id'),
    );
    expect(cells.length).toBeGreaterThan(2_000);
    const found = await inParallel(cells, (cell) => cellFaults(cell, tokens));
    expect(found.flat()).toEqual([]);
  });

  it('lets nobody write who may only read, not even on an action that is there', async () => {
    const created = await attacked.ask(ACTIONS, {
      method: 'POST',
      body: JSON.stringify(aRequest({ vendorInformation: { provider: 'blocklist' } })),
    });
    const id = String(created.json.id);
    const Authorization = `Bearer ${await attacked.token({ roles: [READ] })}`;
    const writing = ROUTES.filter(({ permission }) => permission === WRITE);
    expect(writing.length).toBeGreaterThan(5);
    for (const { method, path } of writing) {
      for (const version of VERSIONS) {
        const target = `${version}${path.replace(':id', id)}`;
        const body = /securityActions$|\$ref$|preview/.test(path) ? JSON.stringify(aRequest()) : '';
        const answer = await attacked.http.ask(target, {
          method,
          headers: { Authorization, 'X-HTTP-Method-Override': 'GET' },
          body,
        });
        expect(refusalFaults(answer, { status: 403, inner: 'insufficientPermission' }), target).toEqual([]);
      }
    }
    expect((await attacked.ask(`${ACTIONS}/${id}`)).json.enforcement?.state).toBe('pending');
    before = await attacked.traces();
  });

  it('is not opened by a read that carries a write in a header', async () => {
    const Authorization = `Bearer ${await attacked.token({ roles: [READ] })}`;
    for (const name of ['X-HTTP-Method', 'X-HTTP-Method-Override', 'X-Method-Override']) {
      const answer = await attacked.http.ask(`${ACTIONS}/nothing`, { headers: { Authorization, [name]: 'DELETE' } });
      expect(answer.status).toBe(404);
    }
  });
});

describe("a firewall's key", () => {
  const basic = (user: string, password: string): string =>
    `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
  const feed = (authorization: string | undefined, target = '/feeds/blocklist/ip.txt'): Promise<PlainAnswer> =>
    attacked.http.ask(target, authorization === undefined ? {} : { headers: { Authorization: authorization } });

  it('opens the lists that it was made for, under any user name', async () => {
    for (const user of ['', 'firewall', 'a b', 'é']) {
      const answer = await feed(basic(user, FEED_KEY));
      expect([answer.status, headerOf(answer, 'content-type')]).toEqual([200, 'text/plain; charset=utf-8']);
    }
  });

  it('opens nothing of the API', async () => {
    const closed = ROUTES.filter(({ permission }) => !['anyone', 'feed', 'bouncer'].includes(permission));
    for (const { method, path } of closed) {
      const Authorization = basic('firewall', FEED_KEY);
      const answer = await attacked.http.ask(path.replace(/:\w+/g, 'nothing'), { method, headers: { Authorization } });
      expect(refusalFaults(answer, unauthorized('missingToken', /scheme "Basic"/)), path).toEqual([]);
    }
    for (const bearer of [FEED_KEY.replaceAll(' ', '-'), Buffer.from(FEED_KEY).toString('base64url')]) {
      expect(refusalFaults(await postWith(`Bearer ${bearer}`), unauthorized('invalidToken'))).toEqual([]);
    }
  });

  it.each([
    ['none', undefined, 'missingToken'],
    ['another', basic('firewall', `${FEED_KEY}x`), 'invalidToken'],
    ['one in another letter case', basic('firewall', FEED_KEY.toUpperCase()), 'invalidToken'],
    ['an empty one', basic('firewall', ''), 'invalidToken'],
    ['one as the user name', basic(FEED_KEY, ''), 'invalidToken'],
    ['one that is not encoded', `Basic firewall:${FEED_KEY}`, 'invalidToken'],
    ['broken base64', 'Basic !!!!', 'invalidToken'],
    ['no word behind the scheme', 'Basic', 'invalidToken'],
  ] as const)('that is %s is asked for, as firewalls wait for it', async (_, authorization, inner) => {
    const answer = await feed(authorization);
    expect(refusalFaults(answer, unauthorized(inner, /feed key/))).toEqual([]);
    expect(headerOf(answer, 'www-authenticate')).toMatch(/^Basic realm="[^"]+".*, Bearer realm=/);
  });

  it("opens no other provider's list, and says of none whether it is there", async () => {
    const forms = ['nothing', 'edge', 'simulator', 'BLOCKLISTS'].map((name) => `/feeds/${name}/ip.txt`);
    for (const target of forms) {
      const answer = await feed(basic('firewall', FEED_KEY), target);
      expect(refusalFaults(answer, { status: 404, inner: 'unknownResource' }), target).toEqual([]);
    }
    const lists = ['ip', 'ip.csv', 'ips.txt', '.txt', 'ip.txt.json', '..%2Fip.txt', 'ip.txt%00', '$count'];
    for (const list of lists) {
      const answer = await feed(basic('firewall', FEED_KEY), `/feeds/blocklist/${list}`);
      expect(
        refusalFaults(answer, { status: 404, inner: 'unknownResource', says: /ip, domain, url and hash/ }),
        list,
      ).toEqual([]);
    }
  });

  it('is not needed by a bearer who may read, and does not help one who may not', async () => {
    expect((await feed(`Bearer ${await attacked.token({ roles: [READ] })}`)).status).toBe(200);
    expect((await feed(`Bearer ${await attacked.token({ scopes: [READ] })}`)).status).toBe(200);
    for (const who of [{ roles: [AUDIT] }, { roles: [] }, { scopes: ['openid'], roles: [READ] }]) {
      const answer = await feed(`Bearer ${await attacked.token(who)}`);
      expect(refusalFaults(answer, { status: 403, inner: 'insufficientPermission' })).toEqual([]);
    }
    expect(refusalFaults(await feed('Bearer junk'), unauthorized('invalidToken'))).toEqual([]);
  });
});

describe("another tenant's action", () => {
  const asUnknown = (answer: PlainAnswer, id: string): string => {
    const ids = new Set([id, String(answer.headers['request-id'])]);
    const named = [...ids].reduce(
      (text, each) => text.replaceAll(each, 'ID'),
      JSON.stringify([answer.status, answer.headers, answer.body]),
    );
    return named.replace(/"date\W+[^"\\]*/g, 'DATE');
  };

  it('is answered as one that nobody has, byte for byte, on every route that takes an id', async () => {
    const parameters = [{ name: 'IP', value: '198.51.100.78' }];
    const mine = await attacked.ask(ACTIONS, {
      method: 'POST',
      body: JSON.stringify(aRequest({ parameters, vendorInformation: { provider: 'blocklist' } })),
    });
    const id = String(mine.json.id);
    const unknown = `${id.slice(0, -4)}0000`;
    const Authorization = `Bearer ${await attacked.token({ tenant: TENANT_B, roles: [WRITE, AUDIT] })}`;
    const routes = ROUTES.filter(({ path }) => path.includes('/securityActions/:id'));
    expect(routes.length).toBeGreaterThanOrEqual(6);
    const ask = async (method: string, target: string, body = ''): Promise<PlainAnswer> =>
      await attacked.http.ask(target, { method, headers: { Authorization, ...JSON_HEADERS }, body });
    for (const version of VERSIONS) {
      for (const { method, path } of routes) {
        const [foreign, none] = await Promise.all(
          [id, unknown].map(async (each) =>
            asUnknown(await ask(method, `${version}${path.replace(':id', each)}`), each),
          ),
        );
        expect(foreign, `${method} ${version}${path}`).toBe(none);
      }
      const [foreign, none] = await Promise.all(
        [id, unknown].map(async (each) => {
          const body = JSON.stringify({ '@odata.id': `${attacked.server.url}${ACTIONS}/${each}` });
          return asUnknown(await ask('POST', `${version}/security/securityActions/$ref`, body), each);
        }),
      );
      expect(foreign).toBe(none);
      expect(foreign).toMatch(/^\[404,/);
    }
    expect((await attacked.ask(`${ACTIONS}/${id}`)).json.enforcement?.state).toBe('pending');
    before = await attacked.traces();
  });

  it('is in no list, no count, no page and nothing that is in force', async () => {
    const Authorization = `Bearer ${await attacked.token({ tenant: TENANT_B, roles: [WRITE] })}`;
    const ask = (target: string): Promise<PlainAnswer> => attacked.http.ask(target, { headers: { Authorization } });
    const [own] = await attacked.traces();
    expect(own).toBeGreaterThan(0);
    expect((await ask(ACTIONS)).json.value).toEqual([]);
    expect((await ask(`${ACTIONS}/$count`)).body).toBe('0');
    expect((await ask('/beta/security/enforcements')).json.value).toEqual([]);
    const page = await attacked.ask(`${ACTIONS}?$top=1`);
    const next = new URL(String(page.json['@odata.nextLink']));
    const answer = await ask(`${next.pathname}${next.search}`);
    expect(refusalFaults(answer, { status: 400, inner: 'invalidQueryOption', target: '$skiptoken' })).toEqual([]);
    expect((await attacked.ask(`${next.pathname}${next.search}`)).status).toBe(200);
  });

  it('is made for the tenant of the token, whatever the body says', async () => {
    const claimed = {
      azureTenantId: TENANT_B,
      appId: 'another',
      user: 'root@b.example',
      id: 'mine',
      status: 'Completed',
    };
    const created = await attacked.ask(ACTIONS, {
      method: 'POST',
      body: JSON.stringify(aRequest({ ...claimed, vendorInformation: { provider: 'blocklist' } })),
    });
    expect(created.json).toMatchObject({ azureTenantId: TENANT_A, appId: 'soc', user: null, status: 'NotStarted' });
    expect(created.json.id).not.toBe('mine');
    const delegated = await attacked.token({ scopes: [WRITE] });
    const asked = await attacked.http.ask(ACTIONS, {
      method: 'POST',
      headers: { Authorization: `Bearer ${delegated}` },
      body: JSON.stringify(aRequest({ ...claimed, vendorInformation: { provider: 'blocklist' } })),
    });
    expect(asked.json).toMatchObject({ azureTenantId: TENANT_A, appId: 'soc', user: 'alice@a.example' });
    before = await attacked.traces();
  });
});
