import type { Clock } from '../lib/clock.ts';
import { readBearerToken } from './bearer-token.ts';
import type { Caller } from './caller.ts';
import { checkClaims } from './check-claims.ts';
import { checkHeader } from './check-header.ts';
import type { Claims } from './claim-name.ts';
import { findIssuerFaults } from './issuer-faults.ts';
import type { KeyState } from './issuer-keys.ts';
import { createIssuerKeys } from './issuer-keys.ts';
import type { IssuerSettings } from './issuer-settings.ts';
import type { LocalIssuer } from './local-issuer.ts';
import { parseToken } from './parse-token.ts';
import { invalidToken, quote } from './refuse-token.ts';
import { toCaller } from './to-caller.ts';
import type { TrustedIssuer } from './trusted-issuer.ts';
import { toTrustedIssuers } from './trusted-issuer.ts';
import type { PresentedTokens, VerifiedTokens } from './verified-tokens.ts';
import { createVerifiedTokens, digestOf, findVerified, rememberVerified } from './verified-tokens.ts';
import { getSigningKey } from './verify-signature.ts';

export interface AuthenticatorOptions {
  readonly issuers: readonly IssuerSettings[];
  /** The issuer that stands in where none is configured. */
  readonly localIssuer?: LocalIssuer | undefined;
  readonly clock: Clock;
  /** How many verified tokens are remembered; default 10,000. */
  readonly maxVerifiedTokens?: number | undefined;
  /** For an issuer's metadata and keys together; default 5 s. */
  readonly fetchTimeoutMs?: number | undefined;
}

export interface Authenticator {
  /**
   * Who sends this `Authorization` header.
   *
   * @throws {Refusal} `InvalidAuthenticationToken`; `serviceUnavailable` where only the issuer's keys could tell and
   * the issuer is out of reach
   * @param connection over which {@link recall} is to know the header, if any
   */
  authenticate(authorization: string | undefined, connection?: object): Promise<Caller>;
  /** The same, at once, where this was the last header to pass on the connection, and its token is still good. */
  recall(authorization: string | undefined, connection: object): Caller | undefined;
  /** How the keys of each issuer stand. */
  keyStates(): readonly KeyState[];
  /** Ends fetches under way; later tokens are still judged by the keys at hand. */
  close(): void;
}

interface Trust {
  readonly issuers: ReadonlyMap<string, TrustedIssuer>;
  readonly verified: VerifiedTokens;
  readonly clock: Clock;
  readonly isLocal: boolean;
  readonly presented: PresentedTokens;
}

/** Configured issuers are not listed to whoever asks: with `{tid}` they name every customer. */
function getIssuer({ issuers, isLocal }: Trust, { iss }: Claims): TrustedIssuer {
  const issuer = typeof iss === 'string' ? issuers.get(iss) : undefined;
  if (issuer) return issuer;
  const hint = isLocal
    ? 'No issuer is configured, so this server takes its own tokens only; "npx interdict token" prints one.'
    : 'The operator names trusted issuers under "issuers" in the configuration.';
  throw invalidToken(`The token's issuer ${quote(iss)} is not configured here. ${hint}`);
}

async function verify(trust: Trust, token: string, digest: string): Promise<Caller> {
  const { header, claims } = parseToken(token);
  const checked = checkHeader(header);
  const issuer = getIssuer(trust, claims);
  const key = await getSigningKey(token, checked, issuer);
  const signed = { claims, issuer, saysAccessToken: checked.saysAccessToken };
  checkClaims(signed, trust.clock.now());
  const caller = toCaller(signed);
  rememberVerified(trust.verified, digest, { caller, keyId: key.id, keys: issuer.keys });
  return caller;
}

async function authenticate(
  trust: Trust,
  authorization: string | undefined,
  connection: object | undefined,
): Promise<Caller> {
  const token = readBearerToken(authorization);
  const digest = digestOf(token);
  const caller = findVerified(trust.verified, digest, trust.clock.now()) ?? (await verify(trust, token, digest));
  if (connection && authorization !== undefined) trust.presented.set(connection, { authorization, digest });
  return caller;
}

/** Each time anew whether it is expired, and whether its key is still there: only the digest is remembered. */
function recall(trust: Trust, authorization: string | undefined, connection: object): Caller | undefined {
  const presented = trust.presented.get(connection);
  if (presented === undefined || presented.authorization !== authorization) return undefined;
  return findVerified(trust.verified, presented.digest, trust.clock.now());
}

/**
 * Judges bearer tokens by the configured issuers, or by the local one.
 *
 * @throws {Error} where the settings contradict themselves; `findIssuerFaults` tells beforehand
 */
export function createAuthenticator(options: AuthenticatorOptions): Authenticator {
  const { clock, localIssuer, fetchTimeoutMs } = options;
  const faults = findIssuerFaults(options.issuers);
  if (faults.length > 0) throw new Error(faults.map(({ path, message }) => `${path}: ${message}`).join('\n'));
  const configured = toTrustedIssuers(options.issuers, (issuer, jwksUri) =>
    createIssuerKeys({ issuer, jwksUri, clock, fetchTimeoutMs }),
  );
  const issuers = localIssuer ? configured.set(localIssuer.trusted.issuer, localIssuer.trusted) : configured;
  const verified = createVerifiedTokens(options.maxVerifiedTokens);
  const isLocal = options.issuers.length === 0;
  const trust: Trust = { issuers, verified, clock, isLocal, presented: new WeakMap() };
  const all = [...issuers.values()];
  return {
    authenticate: (authorization, connection) => authenticate(trust, authorization, connection),
    recall: (authorization, connection) => recall(trust, authorization, connection),
    keyStates: () => all.map(({ keys }) => keys.state()),
    close: () => {
      for (const { keys } of all) keys.close();
    },
  };
}
