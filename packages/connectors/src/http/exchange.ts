import type { Dispatcher, Pool } from 'undici';

/** What came of one request. */
export type Exchange =
  | { readonly kind: 'answered'; readonly status: number; readonly headers: AnswerHeaders; readonly body: Buffer }
  /** Certainly no byte of it was sent. */
  | { readonly kind: 'unsent'; readonly error: Error }
  /** Some of it may have arrived. */
  | { readonly kind: 'broken'; readonly error: Error };

export type AnswerHeaders = Readonly<Record<string, string | string[] | undefined>>;

export interface HttpRequest {
  /** Absent: POST. */
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body?: string;
}

/** An answer that is longer is broken off. */
const MOST_BODY_BYTES = 64 * 1024;

/** Informational answers (1xx) before the one that counts; whoever sends more sends no other. */
const MOST_INFORMATIONAL = 10;

/** More than was asked for. */
export class AnswerTooLong extends Error {
  override readonly name = 'AnswerTooLong';

  /** @param most as in `64 KB` */
  constructor(most: string) {
    super(`its answer is longer than ${most}`);
  }
}

interface Progress {
  readonly mostBytes: number;
  readonly chunks: Buffer[];
  length: number;
  informational: number;
  status: number;
  headers: AnswerHeaders;
  /** Present as soon as bytes may have been sent. */
  controller: Dispatcher.DispatchController | undefined;
  settle: ((exchange: Exchange) => void) | undefined;
}

function settle(progress: Progress, exchange: Exchange): void {
  progress.settle?.(exchange);
  progress.settle = undefined;
}

function fail(progress: Progress, error: Error): void {
  settle(progress, { kind: progress.controller ? 'broken' : 'unsent', error });
}

function toHandler(progress: Progress): Dispatcher.DispatchHandler {
  return {
    onRequestStart(controller) {
      // The call ended while its connection was made.
      if (!progress.settle) return controller.abort(new Error('The call has ended.'));
      progress.controller = controller;
    },
    onResponseStart(controller, status, headers) {
      if (status < 200) progress.informational += 1;
      if (progress.informational > MOST_INFORMATIONAL) {
        return controller.abort(new AnswerTooLong(`${MOST_INFORMATIONAL} announcements of it`));
      }
      progress.status = status;
      progress.headers = headers;
    },
    onResponseData(controller, chunk) {
      progress.length += chunk.length;
      if (progress.length <= progress.mostBytes) progress.chunks.push(chunk);
      else controller.abort(new AnswerTooLong(`${progress.mostBytes / 1024} KB`));
    },
    onResponseEnd() {
      const { status, headers, chunks } = progress;
      settle(progress, { kind: 'answered', status, headers, body: Buffer.concat(chunks) });
    },
    onResponseError: (_, error) => fail(progress, error),
  };
}

/** Asks once, without following redirects. Settles when the signal aborts, whatever the receiver does. */
export function exchange(
  pool: Pool,
  request: HttpRequest,
  signal: AbortSignal,
  mostBytes = MOST_BODY_BYTES,
): Promise<Exchange> {
  const { promise, resolve } = Promise.withResolvers<Exchange>();
  const progress: Progress = {
    mostBytes,
    chunks: [],
    length: 0,
    informational: 0,
    status: 0,
    headers: {},
    controller: undefined,
    settle: resolve,
  };
  const abort = (): void => {
    const error = new Error('the call was ended before the answer');
    fail(progress, error);
    progress.controller?.abort(error);
  };
  if (signal.aborted) abort();
  else {
    signal.addEventListener('abort', abort, { once: true });
    pool.dispatch({ method: 'POST', ...request }, toHandler(progress));
  }
  return promise.finally(() => signal.removeEventListener('abort', abort));
}
