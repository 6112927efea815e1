/** Numbers that may not come back as they were sent: minus zero, many digits, an exponent. Rare, and looked at closely. */
const SUSPICIOUS = /(?:^|[:,[])\s*(?:-0|-?\d[.\d]{15,}|-?\d[.\d]*e)/i;

const LITERAL = /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]?\d+))?$/i;

/** Not by an expression: on many zeros before another digit that takes quadratic time. */
function withoutZerosBehind(digits: string): string {
  let end = digits.length;
  while (digits[end - 1] === '0') end -= 1;
  return digits.slice(0, end);
}

/** Equal for texts of one number, of JSON or of JavaScript. */
function plainOf(literal: string): string {
  const [, sign = '', whole, fraction = '', exponent = '0'] = LITERAL.exec(literal) ?? [];
  if (whole === undefined) return literal;
  const digits = `${whole}${fraction}`.replace(/^0+/, '');
  const significant = withoutZerosBehind(digits);
  if (significant === '') return `${sign}0`;
  return `${sign}${significant}e${Number(exponent) - fraction.length + digits.length - significant.length}`;
}

/** What stands in the text, and under which name or index. */
export interface InexactNumber {
  readonly literal: string;
  readonly key: string;
}

type Reviver = (key: string, value: unknown, context: { readonly source?: string }) => unknown;

/**
 * A number of a JSON text that would come back as another one: a double does not hold it, or JavaScript writes it so.
 * @param text that has been parsed
 */
export function findInexactNumber(text: string): InexactNumber | undefined {
  if (!SUSPICIOUS.test(text)) return undefined;
  let found: InexactNumber | undefined;
  const look: Reviver = (key, value, { source }) => {
    if (typeof value === 'number' && source !== undefined && plainOf(source) !== plainOf(String(value))) {
      found ??= { literal: source, key };
    }
    return value;
  };
  JSON.parse(text, look as (key: string, value: unknown) => unknown);
  return found;
}
