import { type LookupAddress, lookup } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { buildConnector } from 'undici';
import { isPublicAddress } from './public-address.ts';

/** All addresses of a name, as the system resolves it. */
export type Resolve = (
  hostname: string,
  callback: (error: NodeJS.ErrnoException | null, addresses: readonly LookupAddress[]) => void,
) => void;

export const resolveBySystem: Resolve = (hostname, callback) => {
  lookup(hostname, { all: true, order: 'verbatim' }, callback);
};

/** A private address, which the configuration does not allow. */
export class PrivateAddress extends Error {
  override readonly name = 'PrivateAddress';

  constructor(hostname: string, permission = 'allowPrivate is not set') {
    super(`${hostname} has an address that is not public, and ${permission}`);
  }
}

/** Which addresses may be connected to, and what is said of one that may not. */
export interface AddressGuard {
  isAllowed(hostname: string, address: string): boolean;
  /** Ends the sentence: what would have to be so for it to be allowed. */
  readonly permission: string;
}

const guardOf = (allowPrivate: boolean): AddressGuard => ({
  isAllowed: (_, address) => allowPrivate || isPublicAddress(address),
  permission: 'allowPrivate is not set',
});

/** Resolves once for each connection, and gives on only what it checked: one bad address spoils all. */
function guardedLookup(resolve: Resolve, guard: AddressGuard): LookupFunction {
  const problemOf = (hostname: string, addresses: readonly LookupAddress[]): Error | null => {
    if (addresses.length === 0) return Object.assign(new Error(`${hostname} has no address`), { code: 'ENOTFOUND' });
    if (addresses.every(({ address }) => guard.isAllowed(hostname, address))) return null;
    return new PrivateAddress(hostname, guard.permission);
  };
  return (hostname, options, callback) => {
    resolve(hostname, (error, found) => {
      const addresses = error ? [] : [...found];
      const problem = error ?? problemOf(hostname, addresses);
      if (problem) callback(problem, '');
      else if (options.all) callback(null, addresses);
      else callback(null, addresses[0]?.address ?? '', addresses[0]?.family);
    });
  };
}

/** A name that hangs in the resolver must not hold a connection for ever; calls end by their own signals. */
const CONNECT_TIMEOUT_MS = 30_000;

/**
 * Opens connections over HTTP/1.1, to public addresses only unless private ones are allowed.
 * @param ca PEM of all that is trusted, in place of what the system trusts
 */
export function guardedConnect(
  allowed: boolean | AddressGuard,
  resolve: Resolve,
  ca?: readonly string[],
): buildConnector.connector {
  const guard = typeof allowed === 'boolean' ? guardOf(allowed) : allowed;
  const connect = buildConnector({
    allowH2: false,
    timeout: CONNECT_TIMEOUT_MS,
    rejectUnauthorized: true,
    autoSelectFamily: true,
    lookup: guardedLookup(resolve, guard),
    ...(ca && { ca: [...ca] }),
  });
  return (options, callback) => {
    const hostname = options.hostname.replace(/^\[|\]$/g, '');
    // Node asks no resolver about an address.
    if (isIP(hostname) === 0 || guard.isAllowed(hostname, hostname)) return connect(options, callback);
    queueMicrotask(() => callback(new PrivateAddress(hostname, guard.permission), null));
  };
}
