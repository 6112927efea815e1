import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { Worker } from 'node:worker_threads';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ask, type Json, startServer, type TestServer, until } from '../server.ts';

const DELTA = '/beta/security/securityActions/delta';
const RECORDS = 100;

const residentOf = (pid: number): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1_024;

/** A client that reads nothing. */
function deaf(server: TestServer): { readonly socket: Socket; isCut: boolean } {
  const { hostname, port, host } = new URL(server.url);
  const client = { socket: connect(Number(port), hostname).pause(), isCut: false };
  client.socket.write(
    `GET /beta/security/securityActions/stream HTTP/1.1\r\nHost: ${host}\r\nLast-Event-ID: 0\r\nAuthorization: Bearer ${server.token()}\r\n\r\n`,
  );
  client.socket.on('error', () => undefined);
  client.socket.on('close', () => {
    client.isCut = true;
  });
  return client;
}

const connectionsOf = (server: TestServer): number =>
  ['/proc/net/tcp', '/proc/net/tcp6']
    .flatMap((file) => readFileSync(file, 'utf8').split('\n'))
    .filter((line) => {
      const [, local = '', , state = ''] = line.trim().split(/\s+/);
      return state === '01' && Number.parseInt(local.split(':')[1] ?? '', 16) === Number(new URL(server.url).port);
    }).length;

/** The longest that an answer of `/healthz` took while something else was asked. Others use this machine too: the best of three. */
async function longestBeside(server: TestServer, work: () => Promise<unknown>): Promise<number> {
  const all: number[] = [];
  while (all.length < 3 && !all.some((one) => one < 100)) all.push(await longestOnce(server, work));
  return Math.min(...all);
}

async function longestOnce(server: TestServer, work: () => Promise<unknown>): Promise<number> {
  const poller = new Worker(new URL('../health-poller.ts', import.meta.url), { workerData: `${server.url}/healthz` });
  await once(poller, 'message');
  await work();
  poller.postMessage('end');
  const [longest] = (await once(poller, 'message')) as [number];
  return longest;
}

describe('a hundred actions of 240 KB', () => {
  let server: TestServer;
  const ids: string[] = [];
  beforeAll(async () => {
    server = await startServer();
    for (let made = 0; made < RECORDS; made += 5) {
      const parameters = Array.from({ length: 58 }, (_, index) => ({ name: `p${index}`, value: 'x'.repeat(4_096) }));
      const body = { name: 'large', status: 'Completed', parameters };
      const some = Array.from({ length: 5 }, () => ask(server, '/security/securityActions', { body }));
      ids.push(...(await Promise.all(some)).map(({ json }) => String(json.id)));
    }
  }, 60_000);
  afterAll(() => server.discard());

  /** All pages; how large each is, and how many actions they tell of. */
  const readAll = async (first: string): Promise<{ sizes: number[]; told: number; link: string }> => {
    const [sizes, found]: [number[], Set<unknown>] = [[], new Set()];
    for (let url = first; ; ) {
      const { status, json, text } = await ask(server, url.replace(/^https?:\/\/[^/]+/, ''));
      expect(status).toBe(200);
      sizes.push(text.length);
      for (const { id } of json.value as unknown as Json[]) found.add(id);
      if (json['@odata.deltaLink']) return { sizes, told: found.size, link: String(json['@odata.deltaLink']) };
      url = String(json['@odata.nextLink']);
    }
  };

  const FILTER = encodeURIComponent("startswith(name,'small') or contains(actionReason,'never')");

  it.each([
    ['the baseline', `${DELTA}`, RECORDS],
    ['a baseline of which nothing is wanted', `${DELTA}?$filter=${FILTER}`, 0],
    ['a baseline of which little is selected', `${DELTA}?$select=name`, RECORDS],
  ])('%s in delta holds nobody up, in pages of 4 MB', async (_, url, wanted) => {
    let told: Awaited<ReturnType<typeof readAll>> | undefined;
    const longest = await longestBeside(server, async () => {
      told = await readAll(url);
    });
    console.log(`${url.slice(0, 60)}: ${told?.sizes.length} pages, /healthz within ${longest.toFixed(0)} ms`);
    expect(told?.told).toBe(wanted);
    expect(told?.sizes.length).toBeGreaterThan(3);
    expect(Math.max(...(told?.sizes ?? []))).toBeLessThan(4 * 1_048_576 + 600_000);
    expect(longest).toBeLessThan(100);
  });

  it('as changes they hold nobody up either', async () => {
    const { link } = await readAll(`${DELTA}?$deltatoken=latest`);
    for (const id of ids) {
      const { status } = await ask(server, `/beta/security/securityActions/${id}`, {
        method: 'PATCH',
        body: { actionReason: 'a' },
      });
      expect(status).toBe(200);
    }
    let told: Awaited<ReturnType<typeof readAll>> | undefined;
    const longest = await longestBeside(server, async () => {
      told = await readAll(link);
    });
    console.log(`changes: ${told?.sizes.length} pages, /healthz within ${longest.toFixed(0)} ms`);
    expect(told?.told).toBe(RECORDS);
    expect(Math.max(...(told?.sizes ?? []))).toBeLessThan(4 * 1_048_576 + 600_000);
    expect(longest).toBeLessThan(100);
  });

  it('are not kept for forty who come back to the stream and do not read; they are cut off', async () => {
    const before = residentOf(server.pid);
    const clients = Array.from({ length: 40 }, () => deaf(server));
    let most = 0;
    const begun = performance.now();
    await until(
      () => connectionsOf(server),
      (count) => count >= 40,
    );
    await until(
      () => {
        most = Math.max(most, residentOf(server.pid));
        return connectionsOf(server);
      },
      (count) => count <= 5,
      40_000,
    );
    const grown = Math.round((most - before) / 1_048_576);
    console.log(`40 deaf streams: ${grown} MB more, cut off after ${Math.round(performance.now() - begun)} ms`);
    expect(grown).toBeLessThan(300);
    for (const { socket } of clients) socket.destroy();
  }, 60_000);
});
