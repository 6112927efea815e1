import { Refusal } from '../../errors.ts';

type Inner =
  | 'invalidProperty'
  | 'missingProperty'
  | 'unknownProperty'
  | 'duplicateProperty'
  | 'limitExceeded'
  | 'malformedJson';

/** A 400 for a batch or an item of one. `target` is the path of the member in the body, or in the item. */
export const refuse = (inner: Inner, target: string, message: string): Refusal =>
  new Refusal('badRequest', message, { inner, target: target.slice(0, 200) });

/** What was sent, as a message can show it. */
export const shown = (text: string): string => JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);

export const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
