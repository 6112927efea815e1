/** Where a request came in. `none` and `localtest` are the roots of the seed document. */
export type Root = 'beta' | 'v1.0' | 'localtest' | 'none';

/** A request line, brought to the one path that the route table knows. */
export interface Rewritten {
  readonly root: Root;
  /** Path and query. */
  readonly url: string;
}

/** `/beta`, `/v1.0` and `/localtest` belong to these; what else there is has no version. */
const VERSIONED = /^\/(beta|v1\.0|localtest)(?=\/(?:security|subscriptions|\$batch|\$metadata)(?:[/(]|$)|$)/i;

/** Characters that mean the same escaped or not, and those that decide the route; what else is escaped stays so. */
const EARLY = /^[\w.~$'()-]$/;

/** `securityActions('id')` is `securityActions/id`; a doubled quote inside stands for one. */
const KEY_IN_PARENTHESES = /^([A-Za-z]+)\('((?:[^']|'')+)'\)$/;

/** An operation by its full name, Graph's or our own. */
const QUALIFIED = /^(?:microsoft\.graph|interdict)\.(?=[a-z]+(?:\(\))?$)/i;

/** A function without parameters reads the same with its parentheses. */
const CALLED = /^(?:delta|dispatchState)\(\)$/i;

function rewriteSegment(segment: string): string {
  const key = KEY_IN_PARENTHESES.exec(segment);
  if (key) return `${key[1]}/${(key[2] ?? '').replaceAll("''", "'")}`;
  const plain = segment.replace(QUALIFIED, '');
  return CALLED.test(plain) ? plain.slice(0, -2) : plain;
}

/** Proxies, and the seed document, put scheme and host into the request line. */
const withoutOrigin = (url: string): string => url.replace(/^https?:\/\/[^/?#]*/i, '');

function unescapeEarly(escaped: string): string {
  const character = String.fromCharCode(Number.parseInt(escaped.slice(1), 16));
  return EARLY.test(character) ? character : escaped;
}

/** Each path in one spelling: no empty segments, nothing escaped that need not be. Dot segments lead nowhere. */
function normalise(path: string): string {
  const plain = path.includes('%') ? path.replace(/%[\da-f]{2}/gi, unescapeEarly) : path;
  const single = plain.includes('//') ? plain.replace(/\/{2,}/g, '/') : plain;
  return single.endsWith('/') ? single.slice(0, -1) : single;
}

function rewrite(requested: string): Rewritten {
  const url = withoutOrigin(requested);
  const query = url.indexOf('?');
  const path = normalise(query < 0 ? url : url.slice(0, query));
  const version = VERSIONED.exec(path)?.[1];
  const rest = version === undefined ? path : path.slice(version.length + 1);
  const segments = rest.split('/').map(rewriteSegment).join('/');
  return {
    root: version === undefined ? 'none' : (version.toLowerCase() as Root),
    url: `${segments === '' ? '/' : segments}${query < 0 ? '' : url.slice(query)}`,
  };
}

/** Whoever sends much sends it to one path. */
const last = { requested: '/', rewritten: rewrite('/') };

/**
 * One path for an operation, however it was written: with or without version, key in parentheses or as a segment,
 * actions qualified or not, an absolute request line, letters, `$` and quotes escaped. Parameters keep their case.
 */
export function rewritePath(requested: string): Rewritten {
  if (requested !== last.requested) {
    last.rewritten = rewrite(requested);
    last.requested = requested;
  }
  return last.rewritten;
}

/** The seed roots answer as the seed document shows. */
export const isSeedRoot = (root: Root): boolean => root === 'none' || root === 'localtest';
