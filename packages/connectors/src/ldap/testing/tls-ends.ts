import { once } from 'node:events';
import { type AddressInfo, createConnection, createServer, type Server, type Socket } from 'node:net';
import { connect as connectTls, createServer as createTlsServer } from 'node:tls';

/** One end of a way on which TLS is taken off, so that a gate can be put between, or put on again behind it. */
export interface TlsEnd {
  readonly port: number;
  close(): Promise<void>;
}

/** Whatever one side does, the other sees. */
function join(one: Socket, other: Socket): void {
  for (const [from, to] of [
    [one, other],
    [other, one],
  ] as const) {
    from.pipe(to);
    from.on('error', () => to.destroy());
    from.on('close', () => to.destroy());
  }
}

async function listening(server: Server): Promise<TlsEnd> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
  });
  server.listen(0, '127.0.0.1');
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

/** Speaks TLS to its clients, and goes on in the clear. */
export const takeTlsOff = (
  certificate: { readonly cert: string; readonly key: string },
  to: () => { readonly host: string; readonly port: number },
): Promise<TlsEnd> =>
  listening(
    createTlsServer(certificate, (client) => join(client, createConnection({ ...to(), noDelay: true }))).on(
      'tlsClientError',
      () => undefined,
    ),
  );

/** Takes what comes in the clear, and speaks TLS to the product. */
export const putTlsOn = (to: { readonly host: string; readonly port: number; readonly ca: string }): Promise<TlsEnd> =>
  listening(createServer((client) => join(client, connectTls({ ...to, servername: 'localhost' }))));

/** Changes nothing: a product that listens on an address of its own is reached by the name that its certificate has. */
export const passOn = (to: { readonly host: string; readonly port: number }): Promise<TlsEnd> =>
  listening(createServer((client) => join(client, createConnection({ ...to, noDelay: true }))));
