/** Whatever was thrown, as an error: a missing one would be taken for none. */
export const asError = (thrown: unknown): Error => (thrown instanceof Error ? thrown : new Error(String(thrown)));
