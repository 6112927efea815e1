/** How long a reader waits for a fetch to be settled: it takes milliseconds, unless a firewall reads slowly. */
const PATIENCE_MS = 300;

interface Fetch {
  readonly tenantId: string;
  readonly settled: Promise<void>;
}

/**
 * Fetches between their first byte and the moment at which every action knows of them. Whoever asks for an action
 * behind a fetch of its own sees what the fetch decided.
 */
export type FetchesUnderWay = Set<Fetch>;

/** Notes a fetch; to be called before its answer goes out. @returns what ends it */
export function noteFetch(fetches: FetchesUnderWay, tenantId: string): () => void {
  const { promise: settled, resolve } = Promise.withResolvers<void>();
  const fetch = { tenantId, settled };
  fetches.add(fetch);
  const end = (): void => {
    fetches.delete(fetch);
    resolve();
  };
  setTimeout(end, PATIENCE_MS).unref();
  return end;
}

/** Resolves when the tenant's fetches that are under way now are settled, or have taken too long. */
export async function fetchesSettled(fetches: FetchesUnderWay, tenantId: string): Promise<void> {
  const mine = [...fetches].filter((fetch) => fetch.tenantId === tenantId);
  if (mine.length > 0) await Promise.all(mine.map(({ settled }) => settled));
}
