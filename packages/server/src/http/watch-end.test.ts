import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';
import { describe, expect, it } from 'vitest';
import { watchEnd } from './watch-end.ts';

/** More than the buffers between two sockets hold. */
const LARGE = Buffer.alloc(32_000_000);

interface Sent {
  readonly client: net.Socket;
  readonly ended: Promise<boolean>;
  close(): void;
}

/** An answer on its way to a client that does not read yet. */
async function startSending(sentWithinMs: number): Promise<Sent> {
  const { promise: ended, resolve } = Promise.withResolvers<boolean>();
  const server = http.createServer((_request, response) => {
    watchEnd(response, { status: 200, sentWithinMs, afterEnd: resolve });
    response.end(LARGE);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const client = net.connect((server.address() as net.AddressInfo).port, '127.0.0.1');
  client.pause().on('error', () => undefined);
  client.write('GET / HTTP/1.1\r\nHost: here\r\n\r\n');
  await once(server, 'request');
  return {
    client,
    ended,
    close: () => {
      client.destroy();
      server.close();
      server.closeAllConnections();
    },
  };
}

describe('the end of an answer', () => {
  it('is told when all of it was handed to the network', async () => {
    const { client, ended, close } = await startSending(60_000);
    client.resume();
    expect(await ended).toBe(true);
    close();
  });

  it.each([
    ['leaves', (client: net.Socket) => client.destroy()],
    ['breaks the connection', (client: net.Socket) => client.resetAndDestroy()],
  ])('is told as broken off when the client %s', async (_how, go) => {
    const { client, ended, close } = await startSending(60_000);
    go(client);
    expect(await ended).toBe(false);
    close();
  });

  it('comes by force for a client that reads too slowly', async () => {
    const { client, ended, close } = await startSending(100);
    expect(await ended).toBe(false);
    let received = 0;
    client.on('data', (chunk) => {
      received += chunk.length;
    });
    client.resume();
    await once(client, 'close');
    expect(received).toBeLessThan(LARGE.length);
    close();
  });

  it('is told at once where the client had left before there was an answer', async () => {
    const outcome = Promise.withResolvers<boolean>();
    const server = http.createServer((_request, response) => {
      response.once('close', () => watchEnd(response, { status: 200, afterEnd: outcome.resolve }));
      client.destroy();
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const client = net.connect((server.address() as net.AddressInfo).port, '127.0.0.1');
    client.write('GET / HTTP/1.1\r\nHost: here\r\n\r\n');
    expect(await outcome.promise).toBe(false);
    server.close();
  });
});
