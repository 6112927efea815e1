import { readFileSync } from 'node:fs';
import http from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { seededRandom } from '../../packages/server/src/dispatch/testing/seeded-random.ts';
import type { AppendLog } from './append-log.ts';
import type { ClientOrder, Invoked } from './records.ts';

export interface Settings {
  readonly history: string;
  /** Addresses of the servers, any of which may be away. */
  readonly urls: readonly string[];
  readonly tokenFile: string;
  readonly providers: readonly string[];
  /** Requests in flight. */
  readonly workers: number;
  readonly createsPerSecond: number;
  /** Reads, and among them cancels. The servers are to be busy, and not so busy that a start takes for ever. */
  readonly looksPerSecond: number;
  readonly seed: number;
}

interface Known {
  readonly id: string;
  readonly target: string;
  isCancelled: boolean;
}

export interface Client {
  readonly settings: Settings;
  readonly log: AppendLog;
  readonly random: () => number;
  readonly agent: http.Agent;
  readonly known: Known[];
  /** Of these, what nobody has seen final: so much the servers and the product have still before them. */
  readonly open: Known[];
  order: ClientOrder;
  ops: number;
  /** When the next create may go, and the next look. */
  createAt: number;
  lookAt: number;
}

export function createClient(settings: Settings, log: AppendLog): Client {
  return {
    settings,
    log,
    random: seededRandom(settings.seed),
    agent: new http.Agent({ keepAlive: true, maxSockets: settings.workers }),
    known: [],
    open: [],
    order: 'load',
    ops: 0,
    createAt: 0,
    lookAt: 0,
  };
}

interface Answered {
  readonly httpStatus: number;
  readonly json: { readonly id?: string; readonly status?: string; readonly enforcement?: { readonly state: string } };
}

const pick = <Item>(items: readonly Item[], random: () => number): Item =>
  items[Math.floor(random() * items.length)] as Item;

/** Undefined where no whole answer came. */
function send(
  client: Client,
  method: string,
  path: string,
  body?: object,
  key?: string,
): Promise<Answered | undefined> {
  const { urls, tokenFile } = client.settings;
  return new Promise((resolve) => {
    const headers = {
      Authorization: `Bearer ${readFileSync(tokenFile, 'utf8').trim()}`,
      'Content-Type': 'application/json',
      ...(key !== undefined && { 'Idempotency-Key': key }),
    };
    const url = `${pick(urls, client.random)}/beta/security/securityActions${path}`;
    const request = http.request(url, { method, headers, agent: client.agent, timeout: 20_000 }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', () => resolve(undefined));
      response.on('close', () => {
        if (!response.complete) resolve(undefined);
      });
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        resolve({ httpStatus: response.statusCode ?? 0, json: text === '' ? {} : JSON.parse(text) });
      });
    });
    request.on('timeout', () => request.destroy(new Error('silence')));
    request.on('error', () => resolve(undefined));
    request.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

type Wanted = Pick<Invoked, 'op' | 'verb' | 'target' | 'id' | 'key' | 'ttlMs'>;

/** Below 500 a refusal says that nothing was done; a 500 may have been, as the contract says. */
const kindOf = (status: number): 'ok' | 'fail' | 'info' => (status < 300 ? 'ok' : status === 500 ? 'info' : 'fail');

/** One request with its two lines of history. */
async function record(
  client: Client,
  wanted: Wanted,
  attempt: number,
  sent: () => Promise<Answered | undefined>,
): Promise<Answered | undefined> {
  const { log } = client;
  await log.append({ at: Date.now(), kind: 'invoke', ...wanted, attempt });
  const answered = await sent();
  const ended = { at: Date.now(), op: wanted.op, attempt };
  if (!answered) {
    await log.append({ ...ended, kind: 'info' });
    return undefined;
  }
  const { httpStatus, json } = answered;
  const seen = { id: wanted.id ?? json.id, status: json.status, state: json.enforcement?.state };
  await log.append({ ...ended, kind: kindOf(httpStatus), httpStatus, ...seen });
  return answered;
}

const AWAY_MS = 20;
/** A server that starts needs the processor more than its clients do. */
const MOST_AWAYS = 10;
const IDLE_MS = 50;
/** A request without a key is repeated by clients that know no better: twice at most. */
const NAIVE_ATTEMPTS = 2;

