import type { LdapConfig } from './config.ts';
import type { Connection } from './connection.ts';
import { Failure } from './failure.ts';
import { openConnection } from './open-connection.ts';

/** One connection that is kept, and opened anew once it cannot be used any more. */
export interface Directory {
  readonly config: LdapConfig;
  /** @throws {Failure} that says nothing was sent */
  connect(signal: AbortSignal): Promise<Connection>;
  close(): void;
}

const OPEN_MS = 10_000;

/** Settles as the promise does, or as soon as the caller gives up. */
async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise: given, reject } = Promise.withResolvers<never>();
  const giveUp = (): void => reject(new Failure('The call was given up before anything was sent.'));
  if (signal.aborted) giveUp();
  signal.addEventListener('abort', giveUp, { once: true });
  try {
    return await Promise.race([promise, given]);
  } finally {
    signal.removeEventListener('abort', giveUp);
  }
}

export function createDirectory(config: LdapConfig): Directory {
  const closing = new AbortController();
  let opening: Promise<Connection> | undefined;
  let current: Connection | undefined;

  const open = async (): Promise<Connection> => {
    const signal = AbortSignal.any([closing.signal, AbortSignal.timeout(OPEN_MS)]);
    try {
      current = await openConnection(config, signal);
      if (closing.signal.aborted) current.destroy('the connector was closed');
      return current;
    } finally {
      opening = undefined;
    }
  };

  return {
    config,
    async connect(signal) {
      if (closing.signal.aborted) throw new Failure('The connector was closed.');
      if (signal.aborted) throw new Failure('The call was given up before anything was sent.');
      if (current?.isUsable) return current;
      opening ??= open();
      return unlessAborted(opening, signal);
    },
    close() {
      closing.abort();
      current?.destroy('the connector was closed');
    },
  };
}
