import { Refusal } from '../../errors.ts';

/** Nothing was written, and nothing will be until the database answers again. */
export const unavailable = (cause: unknown): Refusal =>
  new Refusal('serviceUnavailable', 'The store cannot be reached. Nothing was changed; try again.', {
    headers: { 'Retry-After': '2' },
    cause,
  });

/** Nothing was written: there is no room. */
export const full = (cause: unknown): Refusal =>
  new Refusal('insufficientStorage', 'The disk of the store is full. Nothing was changed.', { cause });

/** So little is free that what is new is refused, and what was accepted can be finished. */
export const shortOfRoom = (): Refusal =>
  new Refusal(
    'insufficientStorage',
    'The disk of the store is almost full. Nothing was changed; what was accepted is carried out, and can be cancelled.',
  );
