/** What a request asks for, in the one form in which it is compared with what is blocked. */
export interface AskedUri {
  /** From the top: `['example', 'evil']`. */
  readonly labels: readonly string[];
  /** As in `http://evil.example:80`; a tunnel may lead to either of two. */
  readonly origins: readonly string[];
  /** The path between its slashes: `/a/b` is `['', 'a', 'b']`. */
  readonly segments: readonly string[];
  /** Path and query. */
  readonly rest: string;
}

const MAPPED = /^\[::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})\]$/;
const UNRESERVED = /[A-Za-z0-9\-._~]/;
const OUTSIDE = /[^A-Za-z0-9\-._~!$&()*+,;=:@/?%]/g;
const DEFAULT_PORTS: Readonly<Record<string, string>> = { 'http:': '80', 'https:': '443', 'ftp:': '21' };

const toEscape = (character: string): string =>
  `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;

/** One spelling of what RFC 3986 (6.2.2) calls the same, and of what Squid escapes by itself. */
const toOneSpelling = (text: string): string =>
  text
    .replace(/%([0-9a-f]{2})/gi, (triplet, hex: string) => {
      const character = String.fromCharCode(Number.parseInt(hex, 16));
      return UNRESERVED.test(character) ? character : triplet.toUpperCase();
    })
    .replace(OUTSIDE, toEscape);

/** Without the dots at its end. An expression for it would take minutes over thousands of dots. */
function withoutDots(name: string): string {
  let end = name.length;
  while (name[end - 1] === '.') end -= 1;
  return name.slice(0, end);
}

function toHost(hostname: string): string {
  const mapped = MAPPED.exec(hostname);
  if (!mapped) return withoutDots(hostname.toLowerCase());
  const bytes = mapped.slice(1).flatMap((half) => [Number.parseInt(half, 16) >> 8, Number.parseInt(half, 16) & 255]);
  return bytes.join('.');
}

const toLabels = (host: string): readonly string[] => host.split('.').reverse();

export function ofUrl(url: URL): AskedUri {
  const host = toHost(url.hostname);
  const path = toOneSpelling(url.pathname);
  return {
    labels: toLabels(host),
    origins: [`${url.protocol}//${host}:${url.port || (DEFAULT_PORTS[url.protocol] ?? '')}`],
    segments: path.split('/'),
    rest: path + toOneSpelling(url.search),
  };
}

/** A tunnel shows host and port alone: whatever goes through it lies below both roots. */
function ofTunnel(authority: string): AskedUri | undefined {
  const secure = URL.parse(`https://${authority}/`);
  const plain = URL.parse(`http://${authority}/`);
  if (!secure || !plain) return undefined;
  const asked = ofUrl(secure);
  return { ...asked, origins: [...asked.origins, ...ofUrl(plain).origins] };
}

/** Where the parser gives up, the host alone is looked at. */
function ofAuthority(uri: string): AskedUri {
  const authority = /^(?:[a-z][a-z0-9+._-]*:)?(?:\/\/)?([^/?#]*)/i.exec(uri)?.[1] ?? '';
  const host = authority.replace(/^.*@/, '').replace(/:\d*$/, '');
  return { labels: toLabels(toHost(host)), origins: [], segments: [], rest: '' };
}

/**
 * Reads what a proxy says that a client asks for: an absolute URI, or an authority where the method is CONNECT. Bytes
 * beyond ASCII come as Latin-1.
 */
export function readUri(method: string, uri: string): AskedUri {
  const ascii = uri.replace(/[\u0080-\u00ff]/g, toEscape);
  // Squid escapes the brackets of an IPv6 address where it speaks to a helper.
  const bracketed = ascii.replace(/^([a-z]+:\/\/)?%5B([0-9a-f:.]+)%5D/i, '$1[$2]');
  if (method === 'CONNECT') return ofTunnel(bracketed) ?? ofAuthority(bracketed);
  const url = URL.parse(bracketed);
  return url?.host ? ofUrl(url) : ofAuthority(bracketed);
}
