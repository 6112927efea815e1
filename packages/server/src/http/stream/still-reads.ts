import type { Authenticator } from '../../auth/authenticate.ts';
import { authorize } from '../../auth/authorize.ts';
import type { Caller } from '../../auth/caller.ts';
import { CLOCK_SKEW_SECONDS } from '../../auth/check-times.ts';
import { invalidToken } from '../../auth/refuse-token.ts';
import { Refusal } from '../../errors.ts';
import type { Clock } from '../../lib/clock.ts';

export interface Judges {
  readonly authenticator: Pick<Authenticator, 'authenticate'>;
  readonly clock: Clock;
}

/**
 * Why whoever opened a stream may read it no longer; undefined where they may. Keys that are out of reach change nothing
 * about a token that has passed before, until it ends by its own `exp`.
 * @param caller as the token said when the stream was opened
 */
export async function lackOf(
  { authenticator, clock }: Judges,
  caller: Caller,
  authorization: string | undefined,
): Promise<Refusal | undefined> {
  if (clock.now() >= caller.expiresAtMs + CLOCK_SKEW_SECONDS * 1_000) {
    return invalidToken('The token has expired. Open the stream anew with another one.');
  }
  try {
    authorize(await authenticator.authenticate(authorization), 'SecurityActions.Read.All');
    return undefined;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return error.code === 'serviceUnavailable' ? undefined : error;
  }
}
