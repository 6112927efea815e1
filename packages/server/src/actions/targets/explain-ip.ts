import { findAddress } from './ip-prefix.ts';
import { quoted } from './quoted.ts';

const RIGHT = 'An address is four plain decimals, as in "203.0.113.9", or IPv6, as in "2001:db8::9".';

const asked = (address: string, rest: string): string =>
  findAddress(address) ? ` Did you mean ${quoted(`${address}${rest}`)}?` : '';

/** The IPv4 address that browsers read in it, if they read one. */
function browserReading(text: string): string {
  try {
    return text.length <= 64 ? new URL(`http://${text}`).hostname : '';
  } catch {
    return '';
  }
}

interface Mistake {
  readonly pattern: RegExp;
  readonly explain: (text: string, rest: string) => string;
}

// biome-ignore format: a table reads better in columns
const MISTAKES: readonly Mistake[] = [
  { pattern: /^$/,                          explain: () => ` is empty. ${RIGHT}` },
  { pattern: /\s/,                          explain: (text, rest) => ` holds white space.${asked(text.replace(/\s/g, ''), rest)}` },
  { pattern: /%/,                           explain: (text, rest) => ` has a zone id, which only one machine understands.${asked(text.replace(/%.*/, ''), rest)}` },
  { pattern: /^\[.*\]/,                     explain: (text, rest) => ` has brackets.${asked(text.replace(/^\[|\].*/g, ''), rest)}` },
  { pattern: /[^\x20-\x7e]/,                explain: (text, rest) => ` holds full-width or other letters and digits outside ASCII.${asked(text.normalize('NFKC'), rest)}` },
  { pattern: /\d\.$/,                       explain: (text, rest) => ` has a dot at its end.${asked(text.slice(0, -1), rest)}` },
  { pattern: /^\d+(\.\d+){3}:\d+$/,         explain: (text, rest) => ` has a port.${asked(text.replace(/:.*/, ''), rest)}` },
  { pattern: /^[\d.]+ ?- ?[\d.]+$/,         explain: () => ' is a range: give it as one or more networks, each in an action of its own.' },
  { pattern: /^(?=.*\b0\d)\d+(\.\d+){3}$/,  explain: (text, rest) => ` has leading zeros, which some products read as octal.${asked(text.replace(/\b0+(?=\d)/g, ''), rest)}` },
];

function explainOther(text: string, rest: string): string {
  const reading = browserReading(text);
  if (!text.includes(':') && findAddress(reading)) {
    return ` is a short, hexadecimal, octal or integer form.${asked(reading, rest)}`;
  }
  return ` is not an IP address. ${RIGHT}`;
}

/** Says of a text that is no plain address what is wrong with it, and asks for what was most likely meant. */
export function explainIp(text: string, rest: string): string {
  const mistake = MISTAKES.find(({ pattern }) => pattern.test(text));
  return `${quoted(`${text}${rest}`)}${(mistake?.explain ?? explainOther)(text, rest)}`;
}
