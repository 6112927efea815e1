import { once } from 'node:events';
import { type AddressInfo, createConnection, createServer, type Socket } from 'node:net';
import { messagesOf, questionOf } from './ber.ts';
import type { TlsEnd } from './tls-ends.ts';

const MODIFY = 0x66;

/** Passes everything on, and lets something happen before the first change does: between a look and its write. */
export async function interpose(
  to: { readonly host: string; readonly port: number },
  before: () => Promise<void>,
): Promise<TlsEnd> {
  const sockets = new Set<Socket>();
  let hasHappened = false;
  const server = createServer((client) => {
    const product = createConnection(to);
    for (const socket of [client, product]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
    }
    product.pipe(client);
    let turn = Promise.resolve();
    const pass = async (message: Buffer): Promise<void> => {
      if (questionOf(message).tag === MODIFY && !hasHappened) {
        hasHappened = true;
        await before();
      }
      product.write(message);
    };
    client.on('data', (bytes) => {
      for (const message of messagesOf(bytes)) turn = turn.then(() => pass(message));
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
