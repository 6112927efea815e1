import { VERDICT_HEADER } from './probe-seal.ts';

/** The head of one ICAP request. @see https://www.rfc-editor.org/rfc/rfc3507 */
export interface IcapHead {
  readonly method: string;
  /** How long the HTTP head is that comes next. */
  readonly httpHeadBytes: number;
  readonly hasBody: boolean;
  /** The client waits for an answer when so much of the body has been sent. */
  readonly hasPreview: boolean;
  readonly allows204: boolean;
  readonly closes: boolean;
}

const ENCAPSULATED = /^req-hdr=0, *(null-body|req-body)=(\d{1,9})$/i;
/** Stays the same however the list changes: nothing that was answered may be kept, for a URI alone decides. */
const COMMON = 'ISTag: "interdict"\r\nServer: Interdict\r\n';

/** @throws {Error} where it is no ICAP request that can be answered */
export function parseIcapHead(text: string): IcapHead {
  const [first = '', ...lines] = text.trimEnd().split('\r\n');
  const method = /^([A-Z]{1,20}) icaps?:\/\/\S+ ICAP\/1\.0$/.exec(first)?.[1];
  if (method === undefined) throw new Error('it is no ICAP request');
  const headers = new Map(
    lines.map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, Math.max(colon, 0)).toLowerCase(), line.slice(colon + 1).trim()];
    }),
  );
  const has = (name: string, value: RegExp): boolean => value.test(headers.get(name) ?? '');
  const [, kind, length] = ENCAPSULATED.exec(headers.get('encapsulated') ?? '') ?? [];
  if (method === 'REQMOD' && kind === undefined) throw new Error('its parts are not told by Encapsulated');
  return {
    method,
    httpHeadBytes: Number(length ?? 0),
    hasBody: kind?.toLowerCase() === 'req-body' || has('encapsulated', /opt-body/i),
    hasPreview: headers.has('preview'),
    allows204: has('allow', /\b204\b/),
    closes: has('connection', /\bclose\b/i),
  };
}

/** The first line and the probe of an HTTP request. @throws {Error} where there is none */
export function parseHttpHead(text: string): { method: string; uri: string; probe: string } {
  const [, method, target = ''] = /^([^ \r\n]{1,40}) ([^ \r\n]+)(?: HTTP\/\d(?:\.\d)?)?\r?\n/.exec(text) ?? [];
  if (method === undefined) throw new Error('it holds no HTTP request');
  const headerOf = (name: string): string => new RegExp(`^${name}:[ \\t]*(\\S*)`, 'im').exec(text)?.[1] ?? '';
  const uri = target.startsWith('/') ? `http://${headerOf('Host')}${target}` : target;
  return { method, uri, probe: headerOf('X-Interdict-Probe') };
}

export const optionsAnswer = (mostConnections: number): string =>
  `ICAP/1.0 200 OK\r\n${COMMON}Methods: REQMOD\r\nService: Interdict\r\nMax-Connections: ${mostConnections}\r\n` +
  'Options-TTL: 3600\r\nAllow: 204\r\nPreview: 0\r\nTransfer-Preview: *\r\nEncapsulated: null-body=0\r\n\r\n';

export const UNCHANGED = `ICAP/1.0 204 No Content\r\n${COMMON}Encapsulated: null-body=0\r\n\r\n`;

export const errorAnswer = (status: '400 Bad Request' | '405 Method Not Allowed'): string =>
  `ICAP/1.0 ${status}\r\n${COMMON}Connection: close\r\nEncapsulated: null-body=0\r\n\r\n`;

/** Before the request itself, for a client that takes no 204. */
export const sameAnswer = ({ hasBody, httpHeadBytes }: IcapHead): string =>
  `ICAP/1.0 200 OK\r\n${COMMON}Encapsulated: req-hdr=0, ${hasBody ? 'req-body' : 'null-body'}=${httpHeadBytes}\r\n\r\n`;

const PAGE = 'This address is blocked.\n';

/** A 403 in place of the request. */
export function refusal(verdict: string | undefined): string {
  const told = verdict === undefined ? '' : `${VERDICT_HEADER}: ${verdict}\r\n`;
  const head = `HTTP/1.1 403 Forbidden\r\nContent-Type: text/plain\r\nContent-Length: ${PAGE.length}\r\nCache-Control: no-store\r\n${told}\r\n`;
  const body = `${PAGE.length.toString(16)}\r\n${PAGE}\r\n0\r\n\r\n`;
  return `ICAP/1.0 200 OK\r\n${COMMON}Encapsulated: res-hdr=0, res-body=${head.length}\r\n\r\n${head}${body}`;
}
