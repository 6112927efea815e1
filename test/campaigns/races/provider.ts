/** A product as a process of its own: keeps what is in force, logs each effect, and is late, deaf and rude at random. */
import { appendFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { seededRandom } from '../../../packages/server/src/dispatch/testing/seeded-random.ts';

const [log = '', seed = '1'] = process.argv.slice(2);
const random = seededRandom(Number(seed));
const inForce = new Set<string>();

function carryOut(kind: string, target: string): void {
  if (kind === 'verify') return;
  if (kind === 'apply') inForce.add(target);
  else inForce.delete(target);
  appendFileSync(log, `${kind} ${target}\n`);
}

async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  if (request.method === 'GET') {
    response.end(JSON.stringify([...inForce]));
    return;
  }
  const { type, data } = JSON.parse(Buffer.concat(chunks).toString()) as { type: string; data: { target: string } };
  const [kind = '', manner] = [type.split('.')[1], random()];
  await delay(Math.floor(random() * 25));
  if (manner < 0.02) {
    response.writeHead(503).end();
    return;
  }
  carryOut(kind, data.target);
  if (manner < 0.05) {
    response.socket?.destroy();
    return;
  }
  if (manner < 0.15) await delay(Math.floor(random() * 400));
  response.writeHead(200, { 'Content-Type': 'application/json' });
  response.end(JSON.stringify({ state: inForce.has(data.target) ? 'inForce' : 'absent' }));
}

const server = createServer((request, response) => void serve(request, response));
server.listen(0, '127.0.0.1', () => console.log((server.address() as AddressInfo).port));
process.once('disconnect', () => process.exit());
