import { createHmac } from 'node:crypto';
import { signTexts, signToken } from './signing-key.ts';
import type { TokenBase } from './token-bases.ts';
import { KEYS, PERSONAL, TENANT_A, TENANT_B } from './token-bases.ts';
import type { Specimen } from './valid-variants.ts';

type Attack = readonly [name: string, token: string];

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const attackerFor = (alg: string) => (alg.startsWith('ES') ? KEYS.attackerEc : KEYS.attacker);

/** The header says another algorithm than the key is for, or none. */
function algorithmAttacks({ header, claims, key }: TokenBase): readonly Attack[] {
  const payload = encode(claims);
  const genuine = signToken(header, claims, key.privateKey).split('.')[2] ?? '';
  const unsigned = ['none', 'None', 'NONE', 'nOnE', '', ' ', 'null'].flatMap((alg): readonly Attack[] => [
    [`alg "${alg}", no signature`, `${encode({ ...header, alg })}.${payload}.`],
    [`alg "${alg}", the genuine signature`, `${encode({ ...header, alg })}.${payload}.${genuine}`],
  ]);
  const spki = key.publicKey.export({ format: 'pem', type: 'spki' });
  const secrets = [spki, spki.toString().trim(), key.publicKey.export({ format: 'der', type: 'spki' }), ''];
  const keyed = secrets.flatMap((secret, at) =>
    ['HS256', 'HS384', 'HS512'].map((alg): Attack => {
      const input = `${encode({ ...header, alg })}.${payload}`;
      const mac = createHmac(`sha${alg.slice(2)}`, secret)
        .update(input)
        .digest('base64url');
      return [`${alg} with the public key as secret, form ${at}`, `${input}.${mac}`];
    }),
  );
  const stronger = header.alg.startsWith('ES') ? [] : ['RS384', 'RS512', 'PS384', 'PS512', 'RS1'];
  const disallowed = stronger.map((alg): Attack => {
    const text = JSON.stringify({ ...header, alg });
    return [`signed with ${alg}`, signTexts(text, JSON.stringify(claims), key.privateKey, alg.replace('PS', 'RS'))];
  });
  const odd = [
    null,
    1,
    true,
    ['RS256'],
    { RS256: 1 },
    'rs256',
    'RS256 ',
    'ES256K',
    'EdDSA',
    'dir',
    'RSA-OAEP',
    undefined,
  ];
  const renamed = odd.map(
    (alg): Attack => [
      `alg ${JSON.stringify(alg)}`,
      signTexts(JSON.stringify({ ...header, alg }), JSON.stringify(claims), key.privateKey, header.alg),
    ],
  );
  return [...unsigned, ...keyed, ...disallowed, ...renamed];
}

/** Signed by the issuer, but with a header that brings a key, a type or a rule of its own. */
function headerAttacks({ header, claims, key }: TokenBase): readonly Attack[] {
  const { jwk } = attackerFor(header.alg);
  const members: readonly object[] = [
    { crit: ['b64'], b64: true },
    { crit: ['exp'] },
    { crit: [] },
    { crit: null },
    { jwk },
    { jwk: key.jwk },
    { jku: 'https://attacker.example/keys' },
    { x5u: 'https://attacker.example/cert' },
    { x5c: ['MIIB'] },
    { b64: false },
    { b64: true },
    { enc: 'A256GCM' },
    { zip: 'DEF' },
    { cty: 'JWT' },
    { nonce: 'graph' },
  ];
  const kinds = ['ID', 'id_token', 'logout+jwt', 'dpop+jwt', 'secevent+jwt', 'JWE', 'JOSE', '', null, 1, ['JWT']];
  const kids = [1, null, '', ['x'], { $ne: '' }, 'x'.repeat(600)];
  const changed = [...members, ...kinds.map((typ) => ({ typ })), ...kids.map((kid) => ({ kid }))];
  return changed.map((change) => [
    `header ${JSON.stringify(change).slice(0, 60)}`,
    signToken({ ...header, ...change }, claims, key.privateKey),
  ]);
}

