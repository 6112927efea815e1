import type { FeedFetchRow } from '../store/rows.ts';

/** Stands in place of a digest where a key got a change and not a list, with the moment of its last whole answer. */
const PULLED = /^pulled (addresses )?since (\d{1,15})$/;

type Fetched = Pick<FeedFetchRow, 'version'>;

export interface PulledVersion {
  /** Milliseconds since 1970. */
  readonly wholeAt: number;
  /** Whether networks are told too, or addresses alone. */
  readonly networks: boolean;
}

export const pulledVersion = ({ wholeAt, networks }: PulledVersion): string =>
  `pulled ${networks ? '' : 'addresses '}since ${wholeAt}`;

/** Undefined where it was a list, or what it was is not known. */
export function findPulled({ version }: Fetched): PulledVersion | undefined {
  const [, only, wholeAt] = PULLED.exec(version ?? '') ?? [];
  return wholeAt === undefined ? undefined : { wholeAt: Number(wholeAt), networks: only === undefined };
}

export const isNetwork = (target: string): boolean => target.startsWith('cidr:');
