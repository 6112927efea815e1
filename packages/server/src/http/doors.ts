import net, { type AddressInfo, type Server, type Socket } from 'node:net';

/**
 * Where an address is listened at more than once. The event loop takes one connection in each of its rounds from each
 * listener: where rounds are long, thousands wait in the system's queue, and with them whoever cancels.
 */
export interface Doors {
  /** Takes no new connection; resolves when those that came this way have ended. */
  close(): Promise<unknown>;
}

/** The system shares connections out among listeners at one port there; elsewhere it would not, or the last would get all. */
const CAN_SHARE = process.platform === 'linux';

/** Where to listen. Port 0: at any that is free. */
export interface Address {
  readonly address: string;
  readonly port: number;
}

/** How a listener is opened that others are to stand beside. */
export const doorOptions = ({ address, port }: Address, backlog: number) => ({
  ...{ host: address, port, backlog },
  ...(CAN_SHARE && { reusePort: true }),
});

const closed = (server: Server): Promise<void> => new Promise((resolve) => void server.close(() => resolve()));

/** @throws {Error} as the system says, EADDRINUSE for one */
export function listening(server: Server, options: net.ListenOptions): Promise<Server> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(options, () => {
      server.off('error', reject);
      resolve(server);
    });
  });
}

/**
 * Makes sure that a port is nobody's: listeners that share would let a second server of the same user take half of the
 * connections. A name of this process at the system keeps two from passing here at the same moment.
 * @throws {Error} EADDRINUSE
 */
export async function claimPort({ address, port }: Address): Promise<Doors> {
  if (!CAN_SHARE || port === 0) return { close: async () => undefined };
  const claim = await listening(net.createServer(), { path: `\0interdict ${address} ${port}` }).catch(
    (error: unknown) => {
      throw Object.assign(error as Error, { message: `listen EADDRINUSE: address already in use ${address}:${port}` });
    },
  );
  claim.unref();
  try {
    await closed(await listening(net.createServer(), { host: address, port }));
  } catch (error) {
    claim.close();
    throw error;
  }
  return { close: () => closed(claim) };
}

/** Opens so many more beside a server that listens; what comes through them is the server's. */
export async function openDoors(server: Server, address: string, backlog: number, count: number): Promise<Doors> {
  const { port } = server.address() as AddressInfo;
  const { allowHalfOpen, noDelay } = server as Server & Pick<net.ServerOpts, 'allowHalfOpen' | 'noDelay'>;
  const doors = Array.from({ length: CAN_SHARE ? count : 0 }, () =>
    net.createServer({ allowHalfOpen, noDelay }, (socket: Socket) => void server.emit('connection', socket)),
  );
  await Promise.all(doors.map((door) => listening(door, doorOptions({ address, port }, backlog))));
  return { close: () => Promise.all(doors.map(closed)) };
}
