import { expect, it } from 'vitest';
import { createAuthenticator } from '../../auth/authenticate.ts';
import { createHandClock } from '../../auth/testing/hand-clock.ts';
import { openOidcIssuer } from '../../auth/testing/oidc-issuer.ts';
import { KEYS, TENANT_A } from '../../auth/testing/token-bases.ts';
import { lackOf } from './still-reads.ts';

const HOUR_MS = 3_600_000;

it('ends a stream with its token, also where the issuer has been out of reach for longer than its keys are kept', async () => {
  const issuer = await openOidcIssuer(KEYS.keycloak);
  const clock = createHandClock();
  const authenticator = createAuthenticator({
    issuers: [{ issuer: issuer.issuer, audience: ['interdict'], tenant: TENANT_A }],
    clock,
  });
  const begun = clock.now();
  const token = await issuer.sign({
    aud: 'interdict',
    azp: 'soc',
    sub: 'u',
    scope: 'SecurityActions.Read.All',
    iat: begun / 1_000,
    exp: begun / 1_000 + 30 * 3_600,
  });
  const authorization = `Bearer ${token}`;
  const caller = await authenticator.authenticate(authorization);
  const lackAt = async (hours: number, seconds = 0) => {
    clock.nowMs = begun + hours * HOUR_MS + seconds * 1_000;
    return await lackOf({ authenticator, clock }, caller, authorization);
  };
  expect(await lackAt(1)).toBeUndefined();
  await issuer.stop();
  expect(await lackAt(26)).toBeUndefined();
  await expect(authenticator.authenticate(authorization)).rejects.toMatchObject({ code: 'serviceUnavailable' });
  expect(await lackAt(30, 59)).toBeUndefined();
  expect(await lackAt(30, 60)).toMatchObject({ code: 'InvalidAuthenticationToken', inner: 'invalidToken' });
  authenticator.close();
});
