import { hash } from 'node:crypto';
import type { Caller } from './caller.ts';
import type { KeySource } from './issuer-keys.ts';

const MAX_TOKENS = 10_000;

interface Verified {
  readonly caller: Caller;
  readonly keyId: string;
  readonly keys: KeySource;
}

/**
 * Tokens that have passed, by their digest: no token itself is kept here. An entry counts until the token's `exp`, and
 * only as long as its issuer still publishes the key that signed it. The oldest go first.
 */
export interface VerifiedTokens {
  readonly byDigest: Map<string, Verified>;
  readonly maxTokens: number;
}

/** The last header of each connection that is open, with its token's digest: to take a digest costs 7 µs of a request. */
export type PresentedTokens = WeakMap<object, { readonly authorization: string; readonly digest: string }>;

export const createVerifiedTokens = (maxTokens: number = MAX_TOKENS): VerifiedTokens => ({
  byDigest: new Map(),
  maxTokens,
});

export const digestOf = (token: string): string => hash('sha256', token, 'base64');

export function findVerified(tokens: VerifiedTokens, digest: string, nowMs: number): Caller | undefined {
  const found = tokens.byDigest.get(digest);
  if (!found) return undefined;
  if (nowMs < found.caller.expiresAtMs && found.keys.isCurrent(found.keyId)) return found.caller;
  tokens.byDigest.delete(digest);
  return undefined;
}

export function rememberVerified(tokens: VerifiedTokens, digest: string, verified: Verified): void {
  tokens.byDigest.delete(digest);
  tokens.byDigest.set(digest, verified);
  if (tokens.byDigest.size <= tokens.maxTokens) return;
  const [oldest] = tokens.byDigest.keys();
  if (oldest !== undefined) tokens.byDigest.delete(oldest);
}
