import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Refusal } from '../errors.ts';
import { attacksOn } from './testing/attack-corpus.ts';
import { signToken } from './testing/signing-key.ts';
import type { TokenWorld } from './testing/token-world.ts';
import { openTokenWorld } from './testing/token-world.ts';
import { validVariants } from './testing/valid-variants.ts';

let world: TokenWorld;

beforeAll(async () => {
  world = await openTokenWorld();
});

afterAll(() => world.close());

describe('the corpus of tokens', () => {
  it('has every one of over 3,000 forged, confused and stale tokens refused with 401', async () => {
    const attacks = world.bases.flatMap((base) => attacksOn(base, world.clock.now()));
    const passed: string[] = [];
    for (const { name, token } of attacks) {
      const outcome = await world.authenticator.authenticate(`Bearer ${token}`).catch((error: unknown) => error);
      const isRefused = outcome instanceof Refusal && outcome.code === 'InvalidAuthenticationToken';
      if (!isRefused) passed.push(`${name}: ${String(outcome)}`);
      else if (!outcome.headers['WWW-Authenticate']?.startsWith('Bearer ')) passed.push(`${name}: no challenge`);
    }
    expect(passed).toEqual([]);
    expect(attacks.length).toBeGreaterThan(3_000);
    expect(new Set(attacks.map(({ token }) => token)).size).toBeGreaterThan(3_000);
  }, 120_000);

  it('has every one of over 200 valid variants accepted, for who and what they are', async () => {
    const variants = world.bases.flatMap((base) => validVariants(base, world.clock.now()));
    for (const { name, base, token } of variants) {
      const caller = await world.authenticator.authenticate(`Bearer ${token}`);
      expect(caller, name).toMatchObject({ kind: base.kind, issuer: base.claims.iss });
      expect([...caller.permissions], name).toContain('SecurityActions.ReadWrite.All');
      expect(caller.user === null, name).toBe(base.kind === 'application');
    }
    expect(variants.length).toBeGreaterThan(200);
  });

  it.each(['Entra 2.0 a app', 'OIDC user'])('has no character that may be changed: %s', async (name) => {
    const base = world.bases.find((each) => each.name === name);
    if (!base) throw new Error(`No base "${name}".`);
    const token = signToken(base.header, base.claims, base.key.privateKey);
    await world.authenticator.authenticate(`Bearer ${token}`);
    const passed: number[] = [];
    for (let at = 0; at < token.length; at += 1) {
      const changed = `${token.slice(0, at)}${token[at] === 'A' ? 'Q' : 'A'}${token.slice(at + 1)}`;
      await world.authenticator.authenticate(`Bearer ${changed}`).then(
        () => passed.push(at),
        () => undefined,
      );
    }
    expect(passed).toEqual([]);
  });

  it('has messages that never hold the token', async () => {
    const attacks = world.bases.slice(0, 1).flatMap((base) => attacksOn(base, world.clock.now()));
    for (const { token } of attacks) {
      const outcome = await world.authenticator.authenticate(`Bearer ${token}`).catch((error: unknown) => error);
      const parts = token.split('.').filter((part) => part.length > 30);
      for (const part of parts) expect((outcome as Refusal).message).not.toContain(part);
      expect((outcome as Refusal).message.length).toBeLessThan(600);
    }
  });
});
