import { checkUrl } from '../request-limits.ts';
import { type Root, rewritePath } from '../rewrite-path.ts';
import { refuse, shown } from './refuse-batch.ts';

export interface ItemUrl {
  readonly root: Root;
  /** Canonical, without version or query. */
  readonly path: string;
  /** Without the question mark. */
  readonly query: string;
}

/** Where the batch itself came to. */
export interface BatchPlace {
  readonly root: Root;
  /** Scheme and authority that links are built on. */
  readonly base: string;
  /** Header Host of the batch. */
  readonly host: string;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
const CONTROL = /[\x00-\x1f\x7f]/;

const SCHEME = /^([a-z][a-z\d+.-]*):/i;
const ORIGIN = /^(https?):\/\/([^/?]*)/i;

const DEFAULT_PORT: Readonly<Record<string, RegExp>> = { http: /:80$/, https: /:443$/ };

/** Host and port of an absolute URL, the port left out where it is the scheme's own; undefined where it is none. */
function authorityOf(url: string): string | undefined {
  const [, scheme = '', authority = ''] = ORIGIN.exec(url) ?? [];
  return authority === '' ? undefined : authority.toLowerCase().replace(DEFAULT_PORT[scheme.toLowerCase()] ?? '', '');
}

function refuseElsewhere(url: string, { base, host }: BatchPlace): void {
  const scheme = SCHEME.exec(url)?.[1];
  if (scheme === undefined) return;
  const authority = authorityOf(url);
  const schemeOfBase = ORIGIN.exec(base)?.[1] ?? 'http';
  const here = [authorityOf(base), authorityOf(`${schemeOfBase}://${host}`)];
  if (authority !== undefined && here.includes(authority)) return;
  throw refuse('invalidProperty', 'url', `The URL ${shown(url)} leads elsewhere. Requests of a batch stay on ${base}.`);
}

/**
 * Where a request of a batch goes. A URL without version has the batch's; a version of its own counts.
 * @throws {Refusal} invalidProperty, uriTooLong
 */
export function readItemUrl(url: string, place: BatchPlace): ItemUrl {
  checkUrl(url);
  if (CONTROL.test(url) || !url.isWellFormed()) {
    throw refuse('invalidProperty', 'url', 'The URL has a control character, or half of a character.');
  }
  refuseElsewhere(url, place);
  const isRelative = !SCHEME.test(url) && !url.startsWith('/');
  const rewritten = rewritePath(isRelative ? `/${url}` : url);
  const query = rewritten.url.indexOf('?');
  return {
    root: rewritten.root === 'none' ? place.root : rewritten.root,
    path: query < 0 ? rewritten.url : rewritten.url.slice(0, query),
    query: query < 0 ? '' : rewritten.url.slice(query + 1),
  };
}
