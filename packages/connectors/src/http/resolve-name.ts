import { type LookupAddress, Resolver } from 'node:dns';
import { isIP } from 'node:net';
import { addressesKnownHere, type NameFiles, namesToAsk, SYSTEM_FILES } from './system-names.ts';

/** All addresses of a name. It calls back once, and at once when the signal aborts. */
export type Resolve = (
  hostname: string,
  callback: (error: NodeJS.ErrnoException | null, addresses: readonly LookupAddress[]) => void,
  signal?: AbortSignal,
) => void;

interface NameSources {
  readonly files: NameFiles;
  /** In place of those of resolv.conf, as `127.0.0.1:53`. */
  readonly servers?: readonly string[];
}

/** For each server: 2, 4 and 4 s. */
const ASKED = { timeout: 2_000, maxTimeout: 4_000, tries: 3 };
const WHOLE_MS = 10_000;
/** Where one kind of address is known, the other is waited for no longer. */
const OTHER_KIND_MS = 500;

interface Found {
  readonly addresses: readonly LookupAddress[];
  readonly error: NodeJS.ErrnoException | null;
}

const toLookup = (addresses: readonly string[]): readonly LookupAddress[] =>
  addresses.map((address) => ({ address, family: isIP(address) }));

/** IPv4 and IPv6 at once. */
function askFor(resolver: Resolver, name: string): Promise<Found> {
  const { promise, resolve } = Promise.withResolvers<Found>();
  const found: LookupAddress[] = [];
  let waiting = 2;
  let fault: NodeJS.ErrnoException | null = null;
  let impatience: NodeJS.Timeout | undefined;
  const take = (error: NodeJS.ErrnoException | null, addresses: readonly string[] | undefined): void => {
    waiting -= 1;
    fault ??= error;
    found.push(...toLookup(addresses ?? []));
    if (waiting > 0) {
      if (found.length > 0) impatience = setTimeout(() => resolver.cancel(), OTHER_KIND_MS);
      return;
    }
    clearTimeout(impatience);
    resolve({ addresses: found, error: found.length > 0 ? null : fault });
  };
  resolver.resolve4(name, take);
  resolver.resolve6(name, take);
  return promise;
}

/** After these the next name is asked for: a server answers so for an end that is not its own. */
const NOT_SO: ReadonlySet<string> = new Set(['ENOTFOUND', 'ENODATA', 'ESERVFAIL', 'EREFUSED']);

async function askInTurn(resolver: Resolver, names: readonly string[], isOver: () => boolean): Promise<Found> {
  let last: Found = { addresses: [], error: null };
  for (const name of names) {
    last = await askFor(resolver, name);
    if (last.addresses.length > 0 || isOver()) return last;
    if (last.error && !NOT_SO.has(last.error.code ?? '')) return last;
  }
  return last;
}

/**
 * Asks the name servers without a thread of its own: any number of names that hang hold up neither files nor other
 * names, as those of `dns.lookup` do. The hosts file comes first, and the ends of resolv.conf are tried.
 */
export function createResolve({ files, servers }: NameSources): Resolve {
  return (hostname, callback, signal) => {
    const known = isIP(hostname) === 0 ? addressesKnownHere(hostname, files) : [hostname];
    if (known) return queueMicrotask(() => callback(null, toLookup(known)));
    const resolver = new Resolver(ASKED);
    if (servers) resolver.setServers(servers);
    let isOver = false;
    const end = (): void => {
      isOver = true;
      resolver.cancel();
    };
    const timer = setTimeout(end, WHOLE_MS);
    signal?.addEventListener('abort', end, { once: true });
    const asked = askInTurn(resolver, namesToAsk(hostname, files), () => isOver);
    void asked.then(({ error, addresses }) => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', end);
      callback(error, addresses);
    });
    // After the questions: what is cancelled before them asks all the same.
    if (signal?.aborted) end();
  };
}

/** As the system resolves names: its hosts file, then its name servers. */
export const resolveBySystem: Resolve = createResolve({ files: SYSTEM_FILES });
