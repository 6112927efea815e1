/** Handshakes of this process. */
export interface HandshakeBook {
  /** Under way, by tenant. */
  readonly underWay: Map<string, number>;
  /** When the last ones failed, by tenant and application; `performance.now()`. */
  readonly failed: Map<string, readonly number[]>;
}

export const createHandshakeBook = (): HandshakeBook => ({ underWay: new Map(), failed: new Map() });
