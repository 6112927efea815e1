/**
 * A process of the bench: a product that answers each call, at once or after a time, and counts what it put in force.
 * Asked to watch, it tells of what comes then.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { monotonicMs } from './monotonic.ts';

const answersAfterMs = Number(process.argv[2] ?? 0);
const inForce = new Set<string>();
let calls = 0;

/** Since it was asked to watch. Moments are of the machine's monotonic clock. */
interface Watch {
  firstAt?: number;
  /** Of the targets that it was told, those that were not called yet. */
  readonly left: Set<string>;
  /** When the first of them was called, and the last. */
  metAt?: number;
  allAt?: number;
}

let watch: Watch = { left: new Set() };

function note(target: string): void {
  const now = monotonicMs();
  watch.firstAt ??= now;
  if (!watch.left.delete(target)) return;
  watch.metAt ??= now;
  if (watch.left.size === 0) watch.allAt = now;
}

/** What a good product does and says. */
function obey(text: string): string {
  const { type, data } = JSON.parse(text) as { type: string; data: { target: string } };
  calls += 1;
  note(data.target);
  if (type === 'securityAction.apply') inForce.add(data.target);
  if (type === 'securityAction.release') inForce.delete(data.target);
  return inForce.has(data.target) ? '{"state":"inForce"}' : '{"state":"absent"}';
}

function answer(request: IncomingMessage, response: ServerResponse): void {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const body = obey(Buffer.concat(chunks).toString());
    const send = (): void => {
      response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': body.length });
      response.end(body);
    };
    if (answersAfterMs === 0) send();
    else setTimeout(send, answersAfterMs);
  });
}

const server = createServer(answer);
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
process.on('message', ({ watch: targets }: { watch?: readonly string[] }) => {
  if (targets) watch = { left: new Set(targets) };
  const { firstAt, metAt, allAt } = watch;
  process.send?.({ result: { inForce: inForce.size, calls, firstAt, metAt, allAt } });
});
process.on('disconnect', () => process.exit());
