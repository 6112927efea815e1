import { createServer, type Server, type Socket } from 'node:net';
import type { BlockList } from './block-list.ts';
import { MOST_CONNECTIONS, serveIcap } from './icap-session.ts';

export interface IcapSettings {
  readonly address: string;
  readonly port: number;
  /** Who may ask, beside loopback. */
  readonly allow: readonly string[];
}

/** A connection on which nothing comes or goes. Squid opens another when it needs one. */
const IDLE_MS = 300_000;

const LOOPBACK = /^(?:127\.|::1$)/;

export const isLoopback = (address: string): boolean => LOOPBACK.test(address);

/** Answers Squid's questions from the list, within this process. */
export class IcapServer {
  readonly #settings: IcapSettings;
  readonly #list: BlockList;
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;
  #isClosed = false;
  #problem: string | undefined;

  constructor(settings: IcapSettings, list: BlockList) {
    this.#settings = settings;
    this.#list = list;
  }

  /** Why it does not listen. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /** Listens if it does not yet; a port that another holds is tried again at the next call. */
  async open(): Promise<void> {
    if (this.#server || this.#isClosed) return;
    const { address: host, port } = this.#settings;
    const server = createServer((socket) => this.#take(socket));
    server.maxConnections = MOST_CONNECTIONS;
    this.#server = server;
    const { promise, resolve } = Promise.withResolvers<void>();
    server.on('error', (error: NodeJS.ErrnoException) => {
      this.#problem = `Interdict cannot listen for Squid on ${host}:${port} (${error.code ?? error.message}).`;
      this.#server = undefined;
      resolve();
    });
    server.listen({ host, port }, () => {
      this.#problem = undefined;
      resolve();
    });
    await promise;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    const server = this.#server;
    this.#server = undefined;
    for (const socket of this.#sockets) socket.destroy();
    if (server) await new Promise<void>((resolve) => server.close(() => resolve()));
  }

  #take(socket: Socket): void {
    const from = (socket.remoteAddress ?? '').replace(/^::ffff:/, '');
    socket.on('error', () => undefined);
    if (this.#isClosed || !(isLoopback(from) || this.#settings.allow.includes(from))) {
      socket.destroy();
      return;
    }
    this.#sockets.add(socket.setNoDelay(true));
    socket.on('close', () => this.#sockets.delete(socket));
    socket.setTimeout(IDLE_MS, () => socket.destroy());
    void serveIcap(socket, this.#list);
  }
}
