import { createServer, get, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createOutlet, gone, hasRoom, type Outlet, relieve, write } from './outlet.ts';
import { createStreams, endStreams, openStream, takePlace } from './streams.ts';

const streams = () =>
  createStreams({
    store: {} as never,
    commits: { watch: () => () => undefined, watchAll: () => undefined },
    onFault: () => undefined,
  });

describe('outlets', () => {
  const server = createServer();
  const open: { destroy(): void }[] = [];
  beforeAll(() => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)));
  afterAll(() => {
    for (const one of open) one.destroy();
    server.close();
  });

  /** The server's side of a connection whose client does not read. */
  const aResponse = (): Promise<ServerResponse> =>
    new Promise((resolve) => {
      server.once('request', (_, response) => {
        response.flushHeaders();
        resolve(response);
      });
      const request = get({ port: (server.address() as AddressInfo).port, agent: false });
      request.on('response', (response) => response.pause());
      request.on('error', () => undefined);
      open.push(request);
    });

  const someOutlets = async (count: number): Promise<Outlet[]> => {
    const all: Outlet[] = [];
    while (all.length < count) all.push(createOutlet(await aResponse()));
    return all;
  };

  it('take nothing more while more than 1 MB waits, and cut off', async () => {
    const outlet = createOutlet(await aResponse());
    while (hasRoom(outlet)) {
      write(outlet, Buffer.alloc(262_144, 'x'));
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(outlet.raw.writableLength).toBeGreaterThan(1_048_576);
    expect(outlet.raw.writableLength).toBeLessThan(1_048_576 + 2 * 262_144);
    write(outlet, 'x');
    expect(outlet.raw.destroyed).toBe(true);
    expect(await gone(outlet)).toBe(false);
  });

  it('are cut off, those that hold the most first, where more than 64 MB wait for all together', async () => {
    const outlets = await someOutlets(3);
    const [least, most, more] = outlets as [Outlet, Outlet, Outlet];
    for (const [outlet, megabytes] of [
      [least, 20],
      [most, 50],
      [more, 30],
    ] as const) {
      write(outlet, Buffer.alloc(megabytes * 1_048_576, 'x'), true);
    }
    await new Promise((resolve) => setImmediate(resolve));
    relieve(outlets);
    expect(outlets.map(({ raw }) => raw.destroyed)).toEqual([false, true, false]);
  });

  it('are not cut off for what all of them get and take', async () => {
    const outlets = await someOutlets(2);
    const shared = Buffer.alloc(40 * 1_048_576, 'x');
    for (const outlet of outlets) write(outlet, shared);
    await new Promise((resolve) => setImmediate(resolve));
    relieve(outlets);
    expect(outlets.map(({ raw }) => raw.destroyed)).toEqual([false, false]);
  });

  it('end where all were ended before they were there', async () => {
    const all = streams();
    takePlace(all, 'tenant', 'app');
    endStreams(all);
    let isEnded = false;
    openStream(all, createOutlet(await aResponse()), () => {
      isEnded = true;
    });
    expect(isEnded).toBe(true);
  });
});
