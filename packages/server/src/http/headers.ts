import { randomUUID } from 'node:crypto';
import type { RequestIds } from './error-response.ts';

/** Printable ASCII, as a header can carry it back. */
const ECHOED = /^[\x20-\x7E]{1,256}$/;

/** Our own id, and the client's: what it sent, else ours again. */
export function requestIds(clientRequestId: string | string[] | undefined): RequestIds {
  const requestId = randomUUID();
  const sent = typeof clientRequestId === 'string' && ECHOED.test(clientRequestId) ? clientRequestId : requestId;
  return { requestId, clientRequestId: sent };
}

/** Graph's headers, which every answer carries, on every path and status. */
export function graphHeaders({ requestId, clientRequestId }: RequestIds, diagnostics: string): Record<string, string> {
  return {
    'request-id': requestId,
    'client-request-id': clientRequestId,
    'OData-Version': '4.0',
    'Cache-Control': 'no-cache',
    'x-ms-ags-diagnostic': diagnostics,
    'X-Content-Type-Options': 'nosniff',
  };
}

/** The one line in which Graph says which of its machines answered. */
export const diagnostic = (instance: string): string =>
  JSON.stringify({
    ServerInfo: { DataCenter: 'Interdict', Slice: 'E', Ring: '1', ScaleUnit: '000', RoleInstance: instance },
  });
