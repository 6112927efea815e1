import { Refusal } from '../errors.ts';

/** Ids are ours alone, and all of this form. */
const FORM = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** The same words for an unknown id and for another tenant's: nobody learns which it is. */
export const unknownAction = (id: string): Refusal =>
  new Refusal('notFound', `There is no securityAction "${id.slice(0, 100)}".`, {
    inner: 'unknownResource',
    target: 'id',
  });

/** What cannot be an id never reaches the store. @throws {Refusal} notFound */
export function checkActionId(id: string): void {
  if (!FORM.test(id)) throw unknownAction(id);
}
