/** What is kept of a user with the effect. */
export interface Remembered {
  /** Who he is, whatever he is called and wherever he is moved to. */
  readonly id?: string | undefined;
  /** What stood in the attribute before ours. */
  readonly was?: string | undefined;
}

export const toNote = ({ id, was }: Remembered): string => JSON.stringify({ id, was });

/** Nothing, where the note is none of these. */
export function readNote(note: string | undefined): Remembered {
  try {
    const { id, was } = JSON.parse(note ?? '{}') as Record<string, unknown>;
    return { ...(typeof id === 'string' && { id }), ...(typeof was === 'string' && { was }) };
  } catch {
    return {};
  }
}
