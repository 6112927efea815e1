const ESCAPED = /\\([0-9a-f]{2}|.)/gs;

/** Every escape in one spelling, for letters and digits none. @see RFC 4514 section 2.4 */
function spelled(_: string, what: string): string {
  const hex = what.length === 2 ? what : Buffer.from(what, 'latin1').toString('hex');
  const letter = String.fromCharCode(Number.parseInt(hex, 16));
  return /[a-z0-9]/i.test(letter) ? letter.toLowerCase() : `\\${hex}`;
}

/** One spelling of a distinguished name for all that mean the same. */
export const normalDn = (dn: string): string =>
  dn
    .toLowerCase()
    .replace(ESCAPED, spelled)
    .replace(/ *([,=+]) */g, '$1')
    .trim();

/** Whether two distinguished names are one, however they are written. */
export const isSameDn = (one: string, other: string): boolean => normalDn(one) === normalDn(other);
