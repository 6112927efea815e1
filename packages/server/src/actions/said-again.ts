import { isDeepStrictEqual } from 'node:util';
import type { KeyValuePair } from '@interdict/contract';
import { fromDateTime, parseDateTime, toDateTime } from '../lib/date-time.ts';
import { parseDuration } from '../lib/duration.ts';
import type { ActionRow } from '../store/rows.ts';
import type { Entity } from './entity.ts';
import type { SaidAgain } from './update-input.ts';

type Plain = Readonly<Record<string, unknown>>;

const pairs = (value: unknown): readonly unknown[] =>
  ((value ?? []) as readonly KeyValuePair[]).map(({ name = null, value: of = null }) => ({ name, value: of }));

function vendor(value: unknown): Plain {
  const { provider = null, providerVersion = null, subProvider = null, vendor: of = null } = (value ?? {}) as Plain;
  return { provider, providerVersion, subProvider, vendor: of };
}

const isMoment = (there: string | undefined, said: string): boolean => {
  const at = parseDateTime(said);
  return at !== undefined && there !== undefined && fromDateTime(at) === fromDateTime(there);
};

const isEnd = ({ hold_until }: ActionRow, said: string): boolean =>
  hold_until !== null && isMoment(toDateTime(hold_until), said);

/** The name of what is said again and is not what is there; undefined where all of it is. */
export function otherThanThere(row: ActionRow, again: SaidAgain): string | undefined {
  const there = JSON.parse(row.entity) as Plain & Pick<Entity, 'enforcement'>;
  const isThere: Readonly<Record<keyof SaidAgain, () => boolean>> = {
    name: () => again.name === there.name,
    parameters: () => isDeepStrictEqual(pairs(again.parameters), pairs(there.parameters)),
    vendorInformation: () => isDeepStrictEqual(vendor(again.vendorInformation), vendor(there.vendorInformation)),
    ttl: () => row.ttl_ms !== null && parseDuration(again.ttl ?? '') === row.ttl_ms,
    expirationDateTime: () => isEnd(row, again.expirationDateTime ?? ''),
    scheduledDateTime: () => isMoment(there.enforcement?.scheduledDateTime, again.scheduledDateTime ?? ''),
  };
  const named = Object.keys(again) as (keyof SaidAgain)[];
  return named.find((name) => !isThere[name]());
}
