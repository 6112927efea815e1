import { isDeepStrictEqual } from 'node:util';
import type { KeyValuePair } from '@interdict/contract';
import { fromDateTime, parseDateTime } from '../lib/date-time.ts';
import { parseDuration } from '../lib/duration.ts';
import type { ActionRow } from '../store/rows.ts';
import type { SaidAgain } from './update-input.ts';

type Plain = Readonly<Record<string, unknown>>;

const pairs = (value: unknown): readonly unknown[] =>
  ((value ?? []) as readonly KeyValuePair[]).map(({ name = null, value: of = null }) => ({ name, value: of }));

function vendor(value: unknown): Plain {
  const { provider = null, providerVersion = null, subProvider = null, vendor: of = null } = (value ?? {}) as Plain;
  return { provider, providerVersion, subProvider, vendor: of };
}

const isEnd = (row: ActionRow, said: string): boolean => {
  const at = parseDateTime(said);
  return at !== undefined && row.hold_until !== null && fromDateTime(at) === row.hold_until;
};

/** The name of what is said again and is not what is there; undefined where all of it is. */
export function otherThanThere(row: ActionRow, again: SaidAgain): string | undefined {
  const there = JSON.parse(row.entity) as Plain;
  const { name, parameters, vendorInformation, ttl, expirationDateTime, scheduledDateTime } = again;
  if (name !== undefined && name !== there.name) return 'name';
  if (parameters !== undefined && !isDeepStrictEqual(pairs(parameters), pairs(there.parameters))) return 'parameters';
  if (vendorInformation !== undefined) {
    if (!isDeepStrictEqual(vendor(vendorInformation), vendor(there.vendorInformation))) return 'vendorInformation';
  }
  if (ttl !== undefined && (row.ttl_ms === null || parseDuration(ttl) !== row.ttl_ms)) return 'ttl';
  if (expirationDateTime !== undefined && !isEnd(row, expirationDateTime)) return 'expirationDateTime';
  return scheduledDateTime === undefined ? undefined : 'scheduledDateTime';
}
