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
  order: ClientOrder;
  ops: number;
  /** When the next create may go. */
  createAt: number;
}

export function createClient(settings: Settings, log: AppendLog): Client {
  return {
    settings,
    log,
    random: seededRandom(settings.seed),
    agent: new http.Agent({ keepAlive: true, maxSockets: settings.workers }),
    known: [],
    order: 'load',
    ops: 0,
    createAt: 0,
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
      client.known.push({ id, target: wanted.target, isCancelled: false });
    }
    const mayRepeat = wanted.key !== undefined || attempt < NAIVE_ATTEMPTS;
    if (!isOpen(answered) || !mayRepeat) return;
    await delay(AWAY_MS * Math.min(10, attempt));
  }
}

async function cancel(client: Client, known: Known): Promise<void> {
  known.isCancelled = true;
  client.ops += 1;
  const wanted: Wanted = { op: client.ops, verb: 'cancel', target: known.target, id: known.id };
  await record(client, wanted, 1, () => send(client, 'POST', `/${known.id}/cancelSecurityAction`));
}

async function get(client: Client, { id, target }: Known): Promise<void> {
  client.ops += 1;
  const answered = await record(client, { op: client.ops, verb: 'get', target, id }, 1, () =>
    send(client, 'GET', `/${id}`),
  );
  if (!answered) await delay(AWAY_MS);
}

const CANCELLED_SHARE = 0.02;

/** One worker: always one request in flight. */
export async function work(client: Client): Promise<void> {
  while (client.order !== 'finish') {
    const now = performance.now();
    const everyMs = 1_000 / (client.order === 'calm' ? 5 : client.settings.createsPerSecond);
    // Among the newest: those still move.
    const known = client.known.at(-1 - Math.floor(client.random() * Math.min(2_000, client.known.length)));
    if (now >= client.createAt) {
      client.createAt = Math.max(client.createAt, now - 1_000) + everyMs;
      await create(client);
    } else if (client.order === 'calm' || !known) await delay(AWAY_MS);
    else if (!known.isCancelled && client.random() < CANCELLED_SHARE) await cancel(client, known);
    else await get(client, known);
  }
}
