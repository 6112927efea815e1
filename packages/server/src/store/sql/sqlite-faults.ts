import { OperatorFault } from '../../errors.ts';
import { CommitUnknown } from '../store.ts';

/** Primary result codes of SQLite. @see https://www.sqlite.org/rescode.html */
const FULL = 13;
const NOT_TO_BE_TRUSTED = new Set([10 /* IOERR */, 11 /* CORRUPT */, 26 /* NOTADB */]);

/** Extended codes carry the primary one in their low byte. */
function codeOf(thrown: unknown): number | undefined {
  const { errcode, cause } = (thrown ?? {}) as { errcode?: unknown; cause?: unknown };
  if (typeof errcode === 'number') return errcode & 0xff;
  return thrown instanceof CommitUnknown ? codeOf(cause) : undefined;
}

/** Of the disk and not of the unit: no other unit would fare better. */
export function isOfTheFile(thrown: unknown): boolean {
  const code = codeOf(thrown);
  return code !== undefined && (code === FULL || NOT_TO_BE_TRUSTED.has(code));
}

/**
 * After a failed read, write or fsync this connection must do nothing more: a second fsync may succeed though data was
 * lost. What was committed is found by the next process.
 */
export function isBroken(thrown: unknown): boolean {
  const code = codeOf(thrown);
  return code !== undefined && NOT_TO_BE_TRUSTED.has(code);
}

export const isFull = (thrown: unknown): boolean => codeOf(thrown) === FULL && !(thrown instanceof CommitUnknown);

/** Code of a fault that crosses from the writer: the file has failed, and the unit was not begun, or not committed. */
export const STORE_FAILED = 'STORE_FAILED';

/** The other one: there is no room on the disk. */
export const STORE_FULL = 'STORE_FULL';

/** The file failed before this was begun. */
export class NotBegun extends Error {
  override readonly name = 'NotBegun';
  readonly code = STORE_FAILED;

  constructor() {
    super('The file of the store has failed.');
  }
}

/** What an operator is told of a file that cannot be opened or written at a start; anything else stays what it is. */
export function toOpeningFault(folder: string, thrown: unknown): unknown {
  if (!isOfTheFile(thrown)) return thrown;
  const { message } = thrown as Error;
  return new OperatorFault(
    `The database in ${folder} cannot be opened, or not be written: ${message}. Look after the disk, and start again.`,
    { cause: thrown },
  );
}
