import type { IncomingMessage } from 'node:http';
import type { RequestIds } from './error-response.ts';
import type { Identity } from './identify.ts';
import type { Admission } from './load.ts';
import type { Root } from './rewrite-path.ts';
import type { BodyLimits } from './route.ts';
import type { TraceContext } from './trace-context.ts';

/** What is known of a request before its body is read. */
export interface Arrival {
  readonly ids: RequestIds;
  readonly root: Root;
  /** By `performance.now()`. */
  readonly startedAt: number;
  readonly trace: TraceContext | undefined;
  identity: Identity | undefined;
  /** Its place among those that are under way. */
  admission: Admission | undefined;
  /** Its handler has it: the place is its own, whatever becomes of the connection. */
  isCarried: boolean;
  /** Of the route's body, where they are not those of all. */
  limits: BodyLimits | undefined;
  /** As sent. Fastify does not see it, and so does not judge it. */
  contentType: string | undefined;
}

const ARRIVAL = Symbol('arrival');

type Noted = IncomingMessage & { [ARRIVAL]?: Arrival };

/** On the message itself: with thousands of requests a second a weak map is work for the collector. */
export const noteArrival = (raw: IncomingMessage, arrival: Arrival): void => {
  (raw as Noted)[ARRIVAL] = arrival;
};

export function arrivalOf(raw: IncomingMessage): Arrival {
  const arrival = (raw as Noted)[ARRIVAL];
  if (!arrival) throw new Error('A request is served that was never noted.');
  return arrival;
}
