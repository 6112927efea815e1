import type { CampaignSettings, Finding } from '../campaign.ts';

/** One kind of fault that is put into a real server's world, again and again. */
export interface Fault {
  /** As `INTERDICT_ONLY` names it. */
  readonly name: string;
  /** Cases in the long form and in the short one, whatever a case of it is. */
  readonly cases: { readonly long: number; readonly short: number };
  /** Ends by itself, and leaves no process and no folder behind, also where it throws. */
  readonly run: (fault: FaultRun) => Promise<readonly Finding[]>;
}

export interface FaultRun extends CampaignSettings {
  /** Says how far it has come. */
  readonly say: (done: number, words?: string) => void;
}