/** Signed with a key that is not this issuer's. */
function keyAttacks({ header, claims }: TokenBase): readonly Attack[] {
  const attacker = attackerFor(header.alg);
  const kids = [
    header.kid,
    attacker.kid,
    '../../../dev/null',
    "' OR 1=1 --",
    '__proto__',
    'constructor',
    `${String(header.kid)} `,
    String(header.kid).toUpperCase(),
  ];
  const forged = kids.map(
    (kid): Attack => [
      `another's key under the kid ${String(kid)}`,
      signToken({ ...header, kid }, claims, attacker.privateKey),
    ],
  );
  const { kid: _, ...withoutKid } = header;
  const issuers = Object.values(KEYS).filter((key) => !key.kid.startsWith('attacker') && key.kid !== header.kid);
  const foreign = issuers
    .filter(({ kid }) => !(kid.startsWith('kc-') && String(header.kid).startsWith('kc-')))
    .flatMap((key): readonly Attack[] => {
      const alg = key.privateKey.asymmetricKeyType === 'ec' ? 'ES256' : 'RS256';
      return [key.kid, header.kid].map(
        (kid): Attack => [
          `the key ${key.kid} of another issuer under the kid ${String(kid)}`,
          signToken({ ...header, alg, kid }, claims, key.privateKey),
        ],
      );
    })
    .filter(([name]) => !(name.includes('entra-b') && claims.tid === TENANT_B && claims.ver === '2.0'));
  return [...forged, ['no kid, another key', signToken(withoutKid, claims, attacker.privateKey)], ...foreign];
}

/** What counts is in the claims; a header that says it in their stead says nothing. */
function movedClaimAttacks({ header, claims, key, isEntra }: TokenBase): readonly Attack[] {
  const needed = isEntra ? ['iss', 'aud', 'exp', 'tid', 'ver'] : ['iss', 'aud', 'exp'];
  return needed.map((name) => {
    const { [name]: moved, ...rest } = claims;
    return [`${name} in the header`, signToken({ ...header, [name]: moved }, rest, key.privateKey)];
  });
}

/** Texts that two parsers could read in two ways. */
function textAttacks({ header, claims, key }: TokenBase): readonly Attack[] {
  const [headerText, claimsText] = [JSON.stringify(header), JSON.stringify(claims)];
  const sign = (name: string, headerOf: string | Buffer, claimsOf: string | Buffer): Attack => [
    name,
    signTexts(headerOf, claimsOf, key.privateKey, header.alg),
  ];
  const twice = (name: string, value: unknown): Attack =>
    sign(`${name} twice`, headerText, claimsText.replace(/}$/, `,"${name}":${JSON.stringify(value)}}`));
  const bad = Buffer.concat([
    Buffer.from(claimsText.slice(0, -1)),
    Buffer.from(',"x":"'),
    Buffer.from([0xff]),
    Buffer.from('"}'),
  ]);
  return [
    sign('alg twice', headerText.replace('{', '{"alg":"none",'), claimsText),
    sign('alg twice, escaped', headerText.replace('{', '{"\\u0061lg":"none",'), claimsText),
    sign('kid twice', headerText.replace(/}$/, ',"kid":"x"}'), claimsText),
    twice('iss', claims.iss),
    twice('exp', 9_999_999_999),
    twice('aud', claims.aud),
    twice('sub', 'x'),
    sign('exp twice, escaped', headerText, claimsText.replace(/}$/, ',"\\u0065xp":9999999999}')),
    sign('a nested name twice', headerText, claimsText.replace(/}$/, ',"x":{"a":1,"a":2}}')),
    sign('__proto__', headerText, claimsText.replace(/}$/, ',"__proto__":{"roles":["x"]}}')),
    sign('__proto__ in the header', headerText.replace(/}$/, ',"__proto__":{}}'), claimsText),
    sign('a list of claims', headerText, `[${claimsText}]`),
    sign('claims in a text', headerText, JSON.stringify(claimsText)),
    sign('no claims', headerText, 'null'),
    sign('two objects', headerText, `${claimsText}${claimsText}`),
    sign('a byte order mark', headerText, `\ufeff${claimsText}`),
    sign('no UTF-8', headerText, bad),
    sign('a comment', headerText, `/**/${claimsText}`),
    sign('a comma too many', headerText, claimsText.replace(/}$/, ',}')),
    sign('NaN', headerText, claimsText.replace(/}$/, ',"x":NaN}')),
    sign('too deep', headerText, claimsText.replace(/}$/, `,"x":${'['.repeat(40)}${']'.repeat(40)}}`)),
    sign('too long', headerText, claimsText.replace(/}$/, `,"x":"${'x'.repeat(8_192)}"}`)),
  ];
}

