import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { HostileAnswer, Misbehaviour } from '../../testing.ts';
import { errorOf, type Said, TenantModel } from './tenant-model.ts';

export const ENTRA_TENANT = '0a1b2c3d-0000-4000-8000-00000000000a';
export const CLIENT = '0a1b2c3d-0000-4000-8000-00000000000c';
export const CLIENT_SECRET = 'q8~double.Of+Defender/secret=';

export const PERMISSIONS = [
  'Ti.ReadWrite.All',
  'Machine.Read.All',
  'Machine.Isolate',
  'Machine.RestrictExecution',
  'Machine.Scan',
  'Machine.CollectForensics',
] as const;

interface Limits {
  readonly perMinute: number;
  readonly perHour?: number;
}

/** One API of the documentation: its limits are counted by themselves. */
interface Endpoint {
  readonly name: string;
  readonly method: 'GET' | 'POST';
  readonly path: RegExp;
  /** Any of these will do. */
  readonly permissions: readonly string[];
  readonly limits: Limits;
}

const USUAL: Limits = { perMinute: 100, perHour: 1_500 };
const TI = ['Ti.ReadWrite', 'Ti.ReadWrite.All'];
const READ = ['Machine.Read.All', 'Machine.ReadWrite.All'];
const machine = (verb: string, permission: string): Endpoint => ({
  name: verb,
  method: 'POST',
  path: new RegExp(`^/api/machines/([^/]+)/(${verb})$`),
  permissions: [permission],
  limits: USUAL,
});

const ENDPOINTS: readonly Endpoint[] = [
  { name: 'list', method: 'GET', path: /^\/api\/indicators$/, permissions: TI, limits: USUAL },
  { name: 'import', method: 'POST', path: /^\/api\/indicators\/import$/, permissions: TI, limits: { perMinute: 30 } },
  {
    name: 'batchDelete',
    method: 'POST',
    path: /^\/api\/indicators\/BatchDelete$/,
    permissions: TI,
    limits: { perMinute: 30, perHour: 1_500 },
  },
  { name: 'machineActions', method: 'GET', path: /^\/api\/machineactions$/, permissions: READ, limits: USUAL },
  {
    name: 'cancel',
    method: 'POST',
    path: /^\/api\/machineactions\/([^/]+)\/cancel$/,
    permissions: ['Machine.Isolate', 'Machine.RestrictExecution', 'Machine.Scan', 'Machine.CollectForensics'],
    limits: USUAL,
  },
  machine('isolate', 'Machine.Isolate'),
  machine('unisolate', 'Machine.Isolate'),
  machine('restrictCodeExecution', 'Machine.RestrictExecution'),
  machine('unrestrictCodeExecution', 'Machine.RestrictExecution'),
  machine('runAntiVirusScan', 'Machine.Scan'),
  machine('collectInvestigationPackage', 'Machine.CollectForensics'),
];

/** One request as the double got it. */
export interface Received {
  readonly endpoint: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: Readonly<Record<string, unknown>>;
}

export interface DoubleOptions {
  readonly permissions?: readonly string[];
  /** Life of a token in seconds. */
  readonly tokenSeconds?: number;
  /** How many calls each API takes is not counted. */
  readonly isUnlimited?: true;
  /** Pages are shorter than asked for, and name the address of the next. */
  readonly pageRows?: number;
}

async function* paced({ chunks, pauseMs }: HostileAnswer): AsyncGenerator<Buffer> {
  let isFirst = true;
  for (const chunk of chunks()) {
    if (!isFirst && pauseMs) await delay(pauseMs);
    isFirst = false;
    yield chunk;
  }
}

async function sendHostile(response: ServerResponse, answer: HostileAnswer): Promise<void> {
  response.writeHead(200, { 'content-type': 'application/json' });
  // Who is flooded hangs up, and that is right.
  await pipeline(paced(answer), response, { end: !answer.staysOpen }).catch(() => undefined);
}

function say(response: ServerResponse, { status, body }: Said, headers: Record<string, string> = {}): void {
  if (body === undefined) response.writeHead(status, headers).end();
  else response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
}

const MINUTE_MS = 60_000;

/** `a eq 'b'`, and no other filter. */
function filtered<Row>(rows: readonly Row[], filter: string | null): readonly Row[] | undefined {
  if (filter === null) return rows;
  const [, name = '', quoted = ''] = /^(\w+) eq '((?:[^']|'')*)'$/.exec(filter) ?? [];
  if (name === '') return undefined;
  const value = quoted.replaceAll("''", "'");
  return rows.filter((row) => (row as Readonly<Record<string, unknown>>)[name] === value);
}

/**
 * Defender's API and Entra's token endpoint over real HTTP on loopback, written from their documentation: permissions,
 * limits, errors, eventual machine actions. It is right until it is told to misbehave.
 */
