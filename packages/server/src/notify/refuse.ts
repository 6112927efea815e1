import { Refusal } from '../errors.ts';

/** A member of a subscription that cannot be so. */
export const invalid = (target: string, message: string): Refusal =>
  new Refusal('badRequest', message, { inner: 'invalidProperty', target });

/** The same words for an unknown id, another application's and another tenant's. */
export const unknownSubscription = (id: string): Refusal =>
  new Refusal('notFound', `There is no subscription "${id.slice(0, 100)}".`, {
    inner: 'unknownResource',
    target: 'id',
  });

export const unknownDelivery = (id: string): Refusal =>
  new Refusal('notFound', `There is no delivery "${id.slice(0, 100)}" of this subscription.`, {
    inner: 'unknownResource',
    target: 'id',
  });

const FORM = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** What cannot be an id never reaches the store. */
export const isOwnId = (id: string): boolean => FORM.test(id);