/** A genuine token, with something done to its text. */
function formAttacks({ header, claims, key }: TokenBase): readonly Attack[] {
  const token = signToken(header, claims, key.privateKey);
  const [head = '', body = '', signature = ''] = token.split('.');
  const flip = (text: string, at: number): string =>
    `${text.slice(0, at)}${text[at] === 'A' ? 'B' : 'A'}${text.slice(at + 1)}`;
  const flips = [head, body, signature].flatMap((part, index) =>
    [0, 0.25, 0.5, 0.75].map((share): Attack => {
      const parts = [head, body, signature];
      parts[index] = flip(part, Math.floor(part.length * share));
      return [`part ${index} changed at ${share}`, parts.join('.')];
    }),
  );
  const zeros = Buffer.alloc(Buffer.from(signature, 'base64url').length).toString('base64url');
  return [
    ...flips,
    ['two parts', `${head}.${body}`],
    ['no signature', `${head}.${body}.`],
    ['four parts', `${token}.${signature}`],
    ['five parts', `${head}.${body}.${body}.${body}.${signature}`],
    ['a dot in front', `.${token}`],
    ['a dot behind', `${token}.`],
    ['padding', `${token}==`],
    ['padding of the header', `${head}=.${body}.${signature}`],
    ['white space in it', `${head}. ${body}.${signature}`],
    ['white space behind', `${token} `],
    ['a line feed in it', `${head}.\n${body}.${signature}`],
    ['a tab behind', `${token}\t`],
    ['a NUL behind', `${token}\0`],
    ['the other alphabet', `${head}.${body}.${signature.replaceAll('-', '+').replaceAll('_', '/')}+`],
    ['a look-alike letter', `${head}.${body}.${signature.slice(0, -1)}А`],
    ['a signature cut short', `${head}.${body}.${signature.slice(0, -4)}`],
    ['a signature too long', `${token}AAAA`],
    ['a signature of zeros', `${head}.${body}.${zeros}`],
    ['a signature of one byte', `${head}.${body}.AA`],
    ['header and payload changed over', `${body}.${head}.${signature}`],
    ['quotes', `"${token}"`],
    ['two tokens', `${token},${token}`],
    ['two tokens with a space', `${token} ${token}`],
    ['JSON serialisation', JSON.stringify({ protected: head, payload: body, signature })],
  ];
}

/** Signed by the issuer, with claims that must not pass. */
function claimAttacks({ header, claims, key, isEntra, kind }: TokenBase, nowMs: number): readonly Attack[] {
  const now = Math.floor(nowMs / 1_000);
  const iss = String(claims.iss);
  const changes: readonly object[] = [
    ...[
      `${iss}/`,
      iss.toUpperCase(),
      `${iss}?`,
      `${iss}#`,
      ` ${iss}`,
      `${iss}\0`,
      [iss],
      { iss },
      null,
      '',
      undefined,
      1,
    ].map((value) => ({ iss: value })),
    { iss: 'https://attacker.example/' },
    { iss: 'urn:interdict:local-issuer' },
    ...['api://interdict/', 'api://interdict2', 'api://interdic', 'API://interdict', ' api://interdict', '', '*'].map(
      (aud) => ({ aud }),
    ),
    ...[
      null,
      1,
      {},
      [],
      [[]],
      [['api://interdict']],
      [1, 'api://interdict'],
      ['api://interdict/'],
      undefined,
      true,
    ].map((aud) => ({ aud })),
    { aud: { 0: 'api://interdict', length: 1 } },
    { aud: '00000003-0000-0000-c000-000000000000' },
    ...[
      undefined,
      null,
      '',
      '9999999999',
      String(now + 999),
      true,
      [],
      {},
      -1,
      0,
      now - 60,
      now - 86_400,
      1e12,
      (now + 60) * 1_000,
    ].map((exp) => ({ exp })),
    ...[now + 61, now + 3_600, String(now), null, {}, 1e12].map((nbf) => ({ nbf })),
    ...[now + 61, String(now), null, [], now + 86_400].map((iat) => ({ iat })),
    { iat: now, exp: now - 30 },
    ...['at_hash', 'c_hash', 's_hash'].map((name) => ({ [name]: 'x' })),
    ...['ID', 'Refresh', 'Offline', 'Logout', 'DPoP', 'id', '', null, 1].map((typ) => ({ typ })),
    { cnf: { jkt: 'x' } },
    { cnf: null },
    { appid: undefined, azp: undefined, client_id: undefined },
    ...['', 1, null, ['x'], {}].map((id) => ({ appid: id, azp: id, client_id: id })),
    { appid: 'a\nb', azp: 'a\nb', client_id: 'a\nb' },
    { appid: 'x'.repeat(300), azp: 'x'.repeat(300), client_id: 'x'.repeat(300) },
    { tid: PERSONAL },
    { tid: PERSONAL, iss: `https://login.microsoftonline.com/${PERSONAL}/v2.0` },
    { tid: PERSONAL, iss: `https://sts.windows.net/${PERSONAL}/` },
    { scp: 1, scope: 1, roles: 1, realm_access: { roles: 1 }, permissions: 1 },
    { scp: [1], scope: [1], roles: [1], realm_access: { roles: [1] }, permissions: [1] },
    { scp: { a: 1 }, scope: { a: 1 }, roles: {}, realm_access: { roles: {} }, permissions: {} },
    ...(kind === 'delegated'
      ? [
          { oid: undefined, sub: undefined },
          { oid: '', sub: '' },
          { oid: 1, sub: 1 },
          { oid: [], sub: [] },
        ]
      : []),
    ...(kind === 'delegated' ? [{ upn: 'a\u202eb', preferred_username: 'a\u202eb', unique_name: 'a\u202eb' }] : []),
    ...(isEntra ? entraChanges(claims) : otherChanges(claims)),
  ];
  return changes.map((change) => [
    `claims ${JSON.stringify(change)?.slice(0, 80)} ${Object.keys(change).join()}`,
    signToken(header, { ...claims, ...change }, key.privateKey),
  ]);
}

