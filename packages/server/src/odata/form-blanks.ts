/** What encoders of HTML forms leave as it is; they escape all else, and write a plus for a blank. */
const OF_A_FORM = /^[\w.~*+%-]*$/;
const LITERALS = /(?:'|%27)(?:(?!%27)[^'])*(?:'|%27)/gi;

/**
 * The value of an option as it stands in the URL, with `%20` for each blank. RFC 3986 lets a plus stand for itself;
 * `URLSearchParams`, curl's `--data-urlencode` and a hand that types write blanks with it. Where one of the value's
 * blanks is written otherwise its pluses are pluses. So are those in its literals, where it has no others and none is
 * written `%2B`: an operator needs blanks around it.
 *
 * @param hasLiterals as a filter, and no search, has them
 */
export function withBlanks(raw: string, hasLiterals: boolean): string {
  if (!raw.includes('+') || / |%20/.test(raw)) return raw;
  const isForm = !hasLiterals || OF_A_FORM.test(raw) || /%2b/i.test(raw) || raw.replaceAll(LITERALS, '').includes('+');
  return isForm ? raw.replaceAll('+', '%20') : raw;
}
