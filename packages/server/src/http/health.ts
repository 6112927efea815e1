import { Refusal } from '../errors.ts';
import { readQueryOptions } from '../odata/query-options.ts';
import type { App } from './app.ts';
import type { Answer, Exchange } from './exchange.ts';

const OK: Answer = { status: 200, contentType: 'application/json', body: '{"status":"ok"}' };

/** The process turns: it touches nothing else. */
export async function getHealth(_app: App, { query }: Exchange): Promise<Answer> {
  readQueryOptions(query, []);
  return OK;
}

const unavailable = (cause?: unknown): Refusal =>
  new Refusal('serviceUnavailable', 'The server cannot do its work at present.', {
    headers: { 'Retry-After': '2' },
    cause,
  });

/** The server can do its work. A provider that is down does not change that. */
export async function getReadiness(app: App, { query }: Exchange): Promise<Answer> {
  readQueryOptions(query, []);
  // Probes come all through a start and a stop: that is no fault, and the log does not tell of it.
  if (!app.isOpen()) throw unavailable();
  try {
    await app.checkReady();
    return OK;
  } catch (cause) {
    throw unavailable(cause);
  }
}
