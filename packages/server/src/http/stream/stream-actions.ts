import type { ServerResponse } from 'node:http';
import { catchUp, type Latecomer } from '../../actions/changes/catch-up.ts';
import { type ChangeHub, enterHub, leaveHub } from '../../actions/changes/change-hubs.ts';
import { Refusal } from '../../errors.ts';
import { readQueryOptions } from '../../odata/query-options.ts';
import type { App } from '../app.ts';
import { type Answer, type Exchange, headerOf } from '../exchange.ts';
import { callerOf } from '../security-actions.ts';
import { batchText, eventText, startText } from './event-text.ts';
import { createOutlet, gone, hasRoom, type Outlet, write } from './outlet.ts';
import { lackOf } from './still-reads.ts';
import { noteWritten, openStream, type Streams, takePlace } from './streams.ts';

const CONTENT_TYPE = 'text/event-stream';
/** When a client that was cut off should come back. */
const RETRY_MS = 2_000;
const PING_MS = 15_000;
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

function createListener(streams: Streams, exchange: Exchange, outlet: Outlet): Latecomer {
  let isLive = false;
  return {
    onBatch: (batch) => {
      if (batch.events.length === 0) return;
      write(outlet, batchText(batch, exchange.root), !isLive);
      noteWritten(streams);
    },
    onResync: (sequence) => write(outlet, eventText('resync', '{}', sequence)),
    onLive: () => {
      isLive = true;
    },
    canTakeMore: () => gone(outlet),
  };
}

function endRaw(raw: ServerResponse): void {
  raw.end();
  setTimeout(() => raw.destroy(), END_MS).unref();
}

async function beat(app: App, exchange: Exchange, outlet: Outlet): Promise<void> {
  const lack = await lackOf(app, callerOf(exchange), headerOf(exchange, 'authorization'));
  // Who does not read what was told is told nothing more.
  if (hasRoom(outlet)) {
    write(outlet, lack ? eventText('end', JSON.stringify({ code: lack.code, message: lack.message })) : ': ping\n\n');
  }
  if (lack) endRaw(outlet.raw);
}

interface Seat {
  readonly hub: ChangeHub;
  readonly after: number | undefined;
  readonly giveBack: () => void;
}

function runStream(app: App, exchange: Exchange, { hub, after, giveBack }: Seat, raw: ServerResponse): void {
  const { streams } = app;
  const outlet = createOutlet(raw);
  const listener = createListener(streams, exchange, outlet);
  const onFault = (error: unknown): void => {
    if (!(error instanceof Refusal)) app.onFault(error, exchange.requestId);
    raw.destroy();
  };
  const timer = setInterval(() => void beat(app, exchange, outlet).catch(onFault), PING_MS).unref();
  const leave = (): void => {
    clearInterval(timer);
    streams.open.delete(outlet);
    leaveHub(streams.hubs, hub, listener);
    giveBack();
  };
  if (raw.destroyed) {
    leave();
    return;
  }
  raw.once('close', leave);
  openStream(streams, outlet, () => endRaw(raw));
  write(outlet, startText(RETRY_MS, after ?? hub.position));
  catchUp(streams.hubs, hub, listener, after ?? hub.position).then(() => {
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
