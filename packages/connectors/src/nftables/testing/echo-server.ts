/** A process of a test: echoes UDP and TCP on port 7000 of both families, and tells how many datagrams came. */
import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';

const PORT = 7000;
let datagrams = 0;

for (const type of ['udp4', 'udp6'] as const) {
  const socket = createSocket({ type, ipv6Only: type === 'udp6', recvBufferSize: 4 * 1024 * 1024 });
  socket.on('message', (message, from) => {
    datagrams += 1;
    socket.send(message, from.port, from.address);
  });
  socket.bind(PORT, () => process.send?.({ kind: 'listening' }));
}

const tcp = createServer((socket) => {
  socket.on('error', () => undefined);
  socket.pipe(socket);
});
tcp.listen(PORT, '::', () => process.send?.({ kind: 'listening' }));

process.on('message', ({ id }: { id: number }) => process.send?.({ id, datagrams }));
process.on('disconnect', () => process.exit());
