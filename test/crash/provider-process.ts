import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { seededRandom } from '../../packages/server/src/dispatch/testing/seeded-random.ts';
import { openAppendLog } from './append-log.ts';
import { isTooLate, MANNERS, type MannerName, pickManner, WELL_TREATED } from './bad-manners.ts';
import type { EffectLine, ProviderOrder } from './records.ts';

/**
 * A product behind a webhook, as a process of its own: `provider-process.ts PORT LOG SEED`. What it enforces it writes
 * down before it answers, and it misbehaves until it is told `good` on its input, to all but a few. `GET /` lists what is in force.
 */
const [port = '0', logFile = '', seed = '1'] = process.argv.slice(2);
const log = openAppendLog(logFile);
const random = seededRandom(Number(seed));
const inForce = new Set<string>();
const state = { isBad: true };

type Call = Pick<EffectLine, 'verb' | 'operationId' | 'target'>;

async function carryOut(call: Call, manner: MannerName): Promise<void> {
  if (call.verb === 'apply') inForce.add(call.target);
  if (call.verb === 'release') inForce.delete(call.target);
  await log.append({ at: Date.now(), kind: 'effect', ...call, manner } satisfies EffectLine);
}

function answer(response: ServerResponse, status: number, body?: object): void {
  if (response.destroyed) return;
  const headers = { 'Content-Type': 'application/json', ...(status === 429 && { 'Retry-After': '1' }) };
  response.writeHead(status, headers).end(body === undefined ? '' : JSON.stringify(body));
}

const stateOf = ({ target }: Call): object => ({ state: inForce.has(target) ? 'inForce' : 'absent' });

async function serveCall(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const { type, data } = JSON.parse(Buffer.concat(chunks).toString()) as { type: string; data: { target: string } };
  const verb = type.slice('securityAction.'.length) as Call['verb'];
  const call: Call = { verb, operationId: String(request.headers['webhook-id']), target: data.target };
  const manner = state.isBad && request.url !== WELL_TREATED ? pickManner(random()) : 'good';
  await log.append({ at: Date.now(), kind: 'call', ...call, manner } satisfies EffectLine);
  const { waitMs, takes, ends } = MANNERS[manner];
  if (waitMs > 0) await delay(waitMs);
  // In whole seconds, rounded down: it seems older than it is, at most.
  if (isTooLate(Number(request.headers['webhook-timestamp']) * 1_000, Date.now())) {
    response.socket?.destroy();
    return;
  }
  if (takes && verb !== 'verify') await carryOut(call, manner);
  if (ends === 'reset') response.socket?.destroy();
  else if (ends === 'answer') answer(response, 200, stateOf(call));
  else if (ends !== 'hang') answer(response, ends);
}

const server = createServer((request, response) => {
  response.on('error', () => undefined);
  if (request.method === 'GET') answer(response, 200, [...inForce]);
  else serveCall(request, response).catch(() => response.destroy());
});
server.keepAliveTimeout = 60_000;
server.listen(Number(port), '127.0.0.1');
await once(server, 'listening');
console.log('ready');
for await (const line of createInterface({ input: process.stdin })) state.isBad = (line as ProviderOrder) === 'bad';
process.exit(0);
