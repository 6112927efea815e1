import { createServer, get, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createOutlet, gone, hasRoom, write } from './outlet.ts';
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
