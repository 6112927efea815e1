import { AnswerTooLong, type Exchange, type GuardedPost } from '@interdict/connectors';

/** Posts to a receiver, guarded. */
export type PostTo = (post: GuardedPost, signal: AbortSignal) => Promise<Exchange>;

type Unanswered = Exclude<Exchange, { readonly kind: 'answered' }>;

/** The codes with which OpenSSL and Node reject a certificate. */
const OF_CERTIFICATES = /CERT|SELF_SIGNED|UNABLE_TO_VERIFY|HOSTNAME_MISMATCH|INVALID_CA|PATH_LENGTH/;

/**
 * What is told of a POST that was not answered, in words that are always the same: a name that is not known, one that
 * leads to a private address and one where nobody listens read alike, so that nobody looks around with them. The true
 * cause stands in the server's log.
 */
export function wordsOf({ kind, error }: Unanswered, timedOut: boolean, withinMs: number): string {
  if (timedOut) return `it did not answer within ${withinMs / 1_000} s`;
  if (error instanceof AnswerTooLong) return 'its answer is too long';
  if (kind === 'broken') return 'it broke off before it had answered';
  const code = String((error as NodeJS.ErrnoException).code ?? '');
  if (OF_CERTIFICATES.test(code)) return 'its certificate is not trusted';
  return 'it could not be reached at a public address that may be called';
}

/** For the log of the server: what came of a POST that was not taken. No path and no query, which hold secrets. */
export function causeOf(exchange: Exchange): string | undefined {
  if (exchange.kind === 'answered') {
    return exchange.status >= 200 && exchange.status < 300 ? undefined : `It answered ${exchange.status}.`;
  }
  const { message, code } = exchange.error as NodeJS.ErrnoException;
  return message || code || exchange.error.name;
}
