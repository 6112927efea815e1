import type { Target } from '@interdict/contract';
import {
  createProtectedTargets,
  type ProtectedTargets,
  type Protection,
} from './actions/protected/protected-targets.ts';
import type { ProtectedEntry } from './actions/protected/read-entries.ts';
import { type OwnAddress, readOwnSystem, resolveHosts } from './lib/own-addresses.ts';

/** What the guard-rails go by at this moment; looked at again while the server runs. */
export interface KeptProtection {
  refusalFor(tenantId: string, target: Target): Protection | undefined;
  close(): void;
}

export interface ProtectionSettings {
  readonly configured: readonly ProtectedEntry[];
  /** Hosts that the server needs: its own, the database's, issuers' and providers'. */
  readonly hosts: readonly OwnAddress[];
}

const REFRESH_MS = 300_000;
/** The start does not wait longer for names: what does not resolve is known by its name alone, until it does. */
const START_RESOLVE_MS = 2_000;
const RESOLVE_MS = 20_000;

interface State {
  targets: ProtectedTargets;
  /** Addresses by role, as they last resolved. */
  resolved: readonly OwnAddress[];
}

async function look(settings: ProtectionSettings, before: readonly OwnAddress[], timeoutMs: number): Promise<State> {
  const [system, found] = await Promise.all([readOwnSystem(), resolveHosts(settings.hosts, { timeoutMs })]);
  const silent = new Set(
    settings.hosts.filter(({ value }) => found.unresolved.includes(value)).map(({ role }) => role),
  );
  const kept = before.filter(({ role }) => silent.has(role));
  const resolved = [...found.addresses, ...kept];
  const discovered = { addresses: [...system.addresses, ...resolved], domains: settings.hosts, hosts: system.hosts };
  return { targets: createProtectedTargets({ configured: settings.configured, discovered }), resolved };
}

/** Looks at the surroundings now, and again every five minutes: addresses change while the server runs. */
export async function keepProtection(settings: ProtectionSettings): Promise<KeptProtection> {
  let state = await look(settings, [], START_RESOLVE_MS);
  const timer = setInterval(() => {
    // What cannot be read now stays as it was: it is better than nothing.
    look(settings, state.resolved, RESOLVE_MS).then(
      (next) => {
        state = next;
      },
      () => undefined,
    );
  }, REFRESH_MS).unref();
  return {
    refusalFor: (tenantId, target) => state.targets.refusalFor(tenantId, target),
    close: () => clearInterval(timer),
  };
}
