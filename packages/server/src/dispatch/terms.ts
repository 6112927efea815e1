import type { VerificationLevel } from '@interdict/contract';

/** What the dispatcher must know of a provider to plan a call: its connector's promises and its own settings. */
export interface Terms {
  readonly provider: string;
  /** The connector can tell whether an effect is in force. */
  readonly probes: boolean;
  /** Asked before our first call, it sees what strangers put there. */
  readonly seesForeign: boolean;
  /** An apply leaves that as it is, and a look behind it tells whose it is: the first call is the apply. */
  readonly sparesForeign?: true;
  /** The product is told the end: a later one needs a call. */
  readonly keepsTime: boolean;
  /** A call of unknown outcome may be sent again. */
  readonly repeats: boolean;
  readonly verification: VerificationLevel;
  /** How long after an abort an effect may still land, by a store's clock that is corrected meanwhile. */
  readonly latenessMs: number;
  readonly timeoutMs: number;
  /** How long a release may fail before people are told. */
  readonly deadlineMs: number;
  /** How often one effect in force is looked at; null where a list does that for all, or nothing can. */
  readonly verifyEveryMs: number | null;
  /** All that it has in force can be listed. */
  readonly lists: boolean;
  readonly irreversible: readonly string[];
  /** Its calls are leased by agents. */
  readonly pulled?: true;
}

/** Whether what strangers put there must be looked for before the first intent. */
export const looksFirst = ({ seesForeign, sparesForeign }: Pick<Terms, 'seesForeign' | 'sparesForeign'>): boolean =>
  seesForeign && sparesForeign !== true;
