import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { SubscriptionSecrets } from './subscription.ts';

const IV_BYTES = 12;
const TAG_BYTES = 16;

/** Where sealed text belongs: elsewhere it does not open. */
export interface SealedPlace {
  readonly tenantId: string;
  readonly id: string;
}

const placeOf = ({ tenantId, id }: SealedPlace): Buffer => Buffer.from(`${tenantId}/${id}`);

/**
 * Secrets as they are stored: AES-256-GCM, bound to their tenant and their subscription.
 * @param key 32 bytes, derived from the install key
 */
export function seal(key: Buffer, place: SealedPlace, secrets: SubscriptionSecrets): string {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(placeOf(place));
  const sealed = Buffer.concat([cipher.update(JSON.stringify(secrets), 'utf8'), cipher.final()]);
  return Buffer.concat([iv, cipher.getAuthTag(), sealed]).toString('base64');
}

/** @throws {Error} where it was changed, or sealed under another key or for another place */
export function unseal(key: Buffer, place: SealedPlace, text: string): SubscriptionSecrets {
  const bytes = Buffer.from(text, 'base64');
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, IV_BYTES)).setAAD(placeOf(place));
  decipher.setAuthTag(bytes.subarray(IV_BYTES, IV_BYTES + TAG_BYTES));
  const plain = Buffer.concat([decipher.update(bytes.subarray(IV_BYTES + TAG_BYTES)), decipher.final()]);
  return JSON.parse(plain.toString('utf8')) as SubscriptionSecrets;
}
