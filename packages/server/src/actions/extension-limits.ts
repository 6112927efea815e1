export const MOST_EXTENSIONS = 16;
export const MOST_EXTENSION_BYTES = 4_096;

export const tooManyExtensions = (count: number): string =>
  `There are ${count} properties of your own; at most ${MOST_EXTENSIONS} are kept.`;

export const TOO_LARGE_EXTENSIONS = `Properties of your own are larger than ${MOST_EXTENSION_BYTES} bytes together.`;

/** What is wrong with all properties of one action that its type does not declare; undefined where nothing is. */
export function extensionFault(extensions: Readonly<Record<string, unknown>>): string | undefined {
  const count = Object.keys(extensions).length;
  if (count > MOST_EXTENSIONS) return tooManyExtensions(count);
  const isLarge = count > 0 && Buffer.byteLength(JSON.stringify(extensions)) > MOST_EXTENSION_BYTES;
  return isLarge ? TOO_LARGE_EXTENSIONS : undefined;
}
