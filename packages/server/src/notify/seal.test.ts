import { randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import { seal, unseal } from './seal.ts';

const key = randomBytes(32);
const place = { tenantId: 't', id: 's' };
const secrets = { clientState: 'ünï', signingSecret: 'whsec_AAAA' };

it('opens where it was sealed, and nowhere else', () => {
  const sealed = seal(key, place, secrets);
  expect(unseal(key, place, sealed)).toEqual(secrets);
  expect(seal(key, place, secrets)).not.toBe(sealed);
  expect(Buffer.from(sealed, 'base64').toString('latin1')).not.toContain('whsec_');
  expect(() => unseal(key, { ...place, id: 'x' }, sealed)).toThrow();
  expect(() => unseal(key, { ...place, tenantId: 'x' }, sealed)).toThrow();
  expect(() => unseal(randomBytes(32), place, sealed)).toThrow();
  const bytes = Buffer.from(sealed, 'base64');
  bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
  expect(() => unseal(key, place, bytes.toString('base64'))).toThrow();
});
