import type { ServerResponse } from 'node:http';
import { catchUp, type Latecomer } from '../../actions/changes/catch-up.ts';
import { type ChangeHub, enterHub, leaveHub } from '../../actions/changes/change-hubs.ts';
import { authorize } from '../../auth/authorize.ts';
import { Refusal } from '../../errors.ts';
import { readQueryOptions } from '../../odata/query-options.ts';
import type { App } from '../app.ts';
import { type Answer, type Exchange, headerOf } from '../exchange.ts';
import { callerOf } from '../security-actions.ts';
import { batchText, eventText, startText } from './event-text.ts';
import { takePlace } from './streams.ts';

const CONTENT_TYPE = 'text/event-stream';
/** When a client that was cut off should come back. */
const RETRY_MS = 2_000;
const PING_MS = 15_000;
/** What a client has not taken by then is not kept for it: it comes back with the last id that it saw. */
const MOST_BUFFERED = 1_048_576;
/** A client that does not read does not see the end either. */
const END_MS = 500;

const HEADERS = { Connection: 'close', 'X-Accel-Buffering': 'no' };

/** @throws {Refusal} invalidProperty */
function readLastEventId(exchange: Exchange): number | undefined {
  const text = headerOf(exchange, 'last-event-id')?.trim();
  if (text === undefined || text === '') return undefined;
  if (/^\d{1,15}$/.test(text)) return Number(text);
  const message = 'The header Last-Event-ID is none that this stream has given: its ids are whole numbers.';
  throw new Refusal('badRequest', message, { inner: 'invalidProperty', target: 'Last-Event-ID' });
}

function createListener(raw: ServerResponse, exchange: Exchange): Latecomer {
  const write = (text: string | Buffer): void => {
    if (raw.destroyed || raw.writableEnded) return;
    // Not by what it is about to get: one batch may be larger than that.
    if (raw.writableLength > MOST_BUFFERED) raw.destroy();
    else raw.write(text);
  };
  return {
    onBatch: (batch) => {
      if (batch.events.length > 0) write(batchText(batch, exchange.root));
    },
    onResync: (sequence) => write(eventText('resync', '{}', sequence)),
    canTakeMore: async () => {
      if (!raw.destroyed && raw.writableNeedDrain) {
        await new Promise<void>((resolve) => {
          const go = (): void => {
            raw.off('drain', go);
            raw.off('close', go);
            resolve();
          };
          raw.on('drain', go);
          raw.on('close', go);
        });
      }
      return !raw.destroyed && !raw.writableEnded;
    },
  };
}

function endStream(raw: ServerResponse): void {
  raw.end();
  setTimeout(() => raw.destroy(), END_MS).unref();
}

/** Still somebody who may read. Keys that are out of reach change nothing about a token that has passed before. */
async function lackOf(app: App, exchange: Exchange): Promise<Refusal | undefined> {
  try {
    authorize(await app.authenticator.authenticate(headerOf(exchange, 'authorization')), 'SecurityActions.Read.All');
    return undefined;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return error.code === 'serviceUnavailable' ? undefined : error;
  }
}

async function beat(app: App, exchange: Exchange, raw: ServerResponse): Promise<void> {
  const lack = await lackOf(app, exchange);
  if (raw.destroyed || raw.writableEnded) return;
  if (!lack) {
    raw.write(': ping\n\n');
    return;
  }
  raw.write(eventText('end', JSON.stringify({ code: lack.code, message: lack.message })));
  endStream(raw);
}

interface Seat {
  readonly hub: ChangeHub;
  readonly after: number | undefined;
  readonly giveBack: () => void;
}

function runStream(app: App, exchange: Exchange, { hub, after, giveBack }: Seat, raw: ServerResponse): void {
  const { hubs, open } = app.streams;
  const listener = createListener(raw, exchange);
  const onFault = (error: unknown): void => {
    if (!(error instanceof Refusal)) app.onFault(error, exchange.requestId);
    raw.destroy();
  };
  const end = (): void => endStream(raw);
  const timer = setInterval(() => void beat(app, exchange, raw).catch(onFault), PING_MS).unref();
  const leave = (): void => {
    clearInterval(timer);
    open.delete(end);
    leaveHub(hubs, hub, listener);
    giveBack();
  };
  if (raw.destroyed) {
    leave();
    return;
  }
  open.add(end);
  raw.once('close', leave);
  raw.write(startText(RETRY_MS, after ?? hub.position));
  catchUp(hubs, hub, listener, after ?? hub.position).then(() => {
    if (raw.destroyed) hub.live.delete(listener);
  }, onFault);
}

/** Stream: every change from now on, or from behind the last one that the client saw. */
export async function streamSecurityActions(app: App, exchange: Exchange): Promise<Answer> {
  readQueryOptions(exchange.query, []);
  const after = readLastEventId(exchange);
  const answer = { status: 200, contentType: CONTENT_TYPE, headers: HEADERS };
  if (exchange.method === 'HEAD') return answer;
  const { tenantId, appId } = callerOf(exchange);
  const giveBack = takePlace(app.streams, tenantId, appId);
  try {
    const hub = await enterHub(app.streams.hubs, tenantId);
    return { ...answer, stream: (raw) => runStream(app, exchange, { hub, after, giveBack }, raw) };
  } catch (error) {
    giveBack();
    throw error;
  }
}
