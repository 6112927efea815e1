import { domainToASCII, domainToUnicode } from 'node:url';
import type { Target } from '@interdict/contract';
import { invalidParameter } from './invalid-parameter.ts';
import { quoted } from './quoted.ts';

const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const NUMBER = /^(?:\d+|0x[0-9a-f]*)$/;

/** What the platform's parser would read as the end, or as something else than a letter of the name. */
const NO_NAME = /[\s/\\?#@:%*[\]<>^|"`{}]/u;

const LONGEST = 253;

const isEncodedFaithfully = (label: string): boolean => {
  const decoded = domainToUnicode(label);
  return decoded !== label && domainToASCII(decoded) === label;
};

/** Whether the platform's parsers take the name for an IPv4 address: its last label is a number. */
export const endsInNumber = (name: string): boolean => NUMBER.test(name.slice(name.lastIndexOf('.') + 1));

function explainNoName(text: string): string {
  const host = /^(?:[a-z][a-z0-9+.-]*:\/\/|\*\.)([a-z0-9.-]+)/i.exec(text)?.[1];
  if (text.startsWith('*')) return `a wildcard is not needed, its subdomains are covered.${meant(host)}`;
  if (text.includes('://')) return `a URL is not a domain.${meant(host)}`;
  return 'a domain has only letters, digits, hyphens and dots.';
}

const meant = (host: string | undefined): string => (host === undefined ? '' : ` Did you mean "${host}"?`);

function findFault(labels: readonly string[], fewestLabels: number): string | undefined {
  const name = labels.join('.');
  if (name.length > LONGEST) return `it is longer than ${LONGEST} characters in its ASCII form.`;
  if (labels.includes('')) return 'it has an empty label: two dots in a row, or a dot in front.';
  const wrong = labels.find((label) => !LABEL.test(label));
  if (wrong !== undefined) {
    return `${quoted(wrong)} is no label: 1 to 63 letters, digits and hyphens, with no hyphen at either end.`;
  }
  if (labels.length < fewestLabels) return 'it needs at least two labels, as in "evil.example".';
  if (endsInNumber(name)) return 'it ends in a number, which makes it an IP address to browsers; BlockIp takes those.';
  const broken = labels.find((label) => label.startsWith('xn--') && !isEncodedFaithfully(label));
  return broken === undefined ? undefined : `${quoted(broken)} is not the encoding of any valid label.`;
}

/**
 * A domain name as lower-case IDNA A-labels, without the dot at its end.
 *
 * @param fewestLabels two, except for what an operator protects
 * @throws {Refusal} invalidParameter
 * @see https://www.unicode.org/reports/tr46/
 */
export function parseDomainName(text: string, path: string, fewestLabels: 1 | 2 = 2): string {
  const refuse = (why: string): never => {
    throw invalidParameter(path, `${quoted(text)} is not a domain name that can be a target: ${why}`);
  };
  if (text.length > 2 * LONGEST) return refuse(`it is longer than ${LONGEST} characters in its ASCII form.`);
  if (NO_NAME.test(text)) return refuse(explainNoName(text));
  const ascii = domainToASCII(text);
  if (ascii === '') return refuse(endsInNumber(text) ? 'it ends in a number.' : 'it has no valid ASCII form.');
  const labels = (ascii.endsWith('.') ? ascii.slice(0, -1) : ascii).split('.');
  const fault = findFault(labels, fewestLabels);
  return fault === undefined ? labels.join('.') : refuse(fault);
}

/** @throws {Refusal} invalidParameter */
export const parseDomain = (text: string, path: string): Target => ({
  kind: 'domain',
  value: parseDomainName(text, path),
});
