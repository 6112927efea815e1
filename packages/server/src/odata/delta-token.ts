import { Refusal } from '../errors.ts';
import { sealText, type TokenScope, unsealText } from './sealed-text.ts';

/** Options of a delta, which its first call fixes. As sent, decoded. */
export interface DeltaOptions {
  readonly select?: string;
  readonly filter?: string;
  readonly top?: string;
}

/** What a link of a delta carries. Plain data. */
export interface DeltaToken {
  readonly options: DeltaOptions;
  readonly since: number;
  /** Behind which action the next page of the baseline begins; null where it was read. */
  readonly after: readonly [createdAt: string, id: string] | null;
  /** Milliseconds: when the link was given. */
  readonly at: number;
}

type Packed = readonly [DeltaOptions, number, DeltaToken['after'], number];

/** So many characters of a token fit into a URL of 8,192 with what else is in it. */
const LONGEST = 7_000;

/**
 * A token for a link of a delta, good for one tenant.
 * @throws {Refusal} limitExceeded where the options are too long to be carried
 */
export function formatDeltaToken(scope: TokenScope, { options, since, after, at }: DeltaToken): string {
  const text = sealText(scope, JSON.stringify([options, since, after, at] satisfies Packed));
  if (text.length <= LONGEST) return text;
  throw new Refusal(
    'badRequest',
    'The "$filter" and "$select" of a delta travel in its links, and these are too long. Shorten them.',
    { inner: 'limitExceeded', target: '$filter' },
  );
}

/** @throws {Refusal} invalidQueryOption for a token that was edited, or made for another tenant */
export function parseDeltaToken(scope: TokenScope, text: string, option: '$deltatoken' | '$skiptoken'): DeltaToken {
  const plain = unsealText(scope, text, option, 'a nextLink or deltaLink');
  const [options, since, after, at] = JSON.parse(plain) as Packed;
  return { options, since, after, at };
}
