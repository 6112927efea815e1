import { request as httpRequest, type IncomingMessage } from 'node:http';

export interface StreamEvent {
  readonly event: string;
  readonly id: string;
  readonly data: { readonly id?: string; readonly status?: string; readonly [name: string]: unknown };
}

/** A client of the stream, on a connection of its own. */
export interface TestStream {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly events: StreamEvent[];
  /** As it came. */
  text(): string;
  /** The last `id:` that came. */
  lastId(): string | undefined;
  isEnded(): boolean;
  readonly response: IncomingMessage;
  close(): void;
}

interface Parsed {
  readonly events: StreamEvent[];
  lastId: string | undefined;
}

/** As the standard has it: fields of a block, and an event where there is data. */
function readBlock(parsed: Parsed, block: string): void {
  const fields = new Map<string, string>();
  for (const line of block.split('\n')) {
    const colon = line.indexOf(':');
    if (colon > 0) fields.set(line.slice(0, colon), line.slice(colon + 1).replace(/^ /, ''));
  }
  parsed.lastId = fields.get('id') ?? parsed.lastId;
  const data = fields.get('data');
  if (data === undefined) return;
  const event = { event: fields.get('event') ?? 'message', id: parsed.lastId ?? '', data: JSON.parse(data) };
  parsed.events.push(event);
}

export function openStream(
  url: string,
  headers: Readonly<Record<string, string>>,
  method = 'GET',
): Promise<TestStream> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(url, { method, headers, agent: false });
    request.once('error', reject);
    request.once('response', (response) => {
      const parsed: Parsed = { events: [], lastId: undefined };
      let [all, rest] = ['', ''];
      let isEnded = false;
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        all += chunk;
        const blocks = (rest + chunk).split('\n\n');
        rest = blocks.pop() ?? '';
        for (const block of blocks) readBlock(parsed, block);
      });
      response.on('error', () => undefined);
      response.on('close', () => {
        isEnded = true;
      });
      resolve({
        status: response.statusCode ?? 0,
        headers: response.headers,
        events: parsed.events,
        text: () => all,
        lastId: () => parsed.lastId,
        isEnded: () => isEnded,
        response,
        close: () => request.destroy(),
      });
    });
    request.end();
  });
}
