import { describe, expect, test } from 'vitest';
import type { Exchange } from '../http/exchange.ts';
import { PrivateAddress } from '../http/guarded-connect.ts';
import { secretsHider } from '../http/message.ts';
import { type Receiver, toApplyAnswer, toPresence, toReleaseAnswer } from './answer.ts';

const NOW = new Date('2026-11-06T08:49:07Z');
const receiver: Receiver = { host: 'soar.example', hideSecrets: secretsHider(['s3cret']) };

const heard = (status: number, body: unknown = '', headers: Record<string, string> = {}): Exchange => ({
  kind: 'answered',
  status,
  headers,
  body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
});
const unsent: Exchange = { kind: 'unsent', error: new Error('connect ECONNREFUSED 192.0.2.1:443') };
const broken: Exchange = { kind: 'broken', error: new Error('other side closed') };
const inForce = { state: 'inForce' };
const absent = { state: 'absent' };
const pending = { state: 'pending', retryAfterSeconds: 9 };
const in7s = { 'retry-after': '7' };

const reported = { kind: 'done', level: 'reported' };
const accepted = { kind: 'done', level: 'accepted' };
const unknown = { kind: 'unknown', message: expect.any(String) };
const unknownFor7s = { ...unknown, retryAfterMs: 7_000 };
const pendingFor = (seconds: number) => ({ kind: 'pending', message: expect.any(String), againMs: seconds * 1000 });
const refused = (subcode: number) => ({ kind: 'refused', message: expect.any(String), subcode });
const unavailable = (subcode: number, more: object = {}) => ({
  kind: 'unavailable',
  message: expect.any(String),
  subcode,
  ...more,
});
const ours = (subcode: number) => unavailable(subcode, { fault: 'ours' });
const notSent = { kind: 'unavailable', message: expect.any(String) };

const UNCLEAR: readonly unknown[] = [
  ' ',
  '\n',
  'OK',
  '<html></html>',
  'null',
  'true',
  '[]',
  '"inForce"',
  {},
  { state: 'InForce' },
];
const MORE_UNCLEAR: readonly unknown[] = [
  { state: null },
  { state: ['inForce'] },
  { status: 'inForce' },
  '{"state":"inForce"',
  '{"__proto__":{"state":"inForce"}}',
];

describe('to an apply', () => {
  test.each<[string, Exchange, object]>([
    ['200 inForce', heard(200, inForce), reported],
    ['201 inForce', heard(201, inForce), reported],
    ['200 inForce behind a byte order mark', heard(200, `\ufeff${JSON.stringify(inForce)}`), reported],
    ['200 without a body', heard(200), accepted],
    ['204', heard(204), accepted],
    ['200 absent', heard(200, absent), refused(200)],
    ['200 pending', heard(200, pending), pendingFor(9)],
    ['200 pending without a time', heard(200, { state: 'pending' }), pendingFor(5)],
    ['200 pending for too long', heard(200, { state: 'pending', retryAfterSeconds: 1e9 }), pendingFor(300)],
    ['200 pending for no time', heard(200, { state: 'pending', retryAfterSeconds: 0 }), pendingFor(1)],
    ['200 pending for nonsense', heard(200, { state: 'pending', retryAfterSeconds: '9' }), pendingFor(5)],
    ['200 pending with Retry-After', heard(200, { state: 'pending' }, in7s), pendingFor(7)],
    ['202', heard(202), pendingFor(5)],
    ['202 with Retry-After', heard(202, '', in7s), pendingFor(7)],
    ['202 with a far Retry-After', heard(202, '', { 'retry-after': '9999' }), pendingFor(300)],
    ['202 that says inForce', heard(202, inForce), pendingFor(5)],
    ['202 with what is no JSON', heard(202, 'queued'), pendingFor(5)],
    ['302', heard(302, inForce, { location: 'https://evil.example/' }), unknown],
    ['303', heard(303), unknown],
    ['304', heard(304), unknown],
    ['400', heard(400), refused(400)],
    ['401', heard(401), ours(401)],
    ['403', heard(403), ours(403)],
    ['404', heard(404), refused(404)],
    ['407', heard(407), ours(407)],
    ['408', heard(408, '', in7s), unknownFor7s],
    ['409', heard(409), refused(409)],
    ['410', heard(410), refused(410)],
    ['422 inForce', heard(422, inForce), refused(422)],
    ['429', heard(429), unavailable(429)],
    ['429 with Retry-After', heard(429, '', in7s), unavailable(429, { retryAfterMs: 7_000 })],
    [
      '429 with a date',
      heard(429, '', { 'retry-after': 'Fri, 06 Nov 2026 08:49:37 GMT' }),
      unavailable(429, { retryAfterMs: 30_000 }),
    ],
    ['429 with nonsense', heard(429, '', { 'retry-after': 'soon' }), unavailable(429)],
    ['500', heard(500), unknown],
    ['500 with Retry-After', heard(500, '', in7s), unknownFor7s],
    ['501', heard(501), unknown],
    ['502', heard(502, '', in7s), unknownFor7s],
    ['503', heard(503, '', in7s), unavailable(503, { retryAfterMs: 7_000 })],
    ['504', heard(504), unknown],
    ['599', heard(599), unknown],
    ['nothing that was sent', unsent, notSent],
    ['what broke off', broken, unknown],
  ])('%s', (_, exchange, expected) => {
    expect(toApplyAnswer(exchange, receiver, NOW)).toEqual(expected);
  });
});