function entraChanges(claims: TokenBase['claims']): readonly object[] {
  const other = claims.tid === TENANT_A ? TENANT_B : TENANT_A;
  const otherVersion = claims.ver === '1.0' ? '2.0' : '1.0';
  return [
    ...[otherVersion, undefined, null, 1, 2, '', '3.0', [claims.ver]].map((ver) => ({ ver })),
    ...[
      other,
      undefined,
      null,
      '',
      'common',
      `{${String(claims.tid)}}`,
      `${String(claims.tid)} `,
      [claims.tid],
      {},
    ].map((tid) => ({ tid })),
    { iss: String(claims.iss).replace(String(claims.tid), other) },
    { iss: String(claims.iss).replace(String(claims.tid), 'eeeeeeee-9999-4999-8999-999999999999') },
    { iss: String(claims.iss).replace(String(claims.tid), '{tid}') },
    { iss: String(claims.iss).replace(String(claims.tid), '{tenantid}') },
    { iss: String(claims.iss).replace(String(claims.tid), 'common') },
    { nonce: 'sign-in' },
    ...(claims.scp === undefined
      ? [
          { idtyp: 'user' },
          { idtyp: null },
          { idtyp: 'App' },
          { idtyp: 'device' },
          { idtyp: undefined, sub: 'pairwise' },
        ]
      : [
          { scp: undefined, roles: ['SecurityActions.ReadWrite.All'] },
          { scp: undefined, idtyp: 'user' },
        ]),
  ];
}

const otherChanges = (claims: TokenBase['claims']): readonly object[] =>
  Object.hasOwn(claims, 'https://x.example/tenant')
    ? [TENANT_B, PERSONAL, PERSONAL.toUpperCase(), undefined, null, '', 'acme', [TENANT_A], `${TENANT_A}\n`].map(
        (tenant) => ({
          'https://x.example/tenant': tenant,
        }),
      )
    : [];

/** Forged, confused and stale tokens made from a genuine one. None of them may be accepted. */
export function attacksOn(base: TokenBase, nowMs: number): readonly Specimen[] {
  const attacks = [
    ...algorithmAttacks(base),
    ...headerAttacks(base),
    ...keyAttacks(base),
    ...movedClaimAttacks(base),
    ...textAttacks(base),
    ...formAttacks(base),
    ...claimAttacks(base, nowMs),
  ];
  return attacks.map(([name, token]) => ({ name: `${base.name}: ${name}`, base, token }));
}
