import { once } from 'node:events';
import net from 'node:net';

interface Passage {
  readonly client: net.Socket;
  readonly server: net.Socket;
  /** Neither side hears anything more of the other. */
  isSilent: boolean;
  /** What the server still says is lost. */
  isDeaf: boolean;
  /** The transaction under way carried the text that the cut waits for. */
  isMarked: boolean;
}

interface Cut {
  readonly when: 'before' | 'after';
  readonly marker: string;
}

/** Stands between a server and its PostgreSQL, and fails as networks do. */
export class DatabaseProxy {
  readonly #passages = new Set<Passage>();
  readonly #listener: net.Server;
  readonly #target: URL;
  #isReachable = true;
  #isSilent = false;
  #cut: Cut | undefined;

  constructor(target: string) {
    this.#target = new URL(target);
    this.#listener = net.createServer((client) => this.#pass(client));
  }

  /** @returns the URL under which the database is found behind it */
  async start(): Promise<string> {
    this.#listener.listen(0, '127.0.0.1');
    await once(this.#listener, 'listening');
    const url = new URL(this.#target);
    url.port = String((this.#listener.address() as net.AddressInfo).port);
    return url.href;
  }

  /**
   * At the COMMIT of a transaction that writes this text the database goes out of reach: `after` it was carried out, or
   * `before` it arrives.
   */
  cutCommit(when: 'before' | 'after', marker: string): void {
    this.#cut = { when, marker };
  }

  /** Whether the cut that was asked for took place. */
  get hasCut(): boolean {
    return this.#cut === undefined;
  }

  setReachable(isReachable: boolean): void {
    this.#isReachable = isReachable;
    this.#isSilent = false;
    if (!isReachable) this.#breakAll();
  }

  /** Connections that stand hear nothing more and are not ended, as when a machine is gone; new ones work. */
  silenceStanding(): void {
    for (const passage of this.#passages) {
      passage.isSilent = true;
      passage.server.destroy();
    }
  }

  /** New ones hear nothing either, until {@link setReachable}. */
  silenceAll(): void {
    this.#isSilent = true;
    this.silenceStanding();
  }

  async stop(): Promise<void> {
    this.#listener.close();
    this.#breakAll();
    await once(this.#listener, 'close');
  }

  #breakAll(): void {
    for (const { client, server } of this.#passages) for (const socket of [client, server]) socket.destroy();
  }

  #pass(client: net.Socket): void {
    client.on('error', () => undefined);
    if (!this.#isReachable) return void client.destroy();
    const server = new net.Socket().on('error', () => undefined);
    if (!this.#isSilent) server.connect(Number(this.#target.port), this.#target.hostname);
    const passage: Passage = { client, server, isSilent: this.#isSilent, isDeaf: false, isMarked: false };
    this.#passages.add(passage);
    client.on('data', (bytes) => this.#carry(passage, bytes));
    server.on('data', (bytes) => {
      if (!passage.isSilent && !passage.isDeaf) client.write(bytes);
    });
    client.on('close', () => {
      server.destroy();
      this.#passages.delete(passage);
    });
    server.on('close', () => {
      if (!passage.isSilent) client.destroy();
    });
  }

  #carry(passage: Passage, bytes: Buffer): void {
    if (passage.isSilent) return;
    passage.isMarked ||= this.#cut !== undefined && bytes.includes(this.#cut.marker);
    const isCommit = bytes.includes('commit\0');
    const cut = passage.isMarked && isCommit ? this.#cut : undefined;
    if (isCommit) passage.isMarked = false;
    if (cut?.when !== 'before') passage.server.write(bytes);
    if (!cut) return;
    this.#cut = undefined;
    passage.isDeaf = true;
    this.#isReachable = false;
    // Time for the database to do what it was told.
    setTimeout(() => this.#breakAll(), 200);
  }
}
