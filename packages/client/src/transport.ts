import type { ErrorBody } from '@interdict/contract';
import { ApiError } from './api-error.ts';

export interface ClientOptions {
  /** An origin, as in `https://interdict.example`. */
  readonly baseUrl: string;
  /** A bearer token, or what gets a fresh one for each request. */
  readonly token: string | (() => string | Promise<string>);
  /** Default `beta`. */
  readonly version?: 'beta' | 'v1.0';
  /** Default: the platform's own. */
  readonly fetch?: typeof fetch;
}

export interface Asked {
  readonly method?: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
}

/** Sends one request; the URL is a path below the version, or a whole one from a nextLink. */
export type Transport = (url: string, asked?: Asked) => Promise<Response>;

async function readError(response: Response): Promise<ErrorBody | undefined> {
  try {
    const body = (await response.json()) as ErrorBody;
    return typeof body.error?.message === 'string' ? body : undefined;
  } catch {
    return undefined;
  }
}

/** @throws {ApiError} from every request, for an answer of 400 or more */
export function createTransport({ baseUrl, token, version = 'beta', fetch: send = fetch }: ClientOptions): Transport {
  const { origin } = new URL(baseUrl);
  const root = `${origin}/${version}/`;
  return async (url, { method = 'GET', body, headers = {}, signal } = {}) => {
    const whole = new URL(url, root);
    // A token goes to this server only, whatever a link says.
    if (whole.origin !== origin) throw new Error(`A link points to ${whole.origin}; this client speaks to ${origin}.`);
    const bearer = typeof token === 'string' ? token : await token();
    const response = await send(whole, {
      method,
      redirect: 'error',
      headers: {
        Accept: 'application/json, text/plain;q=0.9',
        Authorization: `Bearer ${bearer}`,
        ...(body !== undefined && { 'Content-Type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      ...(signal && { signal }),
    });
    if (response.status >= 400) throw new ApiError(response.status, await readError(response), response.headers);
    return response;
  };
}

interface Page<Item> {
  readonly value: readonly Item[];
  readonly '@odata.nextLink'?: string;
}

/** Every item of a collection, page by page, as it is asked for. */
export async function* follow<Item>(transport: Transport, first: string): AsyncGenerator<Item> {
  for (let url: string | undefined = first; url !== undefined; ) {
    const page = (await (await transport(url)).json()) as Page<Item>;
    yield* page.value;
    url = page['@odata.nextLink'];
  }
}
