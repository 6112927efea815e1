import type { Socket } from 'node:net';

/** What comes over a socket, piece by piece; more is taken only when it is asked for. */
export class ByteReader {
  readonly #chunks: AsyncIterator<Buffer>;
  #held: Buffer = Buffer.alloc(0);

  constructor(socket: Socket) {
    this.#chunks = socket.iterator({ destroyOnReturn: false })[Symbol.asyncIterator]();
  }

  /** Waits for the first byte of what comes next; false: the peer has ended. */
  async begins(): Promise<boolean> {
    return this.#held.length > 0 || (await this.#more());
  }

  /** All up to and with the mark. @throws {Error} where it does not come within so many bytes */
  async until(mark: string, mostBytes: number): Promise<Buffer> {
    for (let searched = 0; ; ) {
      const at = this.#held.indexOf(mark, Math.max(0, searched - mark.length));
      if (at >= 0 && at + mark.length <= mostBytes) return this.#take(at + mark.length);
      searched = this.#held.length;
      if (at >= 0 || searched > mostBytes) throw new Error(`more than ${mostBytes} bytes`);
      if (!(await this.#more())) throw new Error('it broke off');
    }
  }

  async exactly(bytes: number): Promise<Buffer> {
    while (this.#held.length < bytes) if (!(await this.#more())) throw new Error('it broke off');
    return this.#take(bytes);
  }

  #take(bytes: number): Buffer {
    const taken = this.#held.subarray(0, bytes);
    this.#held = this.#held.subarray(bytes);
    return taken;
  }

  async #more(): Promise<boolean> {
    const { done, value } = await this.#chunks.next();
    if (done) return false;
    this.#held = this.#held.length === 0 ? value : Buffer.concat([this.#held, value]);
    return true;
  }
}
