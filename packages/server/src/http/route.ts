import type { Permission } from '@interdict/contract';
import type { App } from './app.ts';
import type { Answer, Exchange } from './exchange.ts';

/** What a caller must hold. `anyone`: no token. `feed`: a firewall's key, or the permission to read. */
export type RoutePermission = Permission | 'anyone' | 'feed';

export type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE';

/** What the API description says of a route; types of bodies by the name of a component. */
export interface About {
  readonly summary: string;
  readonly answers: Readonly<Record<number, string>>;
  readonly body?: string;
  /** Component that the first success answers with; else it has no body, or text. */
  readonly gives?: string;
  readonly query?: readonly string[];
}

/** One operation. A route that does not say what it asks of its caller does not compile. */
export interface Route {
  readonly method: Method;
  /** Canonical: without version, keys as segments. */
  readonly path: string;
  readonly permission: RoutePermission;
  readonly handle: (app: App, exchange: Exchange) => Promise<Answer>;
  /** What it answers with, for `Accept`. */
  readonly offers: 'application/json' | 'text/plain' | 'text/event-stream' | 'feed';
  /** Lifts a block: no header that says what an answer should be like keeps it from that. */
  readonly isRelease?: boolean;
  readonly about: About;
}
