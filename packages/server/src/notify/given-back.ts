import { Refusal } from '../errors.ts';
import type { SubscriptionRow } from '../store/subscription-rows.ts';
import { unseal } from './seal.ts';
import { toWire } from './subscription.ts';

/** Members of a subscription that a PATCH has, and cannot change. */
export type GivenBack = Readonly<Record<string, unknown>>;

/**
 * A client that changes one member of what it got sends all of it back: what is as it was says nothing. That is as a
 * GET shows it, or as the answer to the create did, with its secrets.
 *
 * @throws {Refusal} readOnlyProperty
 */
export function checkGivenBack(secretsKey: Buffer, tenantId: string, row: SubscriptionRow, given: GivenBack): void {
  const differing = (from: GivenBack): readonly string[] =>
    Object.keys(given).filter((name) => given[name] !== from[name]);
  const differs = differing(toWire(row));
  if (differs.length === 0) return;
  const secrets = unseal(secretsKey, { tenantId, id: row.id }, row.secrets);
  const alsoDiffers = differing(toWire(row, secrets));
  const fixed = differs.find((name) => alsoDiffers.includes(name));
  if (fixed === undefined) return;
  const words = `"${fixed}" of a subscription stays as it is. What can be changed: expirationDateTime, notificationUrl.`;
  throw new Refusal('badRequest', words, { inner: 'readOnlyProperty', target: fixed });
}
