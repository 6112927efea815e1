import type { ProviderHealth } from '@interdict/contract';

export interface HealthOfProvider {
  readonly health: ProviderHealth;
  readonly message: string | null;
}

/** How each provider answers at present: written by the dispatcher, shown by the catalogue. Of this process alone. */
export interface HealthBoard {
  /** It answered as it should. */
  up(provider: string): void;
  /** It did not, or said that it could not; after three times in a row it counts as down. */
  failed(provider: string, message: string): void;
  /** Our own access or configuration is to blame. */
  misconfigured(provider: string, message: string): void;
  /** Calls of one tenant are held back until it answers again, or asks for no more time. */
  heldBack(provider: string, tenantId: string, why: { readonly isDown: boolean; readonly message: string }): void;
  letThrough(provider: string, tenantId: string): void;
  /** As a tenant sees it, where one is named. */
  of(provider: string, tenantId?: string): HealthOfProvider;
}

const FAILURES_UNTIL_DOWN = 3;

export function createHealthBoard(): HealthBoard {
  const failures = new Map<string, number>();
  const messages = new Map<string, string>();
  const held = new Map<string, HealthOfProvider>();
  const ofTenant = (provider: string, tenantId: string): string => `${tenantId} ${provider}`;
  return {
    up: (provider) => {
      failures.delete(provider);
      messages.delete(provider);
    },
    failed: (provider, message) => {
      failures.set(provider, (failures.get(provider) ?? 0) + 1);
      messages.set(provider, message);
    },
    misconfigured: (provider, message) => {
      failures.set(provider, FAILURES_UNTIL_DOWN);
      messages.set(provider, message);
    },
    heldBack: (provider, tenantId, { isDown, message }) => {
      held.set(ofTenant(provider, tenantId), { health: isDown ? 'down' : 'degraded', message });
    },
    letThrough: (provider, tenantId) => {
      held.delete(ofTenant(provider, tenantId));
    },
    of: (provider, tenantId) => {
      const own = tenantId === undefined ? undefined : held.get(ofTenant(provider, tenantId));
      if (own) return own;
      const count = failures.get(provider) ?? 0;
      if (count === 0) return { health: 'up', message: null };
      return { health: count < FAILURES_UNTIL_DOWN ? 'degraded' : 'down', message: messages.get(provider) ?? null };
    },
  };
}
