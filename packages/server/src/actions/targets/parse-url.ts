import type { Target } from '@interdict/contract';
import { Refusal } from '../../errors.ts';
import { invalidParameter } from './invalid-parameter.ts';
import { endsInNumber, parseDomainName } from './parse-domain.ts';
import { parseIp } from './parse-ip.ts';
import { canonicalEscapes, hasBrokenEscape } from './percent-encoding.ts';
import { quoted } from './quoted.ts';

const FORM = /^(https?):\/\/([^/?#]*)([^?#]*)(\?[^#]*)?(#.*)?$/i;
const AUTHORITY = /^(\[[^\]]*\]|[^:[\]]*)(?::(\d{0,5}))?$/;

const LONGEST = 4_096;

/** What the WHATWG parser would mend silently: after the mending it is another text, or another host. */
// biome-ignore format: a table reads better in columns
const NOT_MENDED: readonly (readonly [RegExp, string])[] = [
  [/\s/u,                     'it holds white space: write %20.'],
  [/\\/,                      'it holds a backslash, which browsers take for a slash and other products do not.'],
  [/^(?!https?:\/\/[^/?#])/i, 'it must begin with http:// or https:// and a host.'],
  [/^[^/]*\/\/[^/?#]*@/,      'it has a user name or password: leave it out.'],
  [/#/,                       'it has a fragment, which no server gets to see: leave out "#" and what follows.'],
  [/\?$/,                     'its query is empty: leave out "?" to cover all that lies below, or give the query.'],
];

/** A last label of full-width digits is a number too. */
const looksLikeIpv4 = (host: string): boolean => endsInNumber(host.normalize('NFKC').toLowerCase());

/** The host under the rules of domains and of addresses, as it stands in a URL. */
function parseUrlHost(host: string, path: string): string {
  const bracketed = host.startsWith('[');
  if (!bracketed && !looksLikeIpv4(host)) return parseDomainName(host, path);
  const { value } = parseIp(['ip'], bracketed ? host.slice(1, -1) : host, path);
  return value.includes(':') ? `[${value}]` : value;
}

function findFault(text: string): string | undefined {
  const found = NOT_MENDED.find(([pattern]) => pattern.test(text));
  if (found) return found[1];
  return hasBrokenEscape(text) ? 'a "%" stands without two hexadecimal digits behind it.' : undefined;
}

/**
 * An http or https URL as the WHATWG parser gives it, with percent-escapes as RFC 3986 normalises them.
 * With a query it stands for itself, without one for itself and all that lies below its path.
 *
 * @throws {Refusal} invalidParameter, limitExceeded
 * @see https://url.spec.whatwg.org
 */
export function parseUrl(text: string, path: string): Target {
  const refuse = (why: string): never => {
    throw invalidParameter(path, `${quoted(text)} is not a URL that can be a target: ${why}`);
  };
  const fault = findFault(text);
  if (fault !== undefined) return refuse(fault);
  const [, scheme = '', authority = '', place = '', query = ''] = FORM.exec(text) ?? [];
  const [, host, port] = AUTHORITY.exec(authority) ?? [];
  if (host === undefined) return refuse('its host and port cannot be read.');
  const origin = `${scheme.toLowerCase()}://${parseUrlHost(host, path)}${port ? `:${port}` : ''}`;
  if (!URL.canParse(origin)) return refuse('its port must be at most 65535.');
  const url = new URL(`${origin}${place}${query}`);
  const value = `${url.origin}${canonicalEscapes(url.pathname)}${canonicalEscapes(url.search)}`;
  if (value.length <= LONGEST) return { kind: 'url', value };
  throw new Refusal('badRequest', `The URL in ${path} has more than ${LONGEST} characters in its canonical form.`, {
    inner: 'limitExceeded',
    target: path,
  });
}

/** The host of a canonical URL, without brackets. */
export function hostOfUrl(value: string): string {
  const authority = FORM.exec(value)?.[2] ?? '';
  return (AUTHORITY.exec(authority)?.[1] ?? '').replace(/[[\]]/g, '');
}
