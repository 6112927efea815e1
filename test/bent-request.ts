import { seededRandom } from '../packages/server/src/dispatch/testing/seeded-random.ts';
import { ROUTES } from '../packages/server/src/http/routes.ts';
import { aRequest } from './attacked-server.ts';
import type { PlainRequest } from './plain-http.ts';

/** What chance decides, by a seed: the same one makes the same requests. */
export interface Dice {
  below(limit: number): number;
  of<Item>(items: readonly Item[]): Item;
  chance(share: number): boolean;
}

export function throwDice(seed: number): Dice {
  const random = seededRandom(seed);
  const below = (limit: number): number => Math.floor(random() * limit);
  return {
    below,
    of<Item>(items: readonly Item[]): Item {
      return items[below(items.length)] as Item;
    },
    chance: (share) => random() < share,
  };
}

const NASTY: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  1e308,
  1.5,
  2 ** 53,
  '',
  ' ',
  '\u0000',
  '\ud800',
  '\u202e',
  '\ufeff',
  "'; drop table action; --",
  '#{7*7}',
  '{{7*7}}',
  '<script>alert(1)</script>',
  '../../etc/passwd',
  '%s%n%x',
  '\u001b[2J',
  '=1+1',
  '__proto__',
  'constructor',
  'toString',
  'x'.repeat(5_000),
  [],
  {},
  [[[[]]]],
  { a: { b: { c: null } } },
  '198.51.100.9',
  '127.0.0.1',
  '::1',
  'PT1H',
  'P9999999D',
  '2099-01-01T00:00:00Z',
  'edge',
  'simulator',
  'BlockIp',
  'BlockUrl',
];
const NAMES = [
  'id',
  'name',
  'status',
  'states',
  'parameters',
  'vendorInformation',
  'errorInfo',
  'ttl',
  'expirationDateTime',
  'scheduledDateTime',
  'enforcement',
  'completedDateTime',
  '@odata.type',
  '@odata.id',
  'own',
  'value',
  'provider',
  '',
  '__proto__',
  'x'.repeat(70),
];
const BODIES: readonly unknown[] = [
  aRequest(),
  aRequest({ ttl: 'PT1H', own: { a: [1, 2] } }),
  aRequest({ name: 'BlockUrl', parameters: [{ name: 'URL', value: 'http://evil.example/x?y=z' }] }),
  aRequest({ name: 'BlockDomain', parameters: [{ name: 'Domain', value: 'evil.example' }] }),
  aRequest({
    name: 'Block',
    parameters: [
      { name: 'targetName', value: 'destinationAddress' },
      { name: 'targetValue', value: '198.51.100.4' },
    ],
  }),
  {
    name: 'x',
    status: 'Completed',
    states: [{ status: 'x', updatedDateTime: '2017-01-01T00:00:00+03:00' }],
    errorInfo: { code: 1, subcode: 2, message: 'x' },
  },
  { '@odata.id': '/beta/security/securityActions/x' },
  { reason: 'because' },
];

/** A value with something in it put in the place of something else. */
function bendValue(dice: Dice, value: unknown): unknown {
  if (dice.chance(0.25) || typeof value !== 'object' || value === null) return dice.of(NASTY);
  if (Array.isArray(value)) {
    if (value.length === 0 || dice.chance(0.3)) return [...value, dice.of(NASTY)];
    const at = dice.below(value.length);
    return value.map((item, index) => (index === at ? bendValue(dice, item) : item));
  }
  const names = Object.keys(value);
  const name = dice.chance(0.3) || names.length === 0 ? dice.of(NAMES) : dice.of(names);
  return { ...value, [name]: bendValue(dice, (value as Readonly<Record<string, unknown>>)[name]) };
}

const PIECES = [
  '"',
  '{',
  '}',
  '[',
  ']',
  ',',
  ':',
  '\\',
  '\\u0000',
  '\u0000',
  'null',
  '1e999',
  '\ufeff',
  '/**/',
  '"a":1,',
  '\u00e9',
  '-',
];

/** Text with a piece cut out, put in, or doubled. */
export function bendText(dice: Dice, text: string): string {
  const [from, length] = [dice.below(text.length + 1), dice.below(12)];
  const kind = dice.below(3);
  if (kind === 0) return text.slice(0, from) + text.slice(from + length);
  if (kind === 1) return text.slice(0, from) + dice.of(PIECES) + text.slice(from);
  return text.slice(0, from + length) + text.slice(from);
}

/** Bends up to three times more. */
export function repeatedly<Value>(dice: Dice, value: Value, bend: (value: Value) => Value): Value {
  let bent = value;
  for (let times = dice.below(4); times > 0; times -= 1) bent = bend(bent);
  return bent;
}

