import type { Answer, Call, Connector, Presence } from '../connector.ts';
import type { ConnectorKind, ProviderSettings } from '../connector-kind.ts';
import { createLane, type Lane } from '../lane.ts';
import { GIVEN_UP, toAnswer, toUnknown } from './answers.ts';
import { type Change, change } from './change.ts';
import { timeoutSeconds } from './element.ts';
import { type Entry, entryKey, findTenant, toEntry } from './entry.ts';
import { createFirewall, type Firewall } from './firewall.ts';
import { NftError } from './nft-failure.ts';
import { CONFIG_SCHEMA, exclusiveOf, readSettings } from './settings.ts';
import { look, refusalOf, type Sight, toListed, toPresence } from './sight.ts';
import { TRAITS } from './traits.ts';

interface Parts {
  readonly firewall: Firewall;
  readonly changes: Lane<Change, Answer>;
  readonly looks: Lane<Entry | undefined, Sight>;
}

function createParts(settings: ProviderSettings): Parts {
  const firewall = createFirewall(readSettings(settings));
  return {
    firewall,
    changes: createLane({
      run: (tickets) => change(firewall, tickets),
      giveUp: ({ settle }) => settle(toAnswer(GIVEN_UP, 'apply')),
    }),
    looks: createLane({
      run: (tickets) => look(firewall, tickets),
      giveUp: ({ fail }) => fail(new NftError(GIVEN_UP)),
    }),
  };
}

function apply({ firewall, changes }: Parts, call: Call, signal: AbortSignal): Promise<Answer> {
  const entry = toEntry(call);
  const message = typeof entry === 'string' ? entry : refusalOf(firewall, entry);
  if (typeof entry === 'string' || message) return Promise.resolve({ kind: 'refused', message: message ?? '' });
  const seconds = timeoutSeconds(call.expirationDateTime, firewall.settings.graceMs, Date.now());
  if (Number.isNaN(seconds))
    return Promise.resolve({ kind: 'refused', message: 'The call has no end that is a date.' });
  firewall.releasing.delete(entryKey(entry));
  return changes.submit({ kind: 'apply', ...entry, timeoutSeconds: seconds, operationId: call.operationId }, signal);
}

function release({ firewall, changes }: Parts, call: Call, signal: AbortSignal): Promise<Answer> {
  const entry = toEntry(call);
  if (typeof entry === 'string') return Promise.resolve({ kind: 'refused', message: entry });
  firewall.releasing.add(entryKey(entry));
  return changes.submit({ kind: 'release', ...entry }, signal);
}

async function verify({ firewall, looks }: Parts, call: Call, signal: AbortSignal): Promise<Presence> {
  const entry = toEntry(call);
  if (typeof entry === 'string') return { kind: 'absent' };
  try {
    return toPresence(firewall, entry, await looks.submit(entry, signal));
  } catch (error) {
    if (error instanceof NftError) return toUnknown(error.failure);
    throw error;
  }
}

function toConnector(parts: Parts): Connector {
  return {
    traits: TRAITS,
    apply: (call, signal) => apply(parts, call, signal),
    release: (call, signal) => release(parts, call, signal),
    verify: (call, signal) => verify(parts, call, signal),
    async list(tenantId, signal) {
      const tenant = findTenant(tenantId);
      if (!tenant) throw new Error(`${JSON.stringify(tenantId)} is no tenant's GUID.`);
      return toListed(parts.firewall, tenant, await parts.looks.submit(undefined, signal));
    },
    async close() {
      parts.firewall.closing.abort();
      await Promise.all([parts.changes.close(), parts.looks.close()]);
    },
  };
}

/** Blocks addresses and networks in the packet filter of the host that it runs on. */
export const nftables: ConnectorKind = {
  name: 'nftables',
  configSchema: CONFIG_SCHEMA,
  secretKeys: [],
  exclusiveOf,
  behindAgent: TRAITS,
  open: (settings) => toConnector(createParts(settings)),
};
