import type { Permission } from '@interdict/contract';
import type { App } from './app.ts';
import type { Answer, Exchange } from './exchange.ts';

/**
 * What a caller must hold. `anyone`: no token. `caller`: any good token. `feed`: a firewall's key, or the permission to
 * read. `bouncer`: a firewall's key, as CrowdSec's bouncers send it.
 */
export type RoutePermission = Permission | 'anyone' | 'caller' | 'feed' | 'bouncer';

export type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE';

/** What the API description says of a route; types of bodies by the name of a component. */
export interface About {
  readonly summary: string;
  readonly answers: Readonly<Record<number, string>>;
  readonly body?: string;
  /** Component that the first success answers with; else it has no body, or text. */
  readonly gives?: string;
  readonly query?: readonly string[];
  /** Types of a first success that is neither JSON of the API nor plain text. */
  readonly content?: readonly string[];
}

/** How large and how deep a body may be. */
export interface BodyLimits {
  readonly bytes: number;
  readonly depth: number;
}

/** One operation. A route that does not say what it asks of its caller does not compile. */
export interface Route {
  readonly method: Method;
  /** Canonical: without version, keys as segments. */
  readonly path: string;
  readonly permission: RoutePermission;
  readonly handle: (app: App, exchange: Exchange) => Promise<Answer>;
  /** What it answers with, for `Accept`. `own`: it has several forms, and looks at `Accept` itself. */
  readonly offers: 'application/json' | 'text/plain' | 'text/event-stream' | 'feed' | 'own';
  /** Lifts a block, or keeps blocks from being made: no limit of requests, and no header that says what an answer should be like keeps it from that. */
  readonly isRelease?: boolean;
  /** It is never held up or refused because there is much to do. What is a release is not anyway. */
  readonly isUrgent?: boolean;
  /** It is no part of a `$batch`. */
  readonly isAlone?: boolean;
  /** Where a body may be larger than elsewhere. */
  readonly limits?: BodyLimits;
  readonly about: About;
}
