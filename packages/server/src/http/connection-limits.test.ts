import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import net, { type AddressInfo, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { limitConnections } from './connection-limits.ts';
import { type Doors, doorOptions, openDoors } from './doors.ts';

const PER_ADDRESS = 512;
const BACKLOG = 1_024;

const open: (Server | Socket | Doors)[] = [];
afterEach(() => {
  for (const one of open.splice(0)) {
    if (one instanceof net.Socket) one.destroy();
    else void one.close();
  }
});

async function serve(standsForMany: (address: string) => boolean, most?: number): Promise<number> {
  const server = createServer((_request, response) => void response.end('served'));
  // On a slow machine too, only the limit ends a connection.
  server.keepAliveTimeout = 60_000;
  limitConnections(server, standsForMany, most);
  server.listen(doorOptions({ address: '127.0.0.1', port: 0 }, BACKLOG));
  await once(server, 'listening');
  open.push(server, await openDoors(server, '127.0.0.1', BACKLOG, 7));
  return (server.address() as AddressInfo).port;
}

async function connect(port: number, localAddress = '127.0.0.1'): Promise<Socket> {
  const socket = net.connect({ port, host: '127.0.0.1', localAddress });
  socket.on('error', () => undefined);
  open.push(socket);
  await once(socket, 'connect');
  return socket;
}

const connectAll = (port: number, count: number): Promise<Socket[]> =>
  Promise.all(Array.from({ length: count }, () => connect(port)));

/** Whether a request on the connection is answered, or the connection ends. */
async function isServed(socket: Socket): Promise<boolean> {
  const answered = new Promise<boolean>((resolve) => {
    socket.once('data', () => resolve(true));
    socket.once('close', () => resolve(false));
  });
  socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
  return socket.destroyed ? false : answered;
}

describe('connections of one address', () => {
  it(`are served up to ${PER_ADDRESS}, those beyond are ended, and another address is not held up by them`, async () => {
    const port = await serve(() => false);
    const within = await connectAll(port, PER_ADDRESS);
    expect((await Promise.all(within.map(isServed))).filter(Boolean)).toHaveLength(PER_ADDRESS);
    const beyond = await connectAll(port, 20);
    expect((await Promise.all(beyond.map(isServed))).filter(Boolean)).toEqual([]);
    expect(await isServed(await connect(port, '127.0.0.2'))).toBe(true);
    expect((await Promise.all(within.map(isServed))).filter(Boolean)).toHaveLength(PER_ADDRESS);
  });

  it('have a place again for each one that ended', async () => {
    const port = await serve(() => false);
    const within = await connectAll(port, PER_ADDRESS);
    await Promise.all(within.map(isServed));
    for (const socket of within.slice(0, 3)) {
      socket.end();
      await once(socket, 'close');
    }
    for (let place = 0; place < 3; place += 1) {
      await expect.poll(async () => isServed(await connect(port))).toBe(true);
    }
    expect(await isServed(await connect(port))).toBe(false);
  });

  it('are not counted where the address stands for many', async () => {
    const port = await serve((address) => address === '127.0.0.1');
    const all = await connectAll(port, PER_ADDRESS + 20);
    expect((await Promise.all(all.map(isServed))).filter(Boolean)).toHaveLength(PER_ADDRESS + 20);
  });
});

it('connections in all are bounded, through whichever door they come, and one that ends leaves its place', async () => {
  const port = await serve(() => true, 40);
  const within = await connectAll(port, 40);
  expect((await Promise.all(within.map(isServed))).filter(Boolean)).toHaveLength(40);
  expect((await Promise.all((await connectAll(port, 20)).map(isServed))).filter(Boolean)).toEqual([]);
  within[7]?.end();
  await expect.poll(async () => isServed(await connect(port))).toBe(true);
  expect(await isServed(await connect(port))).toBe(false);
});
