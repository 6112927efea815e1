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
