import { once } from 'node:events';
import net, { type AddressInfo, type Server, type Socket } from 'node:net';
import { performance } from 'node:perf_hooks';
import { afterEach, describe, expect, it } from 'vitest';
import { claimPort, type Doors, doorOptions, openDoors } from './doors.ts';

const ADDRESS = '127.0.0.1';
const BACKLOG = 1_024;

const open: { close(): unknown }[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((one) => one.close()));
});

async function serve(
  doors: number,
): Promise<{ readonly server: Server; readonly doors: Doors; readonly port: number }> {
  const server = net.createServer({ allowHalfOpen: true, noDelay: true });
  server.listen(doorOptions({ address: ADDRESS, port: 0 }, BACKLOG));
  await once(server, 'listening');
  const more = await openDoors(server, ADDRESS, BACKLOG, doors);
  open.push(server, more);
  return { server, doors: more, port: (server.address() as AddressInfo).port };
}

function connect(port: number): Socket {
  const socket = net.connect({ port, host: ADDRESS });
  socket.on('error', () => undefined);
  open.push({ close: () => socket.destroy() });
  return socket;
}

describe.skipIf(process.platform !== 'linux')('doors beside a server', () => {
  it('let in many connections in a round of the event loop', async () => {
    const { server, port } = await serve(31);
    const COUNT = 320;
    let count = 0;
    const all = new Promise<void>((resolve) => {
      server.on('connection', (socket: Socket) => {
        open.push({ close: () => socket.destroy() });
        count += 1;
        if (count === COUNT) resolve();
      });
    });
    for (let at = 0; at < COUNT; at += 1) connect(port);
    const { loopCount } = performance.nodeTiming.uvMetricsInfo;
    await all;
    expect(performance.nodeTiming.uvMetricsInfo.loopCount - loopCount).toBeLessThan(COUNT / 4);
  });

  it('are closed when the connections that came through them have ended', async () => {
    const { server, doors, port } = await serve(3);
    const came: Socket[] = [];
    server.on('connection', (socket: Socket) => came.push(socket));
    for (let at = 0; at < 40; at += 1) connect(port);
    await expect.poll(() => came.length).toBe(40);
    let isClosed = false;
    const closed = doors.close().then(() => {
      isClosed = true;
    });
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(isClosed).toBe(false);
    for (const socket of came) socket.destroy();
    await closed;
  });
});

describe.skipIf(process.platform !== 'linux')('a port', () => {
  it('cannot be claimed where somebody else listens, with doors or without, nor where somebody is about to', async () => {
    const { port } = await serve(3);
    await expect(claimPort({ address: ADDRESS, port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
    const plain = net.createServer().listen(0, ADDRESS);
    open.push(plain);
    await once(plain, 'listening');
    const other = { address: ADDRESS, port: (plain.address() as AddressInfo).port };
    await expect(claimPort(other)).rejects.toMatchObject({ code: 'EADDRINUSE' });
    plain.close();
    await once(plain, 'close');
    open.push(await claimPort(other));
    await expect(claimPort(other)).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });

  it('is free again when its claim is given up', async () => {
    const { port, server, doors } = await serve(1);
    await Promise.all([doors.close(), new Promise((resolve) => server.close(resolve))]);
    for (let time = 0; time < 2; time += 1) await (await claimPort({ address: ADDRESS, port })).close();
  });
});
