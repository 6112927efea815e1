import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Manner, NotificationReceiver, sayBack } from '../notification-receiver.ts';
import { type Refused, refusalFaults } from '../refusal.ts';
import { type Asked, aDataFolder, ask, startServer, type TestServer } from '../server.ts';

const SUBSCRIPTIONS = '/beta/subscriptions';
const UNKNOWN = '01a21543-a2c2-705c-815c-a7478ead0599';
const inMinutes = (minutes: number): string => new Date(Date.now() + minutes * 60_000).toISOString();

const property = (target: string, says: RegExp, inner = 'invalidProperty'): Refused => ({
  status: 400,
  code: 'badRequest',
  inner,
  target,
  says,
});
const missing = (target: string): Refused => property(target, /needs/, 'missingProperty');
const notServed = (target: string): Refused => ({ status: 501, inner: 'notSupported', target });
const notPublic = property('notificationUrl', /not public, and notifications\.allow does not name it/);

const unreachable = property('notificationUrl', /could not be reached at a public address that may be called\.$/);

/** Differences to a body that would be taken, and what is said of them. */
const BODIES: readonly (readonly [string, object, Refused])[] = [
  ['no changeType', { changeType: undefined }, missing('changeType')],
  ['changeType null', { changeType: null }, missing('changeType')],
  ['changeType empty', { changeType: '' }, missing('changeType')],
  ['changeType unknown', { changeType: 'create' }, property('changeType', /Did you mean "created"/)],
  ['changeType with an empty part', { changeType: 'created,' }, property('changeType', /commas/)],
  ['changeType a list', { changeType: ['created'] }, property('changeType', /must be text/)],
  ['changeType with semicolons', { changeType: 'created;updated' }, property('changeType', /commas/)],
  ['no notificationUrl', { notificationUrl: undefined }, missing('notificationUrl')],
  ['notificationUrl a number', { notificationUrl: 7 }, property('notificationUrl', /must be text/)],
  ['notificationUrl no URL', { notificationUrl: 'hooks.example/x' }, property('notificationUrl', /is no URL/)],
  ['http', { notificationUrl: 'http://hooks.example/x' }, property('notificationUrl', /not https/)],
  ['ftp', { notificationUrl: 'ftp://hooks.example/x' }, property('notificationUrl', /not https/)],
  ['file', { notificationUrl: 'file:///etc/passwd' }, property('notificationUrl', /not https/)],
  ['javascript', { notificationUrl: 'javascript:alert(1)' }, property('notificationUrl', /not https/)],
  ['a user in it', { notificationUrl: 'https://user@hooks.example/' }, property('notificationUrl', /user name/)],
  ['a password in it', { notificationUrl: 'https://:pw@hooks.example/' }, property('notificationUrl', /password/)],
  ['a fragment', { notificationUrl: 'https://hooks.example/#x' }, property('notificationUrl', /fragment/)],
  ['white space', { notificationUrl: ' https://hooks.example/' }, property('notificationUrl', /is no URL/)],
  ['a port that is none', { notificationUrl: 'https://hooks.example:99999/' }, property('notificationUrl', /no URL/)],
  [
    'a long URL',
    { notificationUrl: `https://hooks.example/${'a'.repeat(3_000)}` },
    property('notificationUrl', /2048/),
  ],
  ['loopback', { notificationUrl: 'https://127.0.0.1/' }, notPublic],
  ['loopback, short', { notificationUrl: 'https://127.1/' }, notPublic],
  ['loopback as a number', { notificationUrl: 'https://2130706433/' }, notPublic],
  ['loopback in octal', { notificationUrl: 'https://0177.0.0.1/' }, notPublic],
  ['loopback of IPv6', { notificationUrl: 'https://[::1]/' }, notPublic],
  ['loopback mapped', { notificationUrl: 'https://[::ffff:127.0.0.1]/' }, notPublic],
  ['loopback translated', { notificationUrl: 'https://[64:ff9b::7f00:1]/' }, notPublic],
  ['loopback over 6to4', { notificationUrl: 'https://[2002:7f00:1::]/' }, notPublic],
  ['any address', { notificationUrl: 'https://0.0.0.0/' }, notPublic],
  ['metadata', { notificationUrl: 'https://169.254.169.254/latest/meta-data' }, notPublic],
  ['metadata mapped', { notificationUrl: 'https://[::ffff:169.254.169.254]/' }, notPublic],
  ['metadata of IPv6', { notificationUrl: 'https://[fd00:ec2::254]/' }, notPublic],
  ['link-local', { notificationUrl: 'https://[fe80::1]/' }, notPublic],
  ['private 10/8', { notificationUrl: 'https://10.0.0.1/' }, notPublic],
  ['private 172.16/12', { notificationUrl: 'https://172.16.0.1/' }, notPublic],
  ['private 192.168/16', { notificationUrl: 'https://192.168.1.1/' }, notPublic],
  ['carrier-grade NAT', { notificationUrl: 'https://100.64.0.1/' }, notPublic],
  ['multicast', { notificationUrl: 'https://224.0.0.1/' }, notPublic],
  ['a name of loopback', { notificationUrl: 'https://localhost.localdomain/' }, unreachable],
  ['a name that is none', { notificationUrl: 'https://nobody.invalid/' }, unreachable],
  [
    'lifecycle http',
    { lifecycleNotificationUrl: 'http://hooks.example/' },
    property('lifecycleNotificationUrl', /https/),
  ],
  [
    'lifecycle loopback',
    { lifecycleNotificationUrl: 'https://127.0.0.1/' },
    property('lifecycleNotificationUrl', /not public/),
  ],
  ['no resource', { resource: undefined }, missing('resource')],
  ['another resource', { resource: 'security/alerts' }, property('resource', /Nobody can subscribe/)],
  [
    'a resource with a host',
    { resource: 'https://graph.microsoft.com/beta/security/securityActions' },
    property('resource', /without scheme/),
  ],
  [
    'a resource below an action',
    { resource: `security/securityActions/${UNKNOWN}/states` },
    property('resource', /Nobody can/),
  ],
  [
    'an unknown action',
    { resource: `security/securityActions/${UNKNOWN}` },
    property('resource', /There is no securityAction/),
  ],
  [
    'an action that cannot be',
    { resource: "security/securityActions('x')" },
    property('resource', /There is no securityAction/),
  ],
  [
    'a filter of one action',
    { resource: `security/securityActions/${UNKNOWN}?$filter=status eq 'Failed'` },
    property('resource', /has no "\$filter"/),
  ],
  [
    'another option',
    { resource: 'security/securityActions?$top=5' },
    property('resource', /not served/, 'invalidQueryOption'),
  ],
  [
    'an unknown option',
    { resource: 'security/securityActions?$filtr=x' },
    property('resource', /Did you mean/, 'invalidQueryOption'),
  ],
  [
    'a long resource',
    { resource: `security/securityActions?$filter=${'x'.repeat(5_000)}` },
    property('resource', /4096/, 'limitExceeded'),
  ],
  [
    'a filter that breaks off',
    { resource: 'security/securityActions?$filter=status eq' },
    property('resource', /./, 'invalidFilter'),
  ],
  ['an empty filter', { resource: 'security/securityActions?$filter=' }, property('resource', /./, 'invalidFilter')],
  [
    'a filter of an unknown property',
    { resource: "security/securityActions?$filter=colour eq 'red'" },
    property('resource', /colour/, 'invalidFilter'),
  ],
  [
    'a filter that adds',
    { resource: 'security/securityActions?$filter=1 add 1 eq 2' },
    property('resource', /./, 'unsupportedFilter'),
  ],
  [
    'a filter with a broken escape',
    { resource: 'security/securityActions?$filter=%zz' },
    property('resource', /percent/, 'invalidQueryOption'),
  ],
  ['no expirationDateTime', { expirationDateTime: undefined }, missing('expirationDateTime')],
  ['an end that is no date', { expirationDateTime: 'tomorrow' }, property('expirationDateTime', /RFC 3339/)],
  ['an end without zone', { expirationDateTime: '2027-01-01T00:00:00' }, property('expirationDateTime', /RFC 3339/)],
  ['an end that is over', { expirationDateTime: inMinutes(-1) }, property('expirationDateTime', /not ahead/)],
  ['an end too far', { expirationDateTime: inMinutes(43_202) }, property('expirationDateTime', /43,200 minutes/)],
  ['an end of 9999', { expirationDateTime: '9999-12-31T23:59:59Z' }, property('expirationDateTime', /43,200 minutes/)],
  ['an end as a number', { expirationDateTime: 1_800_000_000 }, property('expirationDateTime', /must be text/)],
  ['a long clientState', { clientState: 'x'.repeat(256) }, property('clientState', /255/, 'limitExceeded')],
  ['a clientState that is no text', { clientState: {} }, property('clientState', /must be text/)],
  ['TLS 1.0', { latestSupportedTlsVersion: 'v1_0' }, property('latestSupportedTlsVersion', /v1_2 or v1_3/)],
  ['TLS 1.1', { latestSupportedTlsVersion: 'v1_1' }, property('latestSupportedTlsVersion', /v1_2 or v1_3/)],
  ['another content type', { notificationContentType: 'application/xml' }, property('notificationContentType', /json/)],
  ['resource data', { includeResourceData: true }, notServed('includeResourceData')],
  ['resource data as text', { includeResourceData: 'true' }, property('includeResourceData', /must be true or false/)],
  ['a certificate', { encryptionCertificate: 'MII' }, notServed('encryptionCertificate')],
  ['a certificate id', { encryptionCertificateId: 'x' }, notServed('encryptionCertificateId')],
  ['query options', { notificationQueryOptions: '$select=id' }, notServed('notificationQueryOptions')],
  ['an app of the receiver', { notificationUrlAppId: UNKNOWN }, notServed('notificationUrlAppId')],
  [
    'an unknown member',
    { changetype: 'created' },
    property('changetype', /Did you mean "changeType"/, 'unknownProperty'),
  ],
];