const SEGMENTS = [
  '',
  '.',
  '..',
  '%2e',
  '%2F',
  '%00',
  '%',
  '%zz',
  '%ff',
  '$count',
  '$ref',
  "('x')",
  '(1)',
  'beta',
  'v1.0',
  'localtest',
  'microsoft.graph.x',
  'x'.repeat(210),
  '%E2%82%AC',
  ';a=b',
  '~',
  '@',
  '*',
];
const QUERIES = [
  '$top=5',
  '$top=x',
  '$count=true',
  '$filter=a',
  '$skiptoken=a.b',
  '$skiptoken=',
  '$',
  '=',
  '&',
  '%24top=1',
  '$top=1&top=1',
  'x=%zz',
  'x=%ff',
  '?',
  '$search="a"',
  '$expand=$expand=$expand',
  `$filter=${'('.repeat(500)}`,
];
const HEADERS: Readonly<Record<string, readonly string[]>> = {
  Accept: ['*/*', 'text/html', 'application/json;q=', ',,,', ';;;', 'a/b;c="d', '*/*;q=0', 'x'.repeat(4_000)],
  'Content-Type': ['application/json', 'text/plain', '', '/', 'application/json;charset=', ';', 'a/b;c=d;e'],
  'Content-Encoding': ['gzip', 'identity', 'br', ''],
  'Idempotency-Key': ['a', '""', '"a"', '"', '\\', 'x'.repeat(300), '\u00e9'],
  'Repeatability-Request-ID': ['a', '', 'x'.repeat(300)],
  'Repeatability-First-Sent': ['', 'x', new Date().toUTCString(), 'Thu, 01 Jan 1970 00:00:00 GMT'],
  'If-Match': ['*', 'W/"1"', ''],
  'If-None-Match': ['*', 'W/"1"', '"', ',,', ''],
  Prefer: ['return=minimal', 'x', '=', 'odata.maxpagesize=x', ''],
  'client-request-id': ['e70c5c1b-8b47-68c0-3171-3d22f5e0bd54', '', '\u00e9', 'x'.repeat(256), 'x'.repeat(257), 'a b'],
  Authorization: ['Bearer', 'Bearer x', 'Basic x', 'Bearer a.b.c', 'Basic ZmlyZXdhbGw6eA==', ''],
  'X-Forwarded-For': ['127.0.0.1', ',,,', 'x'.repeat(500)],
  'X-Forwarded-Host': ['evil.example'],
  Range: ['bytes=0-1', 'bytes=-'],
  Expect: ['100-continue', 'x'],
  Connection: ['close', 'keep-alive, x'],
  Cookie: ['a=b'],
  'Retry-Attempt': ['1', 'x'],
};

export interface Bent extends PlainRequest {
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
}

function bendPath(dice: Dice, path: string): string {
  const segments = path.split('/');
  const at = 1 + dice.below(segments.length);
  const kind = dice.below(4);
  if (kind === 0) segments.splice(at, 0, dice.of(SEGMENTS));
  else if (kind === 1) segments[at - 1] = dice.of(SEGMENTS);
  else if (kind === 2) segments.splice(at - 1, 1);
  else
    return path.replace(/[a-z]/gi, (letter) => (dice.chance(0.2) ? `%${letter.charCodeAt(0).toString(16)}` : letter));
  return segments.join('/').startsWith('/') ? segments.join('/') : `/${segments.join('/')}`;
}

function bendHeaders(dice: Dice): Record<string, string> {
  const names = repeatedly<readonly string[]>(dice, [], (all) => [...all, dice.of(Object.keys(HEADERS))]);
  return Object.fromEntries(names.map((name) => [name, dice.of(HEADERS[name] ?? [''])]));
}

const WITHOUT_BODY = ['GET', 'HEAD', 'OPTIONS', 'TRACE', 'QUERY'];

function bendBody(dice: Dice): string {
  if (dice.chance(0.1)) return '';
  const text = JSON.stringify(repeatedly(dice, dice.of(BODIES), (bent) => bendValue(dice, bent)));
  return dice.chance(0.3) ? repeatedly(dice, text, (bent) => bendText(dice, bent)) : text;
}

function bendTarget(dice: Dice, route: string): string {
  const version = dice.of(['/beta', '/v1.0', '/localtest', '']);
  const path = `${version}${route.replace(/:\w+/g, dice.of(['nothing', 'blocklist', 'ip.txt', '0']))}`;
  const query = repeatedly<readonly string[]>(dice, [], (all) => [...all, dice.of(QUERIES)]).join('&');
  const bent = dice.chance(0.4) ? repeatedly(dice, path, (once) => bendPath(dice, once)) : path;
  return query === '' ? bent : `${bent}?${query}`;
}

/** A request to one of the routes, with something wrong in its method, path, query, headers or body, or in several. */
export function bendRequest(dice: Dice): Bent {
  // A stream answers without end.
  const route = dice.of(ROUTES.filter(({ offers }) => offers !== 'text/event-stream'));
  const method = dice.chance(0.1) ? dice.of(['PUT', 'PATCH', 'DELETE', ...WITHOUT_BODY]) : route.method;
  const target = bendTarget(dice, route.path);
  const headers = bendHeaders(dice);
  if (WITHOUT_BODY.includes(method)) return { method, target, headers };
  const body = bendBody(dice);
  // Node would send a body without saying how long it is, and it would be taken for the next request.
  return { method, target, headers: { ...headers, 'Content-Length': String(Buffer.byteLength(body)) }, body };
}