describe('to a release', () => {
  test.each<[string, Exchange, object]>([
    ['200 absent', heard(200, absent), reported],
    ['200 without a body', heard(200), accepted],
    ['204', heard(204), accepted],
    ['200 inForce', heard(200, inForce), unavailable(200)],
    [
      '200 inForce with a time',
      heard(200, { state: 'inForce', retryAfterSeconds: 3 }),
      unavailable(200, { retryAfterMs: 3_000 }),
    ],
    ['200 pending', heard(200, pending), pendingFor(9)],
    ['202', heard(202), pendingFor(5)],
    ['202 that says absent', heard(202, absent), pendingFor(5)],
    ['302', heard(302), unknown],
    ['400', heard(400), unavailable(400)],
    ['401', heard(401), ours(401)],
    ['403', heard(403), ours(403)],
    ['404', heard(404), reported],
    ['404 with a page', heard(404, '<html></html>'), reported],
    ['407', heard(407), ours(407)],
    ['408', heard(408), unknown],
    ['409', heard(409, '', in7s), unavailable(409, { retryAfterMs: 7_000 })],
    ['410', heard(410), reported],
    ['422', heard(422), unavailable(422)],
    ['429', heard(429, '', in7s), unavailable(429, { retryAfterMs: 7_000 })],
    ['500', heard(500, absent), unknown],
    ['503', heard(503), unavailable(503)],
    ['nothing that was sent', unsent, notSent],
    ['what broke off', broken, unknown],
  ])('%s', (_, exchange, expected) => {
    expect(toReleaseAnswer(exchange, receiver, NOW)).toEqual(expected);
  });
});

describe('to a verify', () => {
  test.each<[string, Exchange, object]>([
    ['200 inForce', heard(200, inForce), { kind: 'present' }],
    ['200 absent', heard(200, absent), { kind: 'absent' }],
    ['200 pending', heard(200, pending), pendingFor(9)],
    ['202', heard(202, inForce), pendingFor(5)],
    ['200 without a body', heard(200), unknown],
    ['204', heard(204), unknown],
    ['302', heard(302), unknown],
    ['400', heard(400, absent), unknown],
    ['401', heard(401), { ...unknown, fault: 'ours' }],
    ['403', heard(403), { ...unknown, fault: 'ours' }],
    ['407', heard(407), { ...unknown, fault: 'ours' }],
    ['404', heard(404), unknown],
    ['410', heard(410, absent), unknown],
    ['429', heard(429, '', in7s), unknownFor7s],
    ['500', heard(500, inForce), unknown],
    ['503', heard(503, '', in7s), unknownFor7s],
    ['nothing that was sent', unsent, unknown],
    ['what broke off', broken, unknown],
  ])('%s', (_, exchange, expected) => {
    expect(toPresence(exchange, receiver, NOW)).toEqual(expected);
  });
});

test.each([...UNCLEAR, ...MORE_UNCLEAR])('a body of %j says nothing to anybody', (body) => {
  for (const meaning of [toApplyAnswer, toReleaseAnswer, toPresence]) {
    expect(meaning(heard(200, body), receiver, NOW)).toEqual(unknown);
  }
});

test.each([
  ['UTF-16', Buffer.from(JSON.stringify(inForce), 'utf16le')],
  [
    'invalid UTF-8',
    Buffer.concat([Buffer.from('{"state":"inForce","message":"'), Buffer.from([0xff]), Buffer.from('"}')]),
  ],
])('a body in %s says nothing to anybody', (_, body) => {
  for (const meaning of [toApplyAnswer, toReleaseAnswer, toPresence]) {
    expect(meaning({ kind: 'answered', status: 200, headers: {}, body }, receiver, NOW)).toEqual(unknown);
  }
});

describe('a message', () => {
  const messageOf = (exchange: Exchange): string => {
    const answer = toApplyAnswer(exchange, receiver, NOW);
    return 'message' in answer ? answer.message : '';
  };

  test('names the receiver, its status and its words', () => {
    expect(messageOf(heard(409, { message: 'The list is full' }))).toBe('soar.example answered 409: The list is full.');
    expect(messageOf(heard(409, 'The list is full'))).toBe('soar.example answered 409.');
    expect(messageOf(heard(200, { message: 'Hello' }))).toBe(
      'soar.example answered 200: Hello. Its body has no state that is known.',
    );
  });

  test('takes the words for hostile', () => {
    expect(messageOf(heard(400, { message: '\u001b[2J<b>\r\n\u202ehello s3cret' }))).toBe(
      'soar.example answered 400: [2J<b> hello ***.',
    );
    expect(messageOf(heard(400, { message: { a: 1 } }))).toBe('soar.example answered 400.');
    expect(messageOf(heard(400, { message: `${'x'.repeat(258)} s3cret` }))).not.toContain('s3');
    expect(messageOf(heard(400, { message: 'x'.repeat(60_000) }))).toHaveLength(300);
  });

  test('says why nothing was sent', () => {
    expect(messageOf(unsent)).toBe('Nothing was sent to soar.example: connect ECONNREFUSED 192.0.2.1:443.');
    const blocked: Exchange = { kind: 'unsent', error: new PrivateAddress('soar.example') };
    expect(toApplyAnswer(blocked, receiver, NOW)).toMatchObject({ kind: 'unavailable', fault: 'ours' });
    expect(toPresence(blocked, receiver, NOW)).toMatchObject({ kind: 'unknown', fault: 'ours' });
    expect(messageOf(blocked)).toMatch(/not public, and allowPrivate is not set\.$/);
  });
});