function wantedCreate(client: Client): { readonly wanted: Wanted; readonly body: object } {
  const { random, settings } = client;
  client.ops += 1;
  const op = client.ops;
  const target = `2001:db8:${(Math.floor(op / 65_535) + 1).toString(16)}::${((op % 65_535) + 1).toString(16)}`;
  const key = random() < 0.6 ? `key-${settings.seed}-${op}` : undefined;
  const ttlMs = random() < 0.15 ? 2_000 + Math.floor(random() * 4) * 1_000 : undefined;
  const body = {
    name: 'BlockIp',
    parameters: [{ name: 'IP', value: target }],
    vendorInformation: { provider: pick(settings.providers, random) },
    ...(ttlMs !== undefined && { ttl: `PT${ttlMs / 1_000}S` }),
  };
  return { wanted: { op, verb: 'create', target, ...(key && { key }), ...(ttlMs && { ttlMs }) }, body };
}

/** Whether it may have been done, or another request under its key was still under way. */
const isOpen = (answered: Answered | undefined): boolean => !answered || [409, 500, 503].includes(answered.httpStatus);

async function create(client: Client): Promise<void> {
  const { wanted, body } = wantedCreate(client);
  for (let attempt = 1; ; attempt += 1) {
    const answered = await record(client, wanted, attempt, () => send(client, 'POST', '', body, wanted.key));
    const { id } = answered?.json ?? {};
    if (answered?.httpStatus === 201 && id !== undefined) {
      const known = { id, target: wanted.target, isCancelled: false };
      client.known.push(known);
      client.open.push(known);
    }
    const mayRepeat = wanted.key !== undefined || attempt < NAIVE_ATTEMPTS;
    if (!isOpen(answered) || !mayRepeat) return;
    await delay(AWAY_MS * Math.min(MOST_AWAYS, attempt));
  }
}

async function cancel(client: Client, known: Known): Promise<void> {
  known.isCancelled = true;
  client.ops += 1;
  const wanted: Wanted = { op: client.ops, verb: 'cancel', target: known.target, id: known.id };
  await record(client, wanted, 1, () => send(client, 'POST', `/${known.id}/cancelSecurityAction`));
}

async function get(client: Client, known: Known): Promise<void> {
  const { id, target } = known;
  client.ops += 1;
  const answered = await record(client, { op: client.ops, verb: 'get', target, id }, 1, () =>
    send(client, 'GET', `/${id}`),
  );
  const { status = '' } = answered?.json ?? {};
  const place =
    ['Completed', 'Failed'].includes(status) || answered?.httpStatus === 404 ? client.open.indexOf(known) : -1;
  if (place >= 0) client.open.splice(place, 1);
  if (!answered) await delay(AWAY_MS);
}

const CANCELLED_SHARE = 0.06;
const CALM_PER_SECOND = 5;
/** What was held up is made up for, but no more than this. */
const BEHIND_MS = 1_000;
/** A product with bad manners on a busy machine falls behind: what came last would wait for minutes, whole lives too. */
const MOST_OPEN = 150;

/** Whether it is time; if so, when the next one may go. */
function nextOf(at: number, now: number, perSecond: number): number | undefined {
  return now < at ? undefined : Math.max(at, now - BEHIND_MS) + 1_000 / perSecond;
}

async function look(client: Client, known: Known): Promise<void> {
  if (!known.isCancelled && client.random() < CANCELLED_SHARE) await cancel(client, known);
  else await get(client, known);
}

/** What is due now, if anything is. */
function nextTurn(client: Client): Promise<void> | undefined {
  const { createsPerSecond, looksPerSecond } = client.settings;
  const now = performance.now();
  const isCalm = client.order === 'calm';
  const createAt = nextOf(client.createAt, now, isCalm ? CALM_PER_SECOND : createsPerSecond);
  if (createAt !== undefined && client.open.length < MOST_OPEN) {
    client.createAt = createAt;
    return create(client);
  }
  const lookAt = nextOf(client.lookAt, now, looksPerSecond);
  // What moves, and what should move no more.
  const known =
    client.random() < 0.5 && client.open.length > 0
      ? pick(client.open, client.random)
      : client.known.at(-1 - Math.floor(client.random() * Math.min(2_000, client.known.length)));
  if (lookAt === undefined || isCalm || !known) return undefined;
  client.lookAt = lookAt;
  return look(client, known);
}

/** One worker: at most one request in flight. */
export async function work(client: Client): Promise<void> {
  while (client.order !== 'finish') await (nextTurn(client) ?? delay(IDLE_MS));
}