/** Receivers that do not pass the validation, by what they do. */
const RECEIVERS: readonly (readonly [string, Manner, RegExp])[] = [
  [
    'another token',
    (_, response) => void response.writeHead(200, { 'Content-Type': 'text/plain' }).end('x'),
    /validationToken, decoded/,
  ],
  [
    'the token as it was escaped',
    ({ query }, response) =>
      void response
        .writeHead(200, { 'Content-Type': 'text/plain' })
        .end(encodeURIComponent(query.get('validationToken') ?? '')),
    /decoded/,
  ],
  [
    'more than the token',
    ({ query }, response) =>
      void response.writeHead(200, { 'Content-Type': 'text/plain' }).end(`${query.get('validationToken')}\n`),
    /nothing else/,
  ],
  ['nothing', (_, response) => void response.writeHead(200, { 'Content-Type': 'text/plain' }).end(), /validationToken/],
  [
    'HTML',
    ({ query }, response) =>
      void response.writeHead(200, { 'Content-Type': 'text/html' }).end(query.get('validationToken')),
    /it answered with something else than 200 and text\/plain\.$/,
  ],
  [
    'no content type',
    ({ query }, response) => void response.writeHead(200).end(query.get('validationToken')),
    /it answered with something else than 200 and text\/plain\.$/,
  ],
  [
    '202',
    ({ query }, response) =>
      void response.writeHead(202, { 'Content-Type': 'text/plain' }).end(query.get('validationToken')),
    /it answered with something else than 200 and text\/plain\.$/,
  ],
  [
    '404',
    (_, response) => void response.writeHead(404).end(),
    /it answered with something else than 200 and text\/plain\.$/,
  ],
  [
    '500',
    (_, response) => void response.writeHead(500).end(),
    /it answered with something else than 200 and text\/plain\.$/,
  ],
  [
    'a redirect',
    (_, response) => void response.writeHead(307, { Location: 'https://169.254.169.254/' }).end(),
    /it answered with something else than 200 and text\/plain\.$/,
  ],
  ['a break', (_, response) => void response.socket?.destroy(), /it broke off before it had answered\.$/],
];

