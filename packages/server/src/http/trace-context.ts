import { randomBytes } from 'node:crypto';

/** The trace that a request is part of. */
export interface TraceContext {
  /** 16 bytes, in hex. */
  readonly traceId: string;
  /** What the answer says: the same trace, with an id of our own for what was done here. */
  readonly traceResponse: string;
}

const FORM = /^([\da-f]{2})-([\da-f]{32})-([\da-f]{16})-([\da-f]{2})(-.*)?$/;
const isZero = (hex: string): boolean => /^0+$/.test(hex);

/**
 * The trace of a `traceparent`; undefined where there is none, or one that cannot be read: then there is no trace.
 *
 * @see https://www.w3.org/TR/trace-context-2/
 */
export function traceOf(traceparent: string | string[] | undefined): TraceContext | undefined {
  if (typeof traceparent !== 'string') return undefined;
  const [, version = '', traceId = '', parentId = '', flags = '', rest] = FORM.exec(traceparent.trim()) ?? [];
  if (version === '' || version === 'ff' || isZero(traceId) || isZero(parentId)) return undefined;
  if (version === '00' && rest !== undefined) return undefined;
  return { traceId, traceResponse: `00-${traceId}-${randomBytes(8).toString('hex')}-${flags}` };
}
