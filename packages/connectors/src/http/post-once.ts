import { createSecureContext, getCACertificates, type SecureContext } from 'node:tls';
import { type buildConnector, Pool } from 'undici';
import { AnswerTooLong, type Exchange, exchange } from './exchange.ts';
import { type AddressGuard, guardedConnect } from './guarded-connect.ts';
import { type Resolve, resolveBySystem } from './resolve-name.ts';

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
  /** Whom it trusts, made once for many posts; absent: what Node trusts by itself. */
  readonly secureContext?: SecureContext | undefined;
  readonly resolve?: Resolve;
}

/**
 * Trusts an authority beside those that the system trusts. It costs tens of milliseconds: it is made once.
 * @param ca PEM
 */
export const trustBeside = (ca: string): SecureContext =>
  createSecureContext({ ca: [...getCACertificates('default'), ca] });

const MAX_HEADER_BYTES = 16 * 1024;

/** Whatever it is made of: heads, the sizes of chunks and what stands beside them are no part of the body. */
const MOST_BYTES = 256 * 1024;

/** Breaks a connection off that brings more, with AnswerTooLong. */
const bounded =
  (connect: buildConnector.connector): buildConnector.connector =>
  (options, callback) =>
    connect(options, (...opened) => {
      const [, socket] = opened;
      socket?.on('readable', () => {
        if (socket.bytesRead > MOST_BYTES) socket.destroy(new AnswerTooLong(`${MOST_BYTES / 1024} KB`));
      });
      callback(...opened);
    });

/**
 * Posts once over a connection of its own: the name is resolved once, every address is checked, and the connection
 * goes to one that was. Redirects are answers like any other. Settles when the signal aborts, whatever the receiver
 * does; looking up the name ends with it.
 */
export async function postOnce(post: GuardedPost, terms: PostTerms, signal: AbortSignal): Promise<Exchange> {
  const { guard, secureContext, resolve = resolveBySystem } = terms;
  const pool = new Pool(post.url.origin, {
    connect: bounded(guardedConnect(guard, resolve, { secureContext, signal })),
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
