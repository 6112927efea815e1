import { once } from 'node:events';
import net, { type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ask, type Json, startServer, type TestServer, until } from '../server.ts';

const ACTIONS = '/beta/security/securityActions';
/** Together more than the buffers between a server and a client that does not read hold. */
const [MANY, LONG] = [1_250, 4_000];
const AT_ONCE = 50;

let server: TestServer;

const authorization = (): string => `Basic ${Buffer.from(`gate:${server.feedKey()}`).toString('base64')}`;

async function block(url: string): Promise<string> {
  const body = {
    name: 'BlockUrl',
    vendorInformation: { provider: 'blocklist' },
    parameters: [{ name: 'URL', value: url }],
  };
  const { status, json } = await ask(server, ACTIONS, { body });
  expect(status).toBe(201);
  return String(json.id);
}

const get = async (id: string): Promise<Json> => (await ask(server, `${ACTIONS}/${id}`)).json;
const stateOf = async (id: string): Promise<string> => String((await get(id)).enforcement?.state);
const cancel = (id: string) => ask(server, `${ACTIONS}/${id}/cancelSecurityAction`, { method: 'POST' });

/** A firewall with a quick connection: has the list whole when this resolves. */
const fetchQuickly = async (etag?: string): Promise<{ status: number; text: string; etag: string }> => {
  const headers = { Authorization: authorization(), ...(etag !== undefined && { 'If-None-Match': etag }) };
  const response = await fetch(`${server.url}/feeds/blocklist/url.txt`, { headers });
  return { status: response.status, text: await response.text(), etag: response.headers.get('etag') ?? '' };
};

interface SlowReader {
  readonly socket: Socket;
  /** Takes all that is sent to it from now on, and tells it. */
  readRest(): Promise<string>;
}

/** A worker of the same firewall that has asked for the list, and reads nothing yet. */
async function startSlowly(): Promise<SlowReader> {
  const port = Number(new URL(server.url).port);
  const socket = net.connect(port, '127.0.0.1');
  socket.on('error', () => undefined).setEncoding('latin1');
  await once(socket, 'connect');
  socket.write(
    `GET /feeds/blocklist/url.txt HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nAuthorization: ${authorization()}\r\n\r\n`,
  );
  await once(socket, 'readable');
  return {
    socket,
    readRest: async () => {
      const received: string[] = [];
      socket.on('data', (chunk) => received.push(String(chunk)));
      await once(socket.resume(), 'close');
      return received.join('');
    },
  };
}

let made = 0;

/** An action whose entry stands on the list. */
async function listed(): Promise<{ readonly id: string; readonly entry: string }> {
  made += 1;
  const entry = `http://bad.example/${made}`;
  const id = await block(entry);
  await until(
    () => get(id),
    ({ status }) => (status as unknown) === 'Running',
  );
  return { id, entry };
}

beforeAll(async () => {
  server = await startServer({ config: 'providers:\n  - { name: blocklist, connector: blocklist }\n' });
  for (let from = 0; from < MANY; from += AT_ONCE) {
    await Promise.all(
      Array.from({ length: AT_ONCE }, (_, index) =>
        block(`http://evil.example/${'x'.repeat(LONG)}/${from + index}`.slice(0, 4_090)),
      ),
    );
  }
}, 120_000);
afterAll(() => server.discard());

describe('a firewall that fetches several times at once', () => {
  it('is not told to be without an entry while a slow fetch still gets it', async () => {
    const { id, entry } = await listed();
    const slow = await startSlowly();
    await cancel(id);
    expect((await fetchQuickly()).text).not.toContain(entry);
    expect(await stateOf(id)).toBe('releasing');
    expect(await slow.readRest()).toContain(`${entry}\n`);
    // It may be the slow one's version that the firewall has loaded.
    expect(await stateOf(id)).toBe('releasing');
    expect((await fetchQuickly()).text).not.toContain(entry);
    expect(await stateOf(id)).toBe('released');
  });

  it('is told to be without it when the slow fetch was broken off, by the next whole one', async () => {
    const { id, entry } = await listed();
    const slow = await startSlowly();
    await cancel(id);
    slow.socket.destroy();
    await until(
      async () => {
        await fetchQuickly();
        return stateOf(id);
      },
      (state) => state === 'released',
    );
    expect((await fetchQuickly()).text).not.toContain(entry);
  });

  it('has an entry that only a broken-off fetch had for none that is in force', async () => {
    await fetchQuickly();
    const { id } = await listed();
    const slow = await startSlowly();
    slow.socket.destroy();
    await once(slow.socket, 'close');
    expect((await get(id)).status).toBe('Running');
    await fetchQuickly();
    expect(await stateOf(id)).toBe('inForce');
  });

  it('has one version for all of them while nothing changes, and 304 counts as a fetch of it', async () => {
    const { id } = await listed();
    const first = await fetchQuickly();
    const all = await Promise.all(Array.from({ length: 8 }, () => fetchQuickly()));
    expect(new Set(all.map(({ etag }) => etag))).toEqual(new Set([first.etag]));
    expect(await fetchQuickly(first.etag)).toMatchObject({ status: 304, text: '' });
    expect(await stateOf(id)).toBe('inForce');
    await cancel(id);
    expect((await fetchQuickly(first.etag)).status).toBe(200);
    expect(await stateOf(id)).toBe('released');
  });
});

describe('a fetch under way when the process is killed', () => {
  it('holds a release back behind the next start too', async () => {
    const { id, entry } = await listed();
    const slow = await startSlowly();
    await cancel(id);
    await server.kill();
    server = await server.again();
    slow.socket.destroy();
    expect((await fetchQuickly()).text).not.toContain(entry);
    expect(await stateOf(id)).toBe('releasing');
  });
});
