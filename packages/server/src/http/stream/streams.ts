import { type ChangeHubs, type ChangeHubsDeps, createChangeHubs } from '../../actions/changes/change-hubs.ts';
import { Refusal } from '../../errors.ts';

/** All streams of this process. */
export interface Streams {
  readonly hubs: ChangeHubs;
  /** What ends each open one. */
  readonly open: Set<() => void>;
  /** How many each app of a tenant has. */
  readonly counts: Map<string, number>;
  isEnding: boolean;
}

const MOST_PER_APP = 1_000;

export const createStreams = (deps: ChangeHubsDeps): Streams => ({
  hubs: createChangeHubs(deps),
  open: new Set(),
  counts: new Map(),
  isEnding: false,
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

/** Ends all streams, and lets no more begin: clients come back to another process, or to the next one. */
export function endStreams(streams: Streams): void {
  streams.isEnding = true;
  for (const end of streams.open) end();
}
