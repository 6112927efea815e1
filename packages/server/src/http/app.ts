import type { AgentDesk } from '../actions/agent-work.ts';
import type { Feeds } from '../actions/feeds.ts';
import type { PostDeps } from '../actions/post-action.ts';
import type { Authenticator } from '../auth/authenticate.ts';
import type { FeedKey } from '../auth/feed-keys.ts';
import type { Clock } from '../lib/clock.ts';
import type { NotifyDeps } from '../notify/notify-deps.ts';
import type { Metrics } from '../observe/metrics.ts';
import type { Load } from './load.ts';
import type { Streams } from './stream/streams.ts';
import type { Throttle } from './throttle.ts';

/** What the handlers work with. */
export interface App {
  readonly actions: PostDeps;
  readonly agents: AgentDesk;
  readonly feeds: Feeds;
  readonly streams: Streams;
  readonly notify: NotifyDeps;
  readonly authenticator: Authenticator;
  readonly feedKeys: readonly FeedKey[];
  readonly clock: Clock;
  /** For page tokens: good on every process with the same install key. */
  readonly tokenSecret: Buffer;
  /** An origin that links are built on; undefined: what the request came to. */
  readonly publicUrl: string | undefined;
  /** Addresses whose `X-Forwarded-For` is believed. */
  readonly isTrustedProxy: (address: string) => boolean;
  /** Whether the process is started, and not about to stop. */
  readonly isOpen: () => boolean;
  /** Throws where the server, though open, cannot do its work. */
  readonly checkReady: () => Promise<void>;
  /** OpenAPI, as text. */
  readonly apiDescription: string;
  /** How this process names itself to whoever reports a fault: Graph's own header, as JSON. */
  readonly diagnostic: string;
  readonly metrics: Metrics;
  /** Counts what an application asks for; {@link Throttle}. */
  readonly throttle: Throttle;
  /** Bounds what is under way at once; {@link Load}. */
  readonly load: Load;
  /** Origins whose pages may read answers. */
  readonly corsOrigins: readonly string[];
  /** A fault of ours: for the log, with the request id and, where the request was part of one, its trace. */
  readonly onFault: (error: unknown, requestId: string, traceId?: string) => void;
}
