import { randomBytes } from 'node:crypto';
import { askSocket, type SocketAddress } from '../socket/ask-socket.ts';
import { isUrl } from './block-index.ts';
import { createProbe, openVerdict, PROBE_HEADER, VERDICT_HEADER, type Verdict } from './probe-seal.ts';

/** What came of a question through the proxy. */
export type Seen =
  | { readonly kind: 'verdict'; readonly verdict: Verdict }
  /** Squid refused it by a rule of its own, before it asked us. */
  | { readonly kind: 'refusedBefore' }
  | { readonly kind: 'nothing'; readonly message: string; readonly fault?: 'ours' };

/** Squid's error pages are 3 KB. */
const MOST_BYTES = 64 * 1024;

/** A name that leads nowhere, so that nobody is met by a question that Squid passes on. @see RFC 6761, 6.4 */
const nowhere = (): string => `${randomBytes(8).toString('hex')}.interdict.invalid`;

/** What is asked about, of a domain or URL. */
export const urlOf = (value: string): string => new URL(isUrl(value) ? value : `http://${value}/`).href;

/**
 * What Squid answers itself, whatever it decides: with no forwards left a TRACE goes no farther.
 * @see RFC 9110, 7.6.2
 */
export const traceOf = (value: string): string => {
  const url = urlOf(value);
  return `TRACE ${url} HTTP/1.1\r\nHost: ${new URL(url).host}\r\nMax-Forwards: 0\r\n`;
};

/** Whether Squid asks about requests at all. */
export const traceOfNowhere = (): string => traceOf(nowhere());

/** Whether Squid asks about tunnels. */
export const tunnelToNowhere = (): string => {
  const authority = `${nowhere()}:443`;
  return `CONNECT ${authority} HTTP/1.1\r\nHost: ${authority}\r\n`;
};

const headerOf = (head: string, name: string): string =>
  new RegExp(`^${name}:[ \\t]*(\\S*)`, 'im').exec(head)?.[1] ?? '';

function lengthOfAnswer(bytes: Buffer): number | undefined {
  const end = bytes.indexOf('\r\n\r\n');
  if (end < 0) return undefined;
  const length =
    end + 4 + Number(/^\d{1,9}$/.exec(headerOf(bytes.toString('latin1', 0, end + 2), 'Content-Length')) ?? 0);
  return bytes.length < length ? undefined : length;
}

function explain(status: string | undefined, error: string): Seen {
  if (status === '403' && error === 'ERR_ACCESS_DENIED') return { kind: 'refusedBefore' };
  if (status === '407') {
    const message = 'Squid wants a user of Interdict: let its address pass before proxy_auth.';
    return { kind: 'nothing', message, fault: 'ours' };
  }
  if (status === '200' || status === '503' || status === '500') {
    const named = /^ERR_[A-Z_]{1,40}$/.test(error) ? ` (${error})` : '';
    return {
      kind: 'nothing',
      message: `Squid answered without Interdict's verdict: it does not ask Interdict${named}.`,
    };
  }
  return { kind: 'nothing', message: "What answers at the proxy's address does not answer as Squid would." };
}

/** Asks once whether Squid would refuse this. */
export async function askSquid(proxy: SocketAddress, key: Buffer, request: string, signal: AbortSignal): Promise<Seen> {
  const probe = createProbe(key);
  const bytes = Buffer.from(`${request}${PROBE_HEADER}: ${probe}\r\nConnection: close\r\n\r\n`, 'latin1');
  const asked = await askSocket(proxy, { bytes, lengthOfAnswer, mostBytes: MOST_BYTES }, signal);
  if (asked.kind !== 'answered') {
    const { code, message } = asked.error;
    const why = code ?? message;
    if (asked.kind === 'unsent') return { kind: 'nothing', message: `Squid cannot be reached (${why}).` };
    return { kind: 'nothing', message: `Squid's answer was not whole (${why}).` };
  }
  const head = asked.bytes.toString('latin1');
  const status = /^HTTP\/1\.[01] (\d{3})(?: |\r)/.exec(head)?.[1];
  const verdict = openVerdict(key, probe, headerOf(head, VERDICT_HEADER));
  if (status === '403' && verdict) return { kind: 'verdict', verdict };
  return explain(status, headerOf(head, 'X-Squid-Error'));
}
