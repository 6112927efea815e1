import type { AgentWork, WorkReport } from '@interdict/connectors';
import type { Provider } from './provider.ts';

/** Which agent asks: its tenant, its application, and the provider whose calls it makes. */
export interface AgentAsking {
  readonly tenantId: string;
  readonly appId: string;
  readonly provider: Provider;
}

export interface RenewedWork {
  /** From the moment at which it was asked for. */
  readonly leaseSeconds: number;
  /** Where it is false the call is to be broken off, and reported. */
  readonly isWanted: boolean;
}

export interface ReportedWork {
  /** What follows from it at once, leased in the same transaction. */
  readonly next: AgentWork | null;
}

/** Where agents take their work from. Each lease is committed before it is given; undefined: the lease is lost. */
export interface AgentDesk {
  /** As much as is due, at most `most`; where nothing is, it waits so long for it. */
  lease(
    asking: AgentAsking,
    most: number,
    wait: { readonly ms: number; isOpen(): boolean },
  ): Promise<readonly AgentWork[]>;
  renew(asking: AgentAsking, id: string): Promise<RenewedWork | undefined>;
  complete(asking: AgentAsking, id: string, report: WorkReport): Promise<ReportedWork | undefined>;
}
