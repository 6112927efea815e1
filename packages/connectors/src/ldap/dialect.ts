import type { Control, Filter } from 'ldapts';
import type { Call } from '../connector.ts';

/** One value of an attribute in place of another; absent: none. It fails where the old value is not there any more. */
export interface Swap {
  readonly from?: string;
  readonly to?: string;
}

/** How a kind of directory writes that a user is disabled. */
export interface Dialect {
  /** The one attribute that is written; it has one value at most. */
  readonly attribute: string;
  /** The attribute that says who somebody is, and that nobody can change. */
  readonly id: string;
  /** Of an id as it is kept, what a filter asks for. */
  idValue(id: string): string | Buffer;
  /** What an entry must be to count as a user, beside its name. */
  readonly users: readonly Filter[];
  /** Finds all that are disabled, and perhaps more. */
  disabled(now: Date): Filter;
  /** Goes with every write. */
  readonly controls: () => Control[];
  /** Some value that the attribute may have. Absent: every user has one, and {@link isDisabled} throws where none is shown. */
  readonly anyValue?: string;
  /** Whether the directory refuses a user with this value. @throws {Failure} where nothing can be told from it */
  isDisabled(value: string | undefined, now: Date): boolean;
  /** Undefined: the value does not tell. */
  isOurs(value: string | undefined): boolean | undefined;
  /** Undefined: nothing is to be done. @throws {Failure} as above */
  toDisable(value: string | undefined, call: Call, now: Date): Swap | undefined;
  /** `was`: what stood there before. */
  toEnable(value: string | undefined, was: string | undefined): Swap | undefined;
  /** What is to be put back one day, where this stands there now, and `was` was kept so far. */
  kept(value: string | undefined, was: string | undefined): string | undefined;
}
