import type { ServerResponse } from 'node:http';
import type { Caller } from '../auth/caller.ts';
import type { FeedKey } from '../auth/feed-keys.ts';
import type { Root } from './rewrite-path.ts';

/** One request as a handler sees it: read, within its limits, and from somebody who may ask. */
export interface Exchange {
  readonly method: string;
  readonly root: Root;
  /** Canonical path, without version or query. */
  readonly path: string;
  /** As sent, without the question mark. */
  readonly query: string;
  readonly params: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Parsed JSON; undefined where there was no body. */
  readonly body: unknown;
  /** Scheme and authority that links are built on. */
  readonly base: string;
  readonly requestId: string;
  readonly sourceIp: string | null;
  /** When its headers were read, by `performance.now()`. */
  readonly startedAt: number;
  /** Whether the connection still stands on which it came. */
  readonly isOpen: () => boolean;
  /** Undefined only on routes that are open to anyone. */
  readonly caller: Caller | undefined;
  /** The firewall that asks, on routes that take its key. */
  readonly feedKey: FeedKey | undefined;
}

/** What a handler answers with. */
export interface Answer {
  readonly status: number;
  /** As it goes out; undefined for none. */
  readonly body?: string | Buffer;
  /** JSON in the form of the root where left out. */
  readonly contentType?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Writes the body by itself, for as long as it likes, once the headers are out; instead of `body`. */
  readonly stream?: (raw: ServerResponse) => void;
  /** What is not sent by then is broken off. */
  readonly sentWithinMs?: number;
  /** Runs when the last byte was handed to the network (true), or when the connection ended before that. */
  readonly afterEnd?: (isWhole: boolean) => void;
}

/** One header as one text; undefined where it was not sent. */
export function headerOf({ headers }: Pick<Exchange, 'headers'>, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value.join(', ') : value;
}
