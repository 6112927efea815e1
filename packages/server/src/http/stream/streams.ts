import { type ChangeHubs, type ChangeHubsDeps, createChangeHubs } from '../../actions/changes/change-hubs.ts';
import { Refusal } from '../../errors.ts';
import { type Outlet, relieve } from './outlet.ts';

/** All streams of this process. */
export interface Streams {
  readonly hubs: ChangeHubs;
  /** What ends each open one, by where its text goes. */
  readonly open: Map<Outlet, () => void>;
  /** How many each app of a tenant has. */
  readonly counts: Map<string, number>;
  isEnding: boolean;
  isRelieving: boolean;
}

const MOST_PER_APP = 1_000;

export const createStreams = (deps: ChangeHubsDeps): Streams => ({
  hubs: createChangeHubs(deps),
  open: new Map(),
  counts: new Map(),
  isEnding: false,
  isRelieving: false,
});

/**
 * Takes a place for one more stream of an app. Returns what gives it back, once.
 * @throws {Refusal} limitExceeded, serviceUnavailable
 */
export function takePlace(streams: Streams, tenantId: string, appId: string): () => void {
  const retry = { headers: { 'Retry-After': '5' } };
  if (streams.isEnding) throw new Refusal('serviceUnavailable', 'The server is about to stop.', retry);
  const key = `${tenantId}\n${appId}`;
  const count = streams.counts.get(key) ?? 0;
  if (count >= MOST_PER_APP) {
    const message = `This app has ${MOST_PER_APP} streams open here, which is as many as it may have. End one first.`;
    throw new Refusal('tooManyRequests', message, { inner: 'limitExceeded', ...retry });
  }
  streams.counts.set(key, count + 1);
  return () => {
    const left = (streams.counts.get(key) ?? 1) - 1;
    if (left === 0) streams.counts.delete(key);
    else streams.counts.set(key, left);
  };
}

/** A stream is there from now on, with what ends it; where all were ended meanwhile, so is this one. */
export function openStream(streams: Streams, outlet: Outlet, end: () => void): void {
  streams.open.set(outlet, end);
  if (streams.isEnding) end();
}

/** Something was written: what waits in all streams together is looked at, once what can go out has gone. */
export function noteWritten(streams: Streams): void {
  if (streams.isRelieving) return;
  streams.isRelieving = true;
  setImmediate(() => {
    streams.isRelieving = false;
    relieve(streams.open.keys());
  });
}

/** Ends all streams, and lets no more begin: clients come back to another process, or to the next one. */
export function endStreams(streams: Streams): void {
  streams.isEnding = true;
  for (const end of streams.open.values()) end();
}
