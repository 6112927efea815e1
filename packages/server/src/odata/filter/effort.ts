import type { FunctionName } from './expression.ts';
import type { Value } from './values.ts';

/** Characters that are gone through in some milliseconds at the most: beyond, the clock is asked. */
const UNTIMED_TEXT = 4_000_000;
/** Others wait for so long while one action is judged. */
const MOST_MS = 50;
/** What one call may cost: it cannot be broken off, and may take 90 ms. */
const MOST_AT_ONCE = 8_000_000;

/** What judging one action has cost so far. */
export interface Effort {
  text: number;
  readonly began: number;
}

/** A filter goes through more text of one action than others can wait for. */
export class TooMuchText extends Error {
  override readonly name = 'TooMuchText';
}

export const beginEffort = (): Effort => ({ text: 0, began: performance.now() });

/** @throws {TooMuchText} */
export function spend(effort: Effort, characters: number): void {
  effort.text += characters;
  if (effort.text <= UNTIMED_TEXT) return;
  const isTooMuch = characters > MOST_AT_ONCE || performance.now() - effort.began > MOST_MS;
  if (isTooMuch) throw new TooMuchText('A filter goes through too much text.');
}

const lengthOf = (value: Value | undefined): number => (typeof value === 'string' ? value.length : 0);

/** Looking for a part that nearly occurs everywhere costs a part of its length each time; letters beyond ASCII are slow to change. */
export function costOf(name: FunctionName, [first, second]: readonly Value[]): number {
  const length = lengthOf(first);
  if (name === 'contains' || name === 'indexof') return length * (1 + lengthOf(second) / 32);
  if (name === 'tolower' || name === 'toupper') return length * 4;
  return length + lengthOf(second);
}
