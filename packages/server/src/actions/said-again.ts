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
  const isThere: Readonly<Record<keyof SaidAgain, () => boolean>> = {
    name: () => again.name === there.name,
    parameters: () => isDeepStrictEqual(pairs(again.parameters), pairs(there.parameters)),
    vendorInformation: () => isDeepStrictEqual(vendor(again.vendorInformation), vendor(there.vendorInformation)),
    ttl: () => row.ttl_ms !== null && parseDuration(again.ttl ?? '') === row.ttl_ms,
    expirationDateTime: () => isEnd(row, again.expirationDateTime ?? ''),
    scheduledDateTime: () => false,
  };
  const named = Object.keys(again) as (keyof SaidAgain)[];
  return named.find((name) => !isThere[name]());
}
