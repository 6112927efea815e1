/**
 * A text as an index of either database can hold it, else null: PostgreSQL has no NUL, and neither has half a
 * surrogate pair.
 */
export const indexable = (text: unknown): string | null =>
  typeof text === 'string' && !text.includes('\0') && text.isWellFormed() ? text : null;