export class DefenderDouble {
  readonly model = new TenantModel();
  readonly received: Received[] = [];
  /** Requests that were too many. */
  throttled = 0;
  /** Tokens that were asked for. */
  tokens = 0;
  secret = CLIENT_SECRET;
  /** Whatever the misbehaviour, reads go well. */
  spareReads = false;
  readonly #options: DoubleOptions;
  /** By token, when it ends. */
  readonly #valid = new Map<string, number>();
  readonly #calls = new Map<string, number[]>();
  readonly #sockets = new Set<Socket>();
  readonly #late: (() => void)[] = [];
  #misbehaviour: Misbehaviour | undefined;
  #hasStruck = false;
  #token: ((response: ServerResponse) => void) | undefined;
  #server: Server | undefined;
  #port = 0;

  constructor(options: DoubleOptions = {}) {
    this.#options = options;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  get tokenUrl(): string {
    return `${this.url}/${ENTRA_TENANT}/oauth2/v2.0/token`;
  }

  /** All that a client must not let be seen. */
  get secrets(): readonly string[] {
    return [CLIENT_SECRET, this.#tokenText(1)];
  }

  async listen(): Promise<void> {
    const server = createServer((request, response) => void this.#take(request, response));
    server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    });
    server.listen(this.#port, '127.0.0.1');
    await once(server, 'listening');
    this.#port = (server.address() as AddressInfo).port;
    this.#server = server;
  }

  async hangUp(): Promise<void> {
    const server = this.#server;
    if (!server) return;
    this.#server = undefined;
    server.close();
    for (const socket of this.#sockets) socket.destroy();
    await once(server, 'close');
  }

  async misbehave(misbehaviour: Misbehaviour): Promise<void> {
    this.#misbehaviour = misbehaviour;
    this.#hasStruck = false;
    if (misbehaviour.kind === 'down') await this.hangUp();
  }

  async behave(): Promise<void> {
    this.#misbehaviour = undefined;
    for (const land of this.#late.splice(0)) land();
    if (!this.#server) await this.listen();
  }

  /** Entra answers so from now on. */
  answerTokens(answer: ((response: ServerResponse) => void) | undefined): void {
    this.#token = answer;
  }

  /** Ends all tokens before their time. */
  revoke(): void {
    this.#valid.clear();
  }

  requestsTo(endpoint: string): readonly Received[] {
    return this.received.filter((each) => each.endpoint === endpoint);
  }

  #tokenText(count: number): string {
    return `eyJ0eXAiOiJKV1QifQ.double-token-${count}.c2lnbmVk`;
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const text = Buffer.concat(chunks).toString();
    const { pathname, searchParams } = new URL(request.url ?? '', this.url);
    if (pathname === new URL(this.tokenUrl).pathname) {
      this.tokens += 1;
      if (this.#token) this.#token(response);
      else say(response, this.#giveToken(text));
      return;
    }
    const endpoint = ENDPOINTS.find(({ method, path }) => method === request.method && path.test(pathname));
    if (!endpoint) {
      say(response, errorOf(404, 'NotFound', `No ${request.method} ${pathname}`));
      return;
    }
    const body = text === '' ? {} : (JSON.parse(text) as Received['body']);
    const received: Received = { endpoint: endpoint.name, path: pathname, query: searchParams, body };
    this.#respond(request, response, endpoint, received);
  }

  #giveToken(text: string): Said {
    const form = new URLSearchParams(text);
    const isRight =
      form.get('grant_type') === 'client_credentials' &&
      form.get('client_id') === CLIENT &&
      form.get('scope') === 'https://api.securitycenter.microsoft.com/.default';
    if (!isRight) {
      return {
        status: 400,
        body: { error: 'invalid_request', error_description: 'AADSTS900144: The request is wrong.' },
      };
    }
    if (form.get('client_secret') !== this.secret) {
      const error_description = 'AADSTS7000215: Invalid client secret provided. Trace ID: 0 Correlation ID: 0';
      return { status: 401, body: { error: 'invalid_client', error_description, error_codes: [7000215] } };
    }
    const seconds = this.#options.tokenSeconds ?? 3_599;
    const token = this.#tokenText(this.tokens);
    this.#valid.set(token, this.model.now() + seconds * 1_000);
    const body = { token_type: 'Bearer', expires_in: seconds, ext_expires_in: seconds, access_token: token };
    return { status: 200, body };
  }

  /** The line of `late`, `lostAnswer` and `halfAnswer` fails with the first write: what is read before it goes through. */
  #isSpared(endpoint: Endpoint): boolean {
    const kind = this.#misbehaviour?.kind;
    if (this.spareReads && endpoint.method === 'GET') return true;
    const isOfWrites = kind === 'late' || kind === 'lostAnswer' || kind === 'halfAnswer';
    return isOfWrites && endpoint.method === 'GET' && !this.#hasStruck;
  }

  #respond(request: IncomingMessage, response: ServerResponse, endpoint: Endpoint, received: Received): void {
    const misbehaviour = this.#isSpared(endpoint) ? undefined : this.#misbehaviour;
    // A look before a late write is no sign that the write has arrived.
    if (misbehaviour || this.#misbehaviour?.kind !== 'late') this.received.push(received);
    if (misbehaviour) this.#hasStruck = true;
    const handle = (): Said => this.#handle(request, endpoint, received);
    switch (misbehaviour?.kind) {
      case 'hang':
        break;
      case 'late':
        this.#late.push(handle);
        break;
      case 'refuse':
        say(response, this.#refusal(endpoint, received, misbehaviour.words));
        break;
      case 'throttle':
        this.#throttle(response, misbehaviour.retryAfterSeconds);
        break;
      case 'nonsense':
        say(response, { status: 200, body: { value: 'perhaps' } });
        break;
      case 'hostile':
        void sendHostile(response, misbehaviour.answer);
        break;
      case 'lostAnswer':
        handle();
        response.socket?.destroy();
        break;
      case 'halfAnswer': {
        const text = JSON.stringify(handle().body ?? { value: [] });
        response.writeHead(200, { 'content-type': 'application/json', 'content-length': text.length });
        response.write(text.slice(0, -2), () => response.socket?.destroy());
        break;
      }
      case 'down':
      case undefined:
        this.#answer(response, endpoint, handle);
    }
  }

  #answer(response: ServerResponse, endpoint: Endpoint, handle: () => Said): void {
    const waitMs = this.#waitOf(endpoint);
    if (waitMs > 0) this.throttled += 1;
    if (waitMs > 0) this.#throttle(response, Math.ceil(waitMs / 1_000));
    else say(response, handle());
  }

  #throttle(response: ServerResponse, seconds: number): void {
    say(response, errorOf(429, 'TooManyRequests', 'Quota limit was reached'), { 'retry-after': String(seconds) });
  }

  /** No for good: an import says so of each indicator. */
  #refusal({ name }: Endpoint, { body }: Received, words: string): Said {
    if (name !== 'import') return errorOf(400, 'BadRequest', words);
    const all = body.Indicators as readonly { readonly indicatorValue: string }[];
    const failed = { id: null, isFailed: true, failureReason: words };
    return {
      status: 200,
      body: { value: all.map(({ indicatorValue }) => ({ ...failed, indicator: indicatorValue })) },
    };
  }

  /** Until the API takes another call. */
  #waitOf({ name, limits }: Endpoint): number {
    if (this.#options.isUnlimited) return 0;
    const now = this.model.now();
    const calls = (this.#calls.get(name) ?? []).filter((at) => at > now - 60 * MINUTE_MS);
    const waits = [
      [limits.perMinute, MINUTE_MS] as const,
      [limits.perHour ?? Number.POSITIVE_INFINITY, 60 * MINUTE_MS] as const,
    ].map(([most, windowMs]) => {
      const within = calls.filter((at) => at > now - windowMs);
      return within.length < most ? 0 : (within.at(-most) ?? now) + windowMs - now;
    });
    const wait = Math.max(...waits);
    if (wait === 0) calls.push(now);
    this.#calls.set(name, calls);
    return wait;
  }

  #handle(request: IncomingMessage, endpoint: Endpoint, received: Received): Said {
    const token = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1] ?? '';
    if ((this.#valid.get(token) ?? 0) <= this.model.now())
      return errorOf(401, 'Unauthorized', `Token ${token} is not valid`);
    const granted = this.#options.permissions ?? PERMISSIONS;
    if (!endpoint.permissions.some((each) => granted.includes(each))) {
      return errorOf(403, 'Forbidden', `The application does not have any of the required permissions`);
    }
    const isJson = request.headers['content-type'] === 'application/json';
    if (endpoint.method === 'POST' && !isJson) return errorOf(400, 'InvalidRequestBody', 'Request body is incorrect');
    return this.#do(endpoint, received);
  }

  #do({ name, path }: Endpoint, { path: pathname, query, body }: Received): Said {
    const us = { id: CLIENT, name: 'Interdict' };
    const [, id = '', verb = ''] = path.exec(pathname) ?? [];
    switch (name) {
      case 'list': {
        const seesAll = (this.#options.permissions ?? PERMISSIONS).includes('Ti.ReadWrite.All');
        return this.#page(
          this.model.active().filter((each) => seesAll || each.createdBy === CLIENT),
          query,
        );
      }
      case 'import':
        return this.model.importAll(body, us);
      case 'batchDelete':
        return this.model.batchDelete(body);
      case 'machineActions': {
        const page = this.#page(this.model.actions, query);
        // Between two looks the devices come farther.
        const answer = structuredClone(page);
        this.model.step();
        return answer;
      }
      case 'cancel':
        return this.model.cancel(id);
      default:
        return this.model.start(id, verb, body, us.name);
    }
  }

  #page(rows: readonly object[], query: URLSearchParams): Said {
    const found = filtered(rows, query.get('$filter'));
    const top = Number(query.get('$top') ?? 10_000);
    if (!found || !(top <= 10_000)) return errorOf(400, 'ODataError', 'Invalid OData URI query');
    const skip = Number(query.get('$skip') ?? 0);
    const value = found.slice(skip, skip + Math.min(top, this.#options.pageRows ?? top));
    const isLast = skip + value.length >= found.length || value.length === top;
    const next = isLast ? {} : { '@odata.nextLink': `${this.url}/elsewhere?$skip=${skip + value.length}` };
    return { status: 200, body: { '@odata.context': `${this.url}/api/$metadata`, value, ...next } };
  }
}
