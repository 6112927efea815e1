import { Pool } from 'undici';
import { guardedConnect } from './guarded-connect.ts';
import { type Resolve, resolveBySystem } from './resolve-name.ts';

const MAX_HEADER_BYTES = 16 * 1024;

export interface PoolTerms {
  /** Also addresses that are not public, of this machine or its networks. */
  readonly allowPrivate: boolean;
  /** Absent: as the system does. */
  readonly resolve?: Resolve;
}

/** Makes connections to one origin, as many as there are calls under way: none waits for another. Opens none itself. */
export function openPool({ origin }: URL, { allowPrivate, resolve = resolveBySystem }: PoolTerms): Pool {
  return new Pool(origin, {
    connect: guardedConnect(allowPrivate, resolve),
    pipelining: 1,
    // Calls end by their signals alone.
    headersTimeout: 0,
    bodyTimeout: 0,
    maxHeaderSize: MAX_HEADER_BYTES,
  });
}
