import { getCACertificates } from 'node:tls';
import { Pool } from 'undici';
import { type Exchange, exchange } from './exchange.ts';
import { type AddressGuard, guardedConnect, type Resolve, resolveBySystem } from './guarded-connect.ts';

/** One POST to an address that somebody else wrote down. */
export interface GuardedPost {
  /** https or http. */
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** An answer that is longer is broken off. */
  readonly mostAnswerBytes: number;
}

/** To whom, and by whose word. */
export interface PostTerms {
  readonly guard: AddressGuard;
  /** PEM of an authority that is trusted beside those that the system trusts. */
  readonly ca?: string | undefined;
  readonly resolve?: Resolve;
}

const MAX_HEADER_BYTES = 16 * 1024;

/**
 * Posts once over a connection of its own: the name is resolved once, every address is checked, and the connection
 * goes to one that was. Redirects are answers like any other. Settles when the signal aborts, whatever the receiver does.
 */
export async function postOnce(post: GuardedPost, terms: PostTerms, signal: AbortSignal): Promise<Exchange> {
  const { guard, ca, resolve = resolveBySystem } = terms;
  const trusted = ca === undefined ? undefined : [...getCACertificates('default'), ca];
  const pool = new Pool(post.url.origin, {
    connect: guardedConnect(guard, resolve, trusted),
    pipelining: 1,
    // It ends by its signal alone.
    headersTimeout: 0,
    bodyTimeout: 0,
    maxHeaderSize: MAX_HEADER_BYTES,
  });
  const path = `${post.url.pathname}${post.url.search}`;
  try {
    return await exchange(pool, { path, headers: { ...post.headers }, body: post.body }, signal, post.mostAnswerBytes);
  } finally {
    void pool.destroy().catch(() => undefined);
  }
}