describe('a subscription that cannot be', () => {
  const receiver = new NotificationReceiver();
  const stranger = new NotificationReceiver();
  let server: TestServer;

  beforeAll(async () => {
    await Promise.all([receiver.start(), stranger.start()]);
    const data = aDataFolder();
    writeFileSync(path.join(data, 'ca.pem'), receiver.certificate.cert);
    server = await startServer({ data, config: 'notifications:\n  allow: [localhost]\n  ca: ca.pem\n' });
  });
  afterEach(() => {
    receiver.handshake = sayBack;
  });
  afterAll(async () => {
    await server?.discard();
    await Promise.all([receiver.stop(), stranger.stop()]);
  });

  const aSubscription = (more: object = {}): object => ({
    changeType: 'created',
    notificationUrl: receiver.url,
    resource: 'security/securityActions',
    expirationDateTime: inMinutes(60),
    ...more,
  });
  const expectRefused = async (at: string, asked: Asked, refused: Refused): Promise<void> => {
    const { status, headers, text } = await ask(server, at, asked);
    expect(refusalFaults({ status, headers, body: text }, refused)).toEqual([]);
  };
  const expectNone = async (): Promise<void> => expect((await ask(server, SUBSCRIPTIONS)).json.value).toEqual([]);

  it.each(BODIES)('%s', async (_name, more, refused) => {
    const before = receiver.handshakes.length;
    await expectRefused(SUBSCRIPTIONS, { body: aSubscription(more) }, refused);
    expect(receiver.handshakes.length, 'nobody was asked').toBe(before);
    await expectNone();
  });

  it.each(RECEIVERS)('a receiver that answers with %s', async (_name, manner, says) => {
    receiver.handshake = manner;
    await expectRefused(SUBSCRIPTIONS, { body: aSubscription() }, property('notificationUrl', says));
    await expectNone();
  });

  it('a receiver that sends without end is cut off', async () => {
    let sent = 0;
    receiver.handshake = (_, response) => {
      response.writeHead(200, { 'Content-Type': 'text/plain' });
      const more = (): void => {
        while (!response.destroyed && response.write(Buffer.alloc(65_536))) sent += 65_536;
        if (!response.destroyed) response.once('drain', more);
      };
      more();
    };
    const began = Date.now();
    await expectRefused(
      SUBSCRIPTIONS,
      { body: aSubscription() },
      property('notificationUrl', /its answer is too long/),
    );
    expect(Date.now() - began).toBeLessThan(5_000);
    expect(sent).toBeLessThan(64 * 1024 * 1024);
  });

  it.each([
    ['hangs', () => undefined],
    [
      'drips',
      (_posted, response) => {
        response.writeHead(200, { 'Content-Type': 'text/plain' });
        const drip = setInterval(() => response.write('x'), 200);
        response.once('close', () => clearInterval(drip));
      },
    ],
  ] as readonly (readonly [string, Manner])[])('a receiver that %s is given ten seconds', async (_name, manner) => {
    receiver.handshake = manner;
    const began = Date.now();
    const refused = property('notificationUrl', /did not answer within 10 s/);
    await expectRefused(SUBSCRIPTIONS, { body: aSubscription() }, refused);
    expect(Date.now() - began).toBeGreaterThan(9_500);
    expect(Date.now() - began).toBeLessThan(14_000);
  });

  it('a receiver whose certificate nobody vouches for', async () => {
    const body = aSubscription({ notificationUrl: stranger.url });
    await expectRefused(SUBSCRIPTIONS, { body }, property('notificationUrl', /its certificate is not trusted\.$/));
    expect(stranger.handshakes).toEqual([]);
  });

  it('a lifecycle receiver that fails where the other one passed', async () => {
    receiver.handshake = (posted, response) =>
      posted.path === '/hook' ? sayBack(posted, response) : void response.writeHead(500).end();
    const body = aSubscription({ lifecycleNotificationUrl: `${receiver.url}/life` });
    await expectRefused(SUBSCRIPTIONS, { body }, property('lifecycleNotificationUrl', /something else than 200/));
    await expectNone();
  });

  it.each([
    ['no body', undefined, 'malformedJson'],
    ['null', 'null', 'malformedJson'],
    ['a list', '[]', 'malformedJson'],
    ['broken JSON', '{"changeType":', 'malformedJson'],
  ])('%s', (_name, body, inner) => expectRefused(SUBSCRIPTIONS, { method: 'POST', body }, { status: 400, inner }));

  it('an option in the query', () =>
    expectRefused(`${SUBSCRIPTIONS}?$top=1`, {}, { status: 400, inner: 'invalidQueryOption', target: '$top' }));

  it('an unknown id, whatever is asked of it', async () => {
    const unknown: Refused = { status: 404, code: 'notFound', inner: 'unknownResource', target: 'id' };
    for (const id of [UNKNOWN, 'x', "it''s", '%00']) {
      await expectRefused(`${SUBSCRIPTIONS}/${id}`, {}, unknown);
      await expectRefused(`${SUBSCRIPTIONS}/${id}`, { method: 'DELETE' }, unknown);
      const body = { expirationDateTime: inMinutes(5) };
      await expectRefused(`${SUBSCRIPTIONS}/${id}`, { method: 'PATCH', body }, unknown);
      await expectRefused(`${SUBSCRIPTIONS}/${id}/reauthorize`, { method: 'POST' }, unknown);
      await expectRefused(`${SUBSCRIPTIONS}/${id}/deliveries`, {}, unknown);
      await expectRefused(`${SUBSCRIPTIONS}/${id}/deliveries/${UNKNOWN}/resend`, { method: 'POST' }, unknown);
    }
  });

  it('a change of what stays, or to what cannot be; and the 101st', async () => {
    const created = await Promise.all(
      Array.from({ length: 8 }, () => ask(server, SUBSCRIPTIONS, { body: aSubscription() })),
    );
    expect(created.map(({ status }) => status)).toEqual(created.map(() => 201));
    const at = `${SUBSCRIPTIONS}/${created[0]?.json.id}`;
    const patch = (body: object, refused: Refused): Promise<void> =>
      expectRefused(at, { method: 'PATCH', body }, refused);
    for (const name of ['changeType', 'resource', 'clientState', 'lifecycleNotificationUrl', 'id']) {
      await patch({ [name]: 'x' }, property(name, /stays as it is/, 'readOnlyProperty'));
    }
    await patch({}, property('expirationDateTime', /has expirationDateTime or notificationUrl/, 'missingProperty'));
    await patch({ expirationDateTime: null }, missing('expirationDateTime'));
    await patch({ expirationDateTime: inMinutes(50_000) }, property('expirationDateTime', /43,200/));
    await patch({ notificationUrl: 'https://127.0.0.1/' }, notPublic);
    receiver.handshake = (_, response) => void response.writeHead(500).end();
    await patch({ notificationUrl: `${receiver.url}/other` }, property('notificationUrl', /something else than 200/));
    receiver.handshake = sayBack;
    expect((await ask(server, at)).json.notificationUrl).toBe(receiver.url);
    await expectRefused(`${at}/deliveries?$top=0`, {}, { status: 400, inner: 'invalidQueryOption' });
    await expectRefused(`${at}/deliveries?$skiptoken=x`, {}, { status: 400, inner: 'invalidQueryOption' });
    const resend = `${at}/deliveries/${UNKNOWN}/resend`;
    await expectRefused(resend, { method: 'POST' }, { status: 404, inner: 'unknownResource' });
    for (let made = 8; made < 100; made += 4) {
      const more = await Promise.all(
        Array.from({ length: 4 }, () => ask(server, SUBSCRIPTIONS, { body: aSubscription() })),
      );
      expect(more.map(({ status }) => status)).toEqual([201, 201, 201, 201]);
    }
    const full: Refused = {
      status: 403,
      code: 'Authorization_RequestDenied',
      inner: 'policyForbids',
      says: /100 subscriptions/,
    };
    await expectRefused(SUBSCRIPTIONS, { body: aSubscription() }, full);
    await ask(server, at, { method: 'DELETE' });
    const two = await Promise.all([1, 2].map(() => ask(server, SUBSCRIPTIONS, { body: aSubscription() })));
    expect(two.map(({ status }) => status).sort()).toEqual([201, 403]);
  });
});
