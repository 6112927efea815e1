import type { ProviderHealth, Target } from '@interdict/contract';
import type { Clock } from '../lib/clock.ts';
import type { Timers } from '../lib/timers.ts';
import type { Store } from '../store/store.ts';
import type { Alarm } from '../store/work.ts';
import type { FetchesUnderWay } from './fetches-under-way.ts';
import type { Origin } from './journal.ts';
import type { Requester } from './plan-action.ts';
import type { Provider } from './provider.ts';

/** What the operations of this room work with. */
export interface ActionsDeps {
  readonly store: Store;
  readonly providers: readonly Provider[];
  readonly refusalFor: (tenantId: string, target: Target) => { readonly message: string } | undefined;
  /** Without a configured issuer nobody could approve. */
  readonly asksApprovals: boolean;
  readonly clock: Clock;
  readonly timers: Timers;
  /** A UUID of the version that sorts by time. */
  readonly newId: (nowMs: number) => string;
  /** How a provider answers at present. */
  readonly health: {
    of(provider: string, tenantId?: string): { readonly health: ProviderHealth; readonly message: string | null };
  };
  readonly fetches: FetchesUnderWay;
  /** Tells people what they must look at. */
  readonly onAlarms: (tenantId: string, alarms: readonly Alarm[]) => void;
  /** Hints to the dispatcher: there is a new action; one has ended, and with it, perhaps, what holds an effect. */
  readonly onCreated: (tenantId: string) => void;
  readonly onEnded: (tenantId: string, release?: string) => void;
}

/** Who asks, and by which request. */
export interface Asking extends Requester, Origin {}
