import type { LookupAddress } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import type { SecureContext } from 'node:tls';
import { buildConnector } from 'undici';
import { isPublicAddress } from './public-address.ts';
import type { Resolve } from './resolve-name.ts';

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
function guardedLookup(resolve: Resolve, guard: AddressGuard, signal?: AbortSignal): LookupFunction {
  const problemOf = (hostname: string, addresses: readonly LookupAddress[]): Error | null => {
    if (addresses.length === 0) return Object.assign(new Error(`${hostname} has no address`), { code: 'ENOTFOUND' });
    if (addresses.every(({ address }) => guard.isAllowed(hostname, address))) return null;
    return new PrivateAddress(hostname, guard.permission);
  };
  return (hostname, options, callback) => {
    const give = (error: NodeJS.ErrnoException | null, found: readonly LookupAddress[]): void => {
      const addresses = error ? [] : [...found];
      const problem = error ?? problemOf(hostname, addresses);
      if (problem) callback(problem, '');
      else if (options.all) callback(null, addresses);
      else callback(null, addresses[0]?.address ?? '', addresses[0]?.family);
    };
    resolve(hostname, give, signal);
  };
}

/** A name that hangs in the resolver must not hold a connection for ever; calls end by their own signals. */
const CONNECT_TIMEOUT_MS = 30_000;

interface ConnectTerms {
  /** Whom it trusts, in place of what Node trusts by itself. */
  readonly secureContext?: SecureContext | undefined;
  /** Ends looking a name up. */
  readonly signal?: AbortSignal;
}

/** Opens connections over HTTP/1.1, to public addresses only unless private ones are allowed. */
export function guardedConnect(
  allowed: boolean | AddressGuard,
  resolve: Resolve,
  { secureContext, signal }: ConnectTerms = {},
): buildConnector.connector {
  const guard = typeof allowed === 'boolean' ? guardOf(allowed) : allowed;
  const connect = buildConnector({
    allowH2: false,
    timeout: CONNECT_TIMEOUT_MS,
    rejectUnauthorized: true,
    autoSelectFamily: true,
    lookup: guardedLookup(resolve, guard, signal),
    ...(secureContext && { secureContext }),
  });
  return (options, callback) => {
    const hostname = options.hostname.replace(/^\[|\]$/g, '');
    // Node asks no resolver about an address.
    if (isIP(hostname) === 0 || guard.isAllowed(hostname, hostname)) return connect(options, callback);
    queueMicrotask(() => callback(new PrivateAddress(hostname, guard.permission), null));
  };
}
