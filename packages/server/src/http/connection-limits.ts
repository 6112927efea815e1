import type { Server } from 'node:http';
import type { Server as TlsServer } from 'node:https';
import type { Socket } from 'node:net';

const MAX_CONNECTIONS = 8_192;
const MAX_PER_ADDRESS = 512;

/**
 * Bounds connections in all and per address; what is over is closed at once. Loopback and trusted proxies stand for
 * many clients and are bounded only in all.
 * @param most fewer for tests
 */
export function limitConnections(
  server: Server | TlsServer,
  standsForMany: (address: string) => boolean,
  most = MAX_CONNECTIONS,
): void {
  const open = new Map<string, number>();
  let all = 0;
  // Not `maxConnections`: it counts each listener by itself.
  server.on('connection', (socket: Socket) => {
    all += 1;
    socket.once('close', () => {
      all -= 1;
    });
    if (all > most) {
      socket.destroy();
      return;
    }
    const address = socket.remoteAddress ?? '';
    if (standsForMany(address)) return;
    const count = (open.get(address) ?? 0) + 1;
    open.set(address, count);
    socket.once('close', () => {
      const left = (open.get(address) ?? 1) - 1;
      if (left === 0) open.delete(address);
      else open.set(address, left);
    });
    if (count > MAX_PER_ADDRESS) socket.destroy();
  });
}
