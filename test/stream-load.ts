import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { cpuOf } from './bench/cpu-time.ts';
import { ask, type TestServer } from './server.ts';

export interface StreamLoad {
  readonly listeners: number;
  readonly changesPerSecond: number;
  readonly seconds: number;
}

export interface StreamFigures {
  readonly changes: number;
  readonly events: number;
  /** Listeners that did not get every change exactly once. */
  readonly incomplete: number;
  readonly cutOff: number;
  /** Of one core: the server's share while changes were made. */
  readonly cpuShare: number;
  /** Milliseconds from the answer to a change until one listener had it; the 99th of a hundred. */
  readonly latency99: number;
}

const MARK = 'event: created';

class Listener {
  events = 0;
  isCutOff = false;
  readonly #socket: Socket;
  #rest = '';
  onText: ((text: string) => void) | undefined;

  constructor(server: TestServer) {
    const { hostname, port, host } = new URL(server.url);
    this.#socket = connect(Number(port), hostname);
    this.#socket.setEncoding('latin1');
    this.#socket.write(
      `GET /beta/security/securityActions/stream HTTP/1.1\r\nHost: ${host}\r\nAuthorization: Bearer ${server.token()}\r\n\r\n`,
    );
    this.#socket.on('data', (chunk: string) => this.#count(chunk));
    this.#socket.on('close', () => {
      this.isCutOff = true;
    });
    this.#socket.on('error', () => undefined);
  }

  /** Resolves when the stream has begun. */
  begun(): Promise<void> {
    return new Promise((resolve) => this.#socket.once('data', () => resolve()));
  }

  #count(chunk: string): void {
    const text = this.#rest + chunk;
    let at = text.indexOf(MARK);
    for (; at >= 0; at = text.indexOf(MARK, at + 1)) this.events += 1;
    // A mark may be cut in two, but none is counted twice.
    this.#rest = text.slice(-(MARK.length - 1));
    this.onText?.(chunk);
  }

  close(): void {
    this.#socket.destroy();
  }
}

async function listen(server: TestServer, count: number): Promise<Listener[]> {
  const all: Listener[] = [];
  while (all.length < count) {
    const some = Array.from({ length: Math.min(50, count - all.length) }, () => new Listener(server));
    await Promise.all(some.map((listener) => listener.begun()));
    all.push(...some);
  }
  return all;
}

/** Notes when the ids of changes reach a listener. */
function watchLatency(listener: Listener): { acknowledged(id: string): void; latencies(): number[] } {
  const [arrived, answered] = [new Map<string, number>(), new Map<string, number>()];
  listener.onText = (text) => {
    for (const [, id = ''] of text.matchAll(/data: \{"id":"([^"]+)"/g)) arrived.set(id, performance.now());
  };
  return {
    acknowledged: (id) => answered.set(id, performance.now()),
    latencies: () => [...answered].flatMap(([id, at]) => Math.max(0, (arrived.get(id) ?? Number.NaN) - at) || []),
  };
}

/** Many listeners of one tenant while changes are made at a steady rate. */
export async function runStreamLoad(server: TestServer, load: StreamLoad): Promise<StreamFigures> {
  const listeners = await listen(server, load.listeners);
  const [probe] = listeners as [Listener];
  const latency = watchLatency(probe);
  const wanted = load.changesPerSecond * load.seconds;
  const [cpu, since] = [cpuOf(server.pid), performance.now()];
  const posts: Promise<void>[] = [];
  for (let index = 0; index < wanted; index += 1) {
    const due = since + (index * 1_000) / load.changesPerSecond;
    if (performance.now() < due) await delay(Math.max(0, due - performance.now()));
    const body = { name: `change ${index}`, status: 'Completed' };
    posts.push(
      ask(server, '/security/securityActions', { body }).then(({ json }) => latency.acknowledged(String(json.id))),
    );
  }
  await Promise.all(posts);
  await delay(300);
  const cpuShare = (cpuOf(server.pid) - cpu) / ((performance.now() - since) * 1_000);
  for (let waited = 0; waited < 10_000 && listeners.some(({ events }) => events < wanted); waited += 50)
    await delay(50);
  const latencies = latency.latencies().sort((a, b) => a - b);
  const figures = {
    changes: wanted,
    events: listeners.reduce((sum, { events }) => sum + events, 0),
    incomplete: listeners.filter(({ events }) => events !== wanted).length,
    cutOff: listeners.filter(({ isCutOff }) => isCutOff).length,
    cpuShare,
    latency99: latencies[Math.floor(latencies.length * 0.99)] ?? Number.NaN,
  };
  for (const listener of listeners) listener.close();
  return figures;
}
