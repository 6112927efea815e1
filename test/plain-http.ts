import http, { type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import https from 'node:https';
import { text } from 'node:stream/consumers';
import type { Json } from './server.ts';

export interface PlainAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** `{}` where the answer is no JSON. */
  readonly json: Json;
}

export interface PlainRequest {
  readonly method?: string;
  /** As a list where a name is to be there twice: name, value, name, value. */
  readonly headers?: Readonly<Record<string, string>> | readonly string[];
  readonly body?: string | Buffer;
  /** Sent without a length, in these pieces. */
  readonly chunks?: readonly (string | Buffer)[];
}

/** A client that sends targets and headers as they stand, over connections that it keeps. */
export interface PlainHttp {
  ask(target: string, request?: PlainRequest): Promise<PlainAnswer>;
  close(): void;
}

async function toAnswer(message: IncomingMessage): Promise<PlainAnswer> {
  const body = await text(message);
  const isJson = message.headers['content-type']?.includes('json') ?? false;
  return {
    status: message.statusCode ?? 0,
    headers: message.headers,
    body,
    json: isJson && body !== '' ? (JSON.parse(body) as Json) : {},
  };
}

export function plainHttp(url: string, ca?: string): PlainHttp {
  const { hostname, port, protocol, host } = new URL(url);
  const { request, Agent } = protocol === 'https:' ? https : http;
  const agent = new Agent({ keepAlive: true, maxSockets: 12 });
  const ask: PlainHttp['ask'] = (target, { method = 'GET', headers = {}, body, chunks } = {}) =>
    new Promise((resolve, reject) => {
      const sent = Array.isArray(headers) ? ['Host', host, ...headers] : { ...headers };
      const options = { agent, hostname, port, path: target, method, headers: sent, ...(ca !== undefined && { ca }) };
      const outgoing = request(
        options as http.RequestOptions,
        (message) => void toAnswer(message).then(resolve, reject),
      );
      outgoing.on('error', reject);
      outgoing.setTimeout(15_000, () => outgoing.destroy(new Error(`No answer to ${method} ${target.slice(0, 100)}.`)));
      for (const chunk of chunks ?? []) outgoing.write(chunk);
      outgoing.end(body);
    });
  return { ask, close: () => agent.destroy() };
}
