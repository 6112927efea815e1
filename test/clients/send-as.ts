import { readFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { type RawAnswer, sendRawOverTls } from '../raw-http.ts';
import type { Json, TestServer } from '../server.ts';
import { type ClientName, RECORDED } from './recorded-headers.ts';

export interface AsAnswer extends RawAnswer {
  /** `{}` where the answer is no JSON. */
  readonly json: Json;
}

const nameOf = (header: string): string => header.slice(0, header.indexOf(':')).toLowerCase();

/** A request as one of the recorded clients puts it on the wire: its headers, its packing, its offer of HTTP/2. */
export async function sendAs(
  client: ClientName,
  server: TestServer,
  request: string,
  body?: unknown,
  /** In place of the recorded headers of the same names, or beside them. */
  more: readonly string[] = [],
): Promise<AsAnswer> {
  const { headers, isPacked } = RECORDED[client];
  const text = body === undefined ? '' : Buffer.from(JSON.stringify(body));
  const sent = isPacked && body !== undefined ? gzipSync(text) : Buffer.from(text);
  const head = [
    `${request} HTTP/1.1`,
    `Host: ${new URL(server.tlsUrl).host}`,
    `Authorization: Bearer ${server.token()}`,
    ...headers.filter((header) => !more.some((own) => nameOf(own) === nameOf(header))),
    ...(body === undefined ? [] : ['Content-Type: application/json']),
    ...(isPacked && body !== undefined ? ['Content-Encoding: gzip'] : []),
    ...(request.startsWith('GET') || request.startsWith('DELETE') ? [] : [`Content-Length: ${sent.length}`]),
    ...more,
  ];
  const ca = readFileSync(path.join(server.data, 'tls', 'cert.pem'), 'utf8');
  const answer = await sendRawOverTls(
    server.tlsUrl,
    ca,
    Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`), sent]),
  );
  const isJson = answer.headers.get('content-type')?.includes('json') && answer.body !== '';
  return { ...answer, json: isJson ? (JSON.parse(answer.body) as Json) : {} };
}
