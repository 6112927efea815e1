import { isIP } from 'node:net';
import type { Call, Effect, HttpRequest } from '@interdict/connectors';

/** An entry as MyProduct has it. */
export interface Entry {
  readonly id: string;
  readonly address: string;
}

const GUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const OURS = /^interdict\.([0-9a-f-]{36})\.(.+)$/;

/** The product drops an entry by itself so long after its end, should the server be gone by then. */
const GRACE_MS = 3_600_000;

/**
 * Checks once more whatever the server has checked, by type: nothing else comes to the product. The id says whose the
 * entry is, so that two tenants may block one address and neither lifts the other's.
 * A sentence says why there is none.
 */
export function toEntry({ tenantId, action, target }: Effect): Entry | string {
  if (!GUID.test(tenantId)) return 'The tenant is no GUID.';
  if (action !== 'BlockIp' || target.kind !== 'ip') return 'MyProduct takes BlockIp of an address only.';
  if (isIP(target.value) === 0) return 'The target is no IP address.';
  return { id: `interdict.${tenantId.toLowerCase()}.${target.value}`, address: target.value };
}

/** The tenant of an entry of ours; undefined for an administrator's. */
export const tenantOf = ({ id, address }: Entry): string | undefined => {
  const [, tenant, value] = OURS.exec(id) ?? [];
  return value === address ? tenant : undefined;
};

const pathOf = (id: string): string => `/entries/${encodeURIComponent(id)}`;

export function toApply({ address, id }: Entry, { expirationDateTime, request, operationId }: Call): HttpRequest {
  const until = new Date(Date.parse(expirationDateTime) + GRACE_MS).toISOString();
  const body = JSON.stringify({ address, until, comment: request.reason ?? '', operation: operationId });
  return { method: 'PUT', path: pathOf(id), headers: { 'content-type': 'application/json' }, body };
}

export const toRelease = ({ id }: Entry): HttpRequest => ({ method: 'DELETE', path: pathOf(id), headers: {} });

/** All entries of an address: an administrator's may stand beside ours. */
export const toLook = ({ address }: Entry): HttpRequest => ({
  method: 'GET',
  path: `/entries?address=${encodeURIComponent(address)}`,
  headers: {},
});

/** `after`: the last id of the page before. */
export const toPage = (after: string): HttpRequest => ({
  method: 'GET',
  path: `/entries?after=${encodeURIComponent(after)}`,
  headers: {},
});
