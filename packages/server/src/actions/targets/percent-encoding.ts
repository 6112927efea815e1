const UNRESERVED = /[A-Za-z0-9._~-]/;

/** Whether a `%` stands without two hexadecimal digits behind it. */
export const hasBrokenEscape = (text: string): boolean => /%(?![0-9a-f]{2})/i.test(text);

function canonicalEscape(triplet: string): string {
  const character = String.fromCharCode(Number.parseInt(triplet.slice(1), 16));
  return UNRESERVED.test(character) ? character : triplet.toUpperCase();
}

/**
 * Escapes of unreserved characters decoded, all others in capitals: what RFC 3986 calls equivalent is one text.
 *
 * @see https://www.rfc-editor.org/rfc/rfc3986#section-6.2.2
 */
export const canonicalEscapes = (text: string): string => text.replace(/%[0-9a-f]{2}/gi, canonicalEscape);
