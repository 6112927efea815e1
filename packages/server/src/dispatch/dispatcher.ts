import type { Connector } from '@interdict/connectors';
import type { Target } from '@interdict/contract';
import type { Timers } from '../lib/timers.ts';
import type { Metrics } from '../observe/metrics.ts';
import type { HealthBoard } from '../observe/provider-health.ts';
import type { EndPlace } from '../store/queries.ts';
import type { Store } from '../store/store.ts';
import { createOwners, type Owners } from '../store/watch-owners.ts';
import type { Alarm } from '../store/work.ts';
import type { LeasedCall } from './call-result.ts';
import { createGate, type Gate, type Gates, type GateTerms, isForgettable } from './gates.ts';
import type { Aside } from './set-aside.ts';
import { createSlots, type Slots } from './slots.ts';
import type { Terms } from './terms.ts';

/** A provider as the dispatcher works with it. */
export interface DispatchedProvider {
  /** Tells it from every other one; its name does so within a tenant only. */
  readonly key: string;
  readonly terms: Terms;
  readonly connector: Connector;
  /** Absent: every tenant. */
  readonly tenants: ReadonlySet<string> | undefined;
  /** How often all of it is listed; undefined where the connector cannot list. */
  readonly reconcileEveryMs: number | undefined;
  /** What the product takes; absent: what its connector says of itself. */
  readonly limits?: GateTerms['limits'];
}

export interface DispatcherDeps {
  readonly store: Store;
  readonly providers: readonly DispatchedProvider[];
  /** The guard-rails, asked again before anything is sent. */
  readonly refusalFor: (tenantId: string, target: Target) => { readonly message: string } | undefined;
  readonly health: HealthBoard;
  readonly metrics: Pick<Metrics, 'attempt' | 'providerUp' | 'breaker'>;
  readonly timers: Timers;
  readonly random: () => number;
  /** A fault of ours or of the store: logged, and tried again. */
  readonly onFault: (error: unknown) => void;
  /** Tells people what they must look at. */
  readonly onAlarms: (tenantId: string, alarms: readonly Alarm[]) => void;
}

interface Turning {
  again: boolean;
  /** Woken by something else than a new action. */
  isPressing: boolean;
  readonly done: Promise<void>;
}

export interface CallUnderWay {
  readonly tenantId: string;
  readonly abort: AbortController;
  readonly kind: LeasedCall['kind'];
  /** By the clock of the timers. */
  readonly since: number;
}

export interface UnderWay {
  readonly tenantId: string;
  readonly enforcementId: string;
  readonly done: Promise<void>;
}

/** Up to which place a tenant's ends were looked at, and found to wait, while a quarantine lasts. */
export interface HeldEnds {
  /** Which quarantine it is. */
  readonly since: string;
  readonly place: EndPlace;
}

/** Whose call it is, where it goes, and through which gate. */
export interface Way {
  readonly tenantId: string;
  readonly provider: DispatchedProvider;
  readonly gate: Gate;
}

/** Everything that the dispatcher remembers; the truth is in the store. */
export interface Dispatcher {
  readonly deps: DispatcherDeps;
  /** By the provider's key; see {@link slotsOf}. */
  readonly slots: ReadonlyMap<string, Slots>;
  /** What holds calls back, by provider and tenant; see {@link gateOf}. */
  readonly gates: Gates;
  /** Tenants whose turn is under way, and whether another must follow. */
  readonly turns: Map<string, Turning>;
  /** Actions and ledger rows that threw, by tenant: left alone for a while. */
  readonly aside: Aside;
  /** When it was told last that a turn failed as a whole and none of its parts did; by the clock of the timers. */
  tornAt: number | undefined;
  /** By tenant. A process that starts looks at them all again. */
  readonly heldEnds: Map<string, HeldEnds>;
  /** Calls under way, by ledger row. */
  readonly calls: Map<string, CallUnderWay>;
  readonly underWay: Set<UnderWay>;
  /** Tenants of which it is not known whether leases, or ends of calls, were stored. */
  readonly doubtful: Set<string>;
  /** Ledger rows of calls under way whose end met a fault as it was stored: their tenants are doubtful behind it. */
  readonly unsettled: Set<string>;
  /** The one effect, or the turn that may choose it, whose call may kill the process: see `isSuspect`. */
  suspect: string | undefined;
  readonly timers: Map<string, { readonly at: number; readonly clear: () => void }>;
  /** Providers, by key, at which somebody waits for a slot and for more of them to be free. */
  readonly gathering: Set<string>;
  /** By the provider's key: to be called when it answers again after it did not. */
  readonly answersAgain: Map<string, () => void>;
  /** Other processes on the same store, and this one. */
  readonly owners: Owners;
  /** Where more tenants are due than one poll wakes: up to which it came, by id. */
  polledUpTo: string;
  stopped: boolean;
  /** The time for what is under way at the stop is over: what follows from it is left to others. */
  sendsNothing: boolean;
  readonly stopping: AbortController;
}

export function createDispatcher(deps: DispatcherDeps): Dispatcher {
  return {
    deps,
    slots: new Map(
      deps.providers.map(({ key, connector, limits = connector.traits.limits }) => [
        key,
        createSlots(limits.concurrency),
      ]),
    ),
    gates: new Map(),
    turns: new Map(),
    aside: new Map(),
    tornAt: undefined,
    heldEnds: new Map(),
    calls: new Map(),
    underWay: new Set(),
    doubtful: new Set(),
    unsettled: new Set(),
    suspect: undefined,
    timers: new Map(),
    gathering: new Set(),
    answersAgain: new Map(),
    owners: createOwners(),
    polledUpTo: '',
    stopped: false,
    sendsNothing: false,
    stopping: new AbortController(),
  };
}

export function slotsOf({ slots }: Dispatcher, { key }: DispatchedProvider): Slots {
  const found = slots.get(key);
  if (!found) throw new Error(`The provider ${key} has no slots.`);
  return found;
}

const gateKey = ({ key }: DispatchedProvider, tenantId: string): string => `${tenantId} ${key}`;

export function gateOf({ gates }: Dispatcher, tenantId: string, provider: DispatchedProvider, now: number): Gate {
  const key = gateKey(provider, tenantId);
  const known = gates.get(key);
  if (known) return known;
  const { terms, connector, limits = connector.traits.limits } = provider;
  const gate = createGate({ terms, limits }, now);
  gates.set(key, gate);
  return gate;
}

/** A gate that stands open is made anew when it is needed: tenants are many. */
export function forgetGate({ gates }: Dispatcher, tenantId: string, provider: DispatchedProvider, now: number): void {
  const key = gateKey(provider, tenantId);
  const gate = gates.get(key);
  if (gate && isForgettable(gate, now)) gates.delete(key);
}
