import type { ListedEffect, Presence } from '../connector.ts';
import type { Ticket } from '../lane.ts';
import { whenAllLeft } from '../when-all-left.ts';
import { failureOf, LEFT, toUnknown } from './answers.ts';
import type { Zone } from './change.ts';
import type { RpzConfig } from './config.ts';
import { readZone } from './exchange.ts';
import { parseMark } from './mark.ts';
import { type Entry, effectAt, RESERVED, toEntry } from './names.ts';
import { findBehind, findEnforced, PATIENT_MS } from './probe.ts';
import { blockOf, isBlock, NONE, readView, type State, toState, versionsIn } from './state.ts';
import type { Found } from './wire.ts';

export interface Look {
  readonly entry: Entry;
  readonly tenant: string;
}

const AGAIN_MS = 1_000;
const ABSENT: Presence = { kind: 'absent' };

export const behind = (resolver: string) =>
  ({
    kind: 'pending',
    message: `The zone has it; the resolver ${resolver} does not go by that version yet.`,
    againMs: AGAIN_MS,
  }) as const;

/** By the zone alone; undefined: not there for this tenant. */
function ownerOf({ names, tenants }: State, tenant: string): 'ours' | 'foreign' | undefined {
  if (!names.every(isBlock)) return undefined;
  if (tenants.includes(tenant)) return 'ours';
  return tenants.length === 0 ? 'foreign' : undefined;
}

async function lookTogether(
  { config }: Zone,
  looks: readonly Look[],
  signal: AbortSignal,
): Promise<readonly Presence[]> {
  const { versions, states } = await readView(
    config,
    looks.map(({ entry }) => entry),
    signal,
  );
  const candidates = looks.flatMap(({ entry, tenant }, index) => {
    const state = states[index];
    const owner = state && ownerOf(state, tenant);
    return state && owner ? [{ entry, state, owner, index }] : [];
  });
  if (candidates.length === 0) return looks.map(() => ABSENT);
  const resolver = await findBehind(config, versions.at(-1), signal);
  const enforced = resolver === undefined ? await findEnforced(config, candidates, signal) : new Set();
  const found = new Map(candidates.map((each) => [each.index, each]));
  return looks.map((_, index) => {
    const candidate = found.get(index);
    if (!candidate) return ABSENT;
    if (resolver !== undefined) return behind(resolver);
    if (!enforced.has(candidate.entry)) return ABSENT;
    return candidate.owner === 'foreign' ? { kind: 'present', foreign: true } : { kind: 'present' };
  });
}

const MOST_TOGETHER = 500;

export async function look(zone: Zone, tickets: readonly Ticket<Look, Presence>[]): Promise<void> {
  const taken = tickets.filter((ticket) => ticket.take());
  for (const { signal, settle } of taken) {
    signal.addEventListener('abort', () => settle(toUnknown(LEFT)), { once: true });
  }
  for (let at = 0; at < taken.length; at += MOST_TOGETHER) {
    const slice = taken.slice(at, at + MOST_TOGETHER);
    const end = whenAllLeft(slice, zone.closing.signal);
    const presences = await lookTogether(
      zone,
      slice.map(({ item }) => item),
      end,
    ).catch((error: unknown) => {
      const unknown = toUnknown(failureOf(error));
      return slice.map(() => unknown);
    });
    for (const [index, ticket] of slice.entries()) ticket.settle(presences[index] ?? ABSENT);
  }
}

/** The zone by relative names. */
function byName(config: RpzConfig, records: readonly Found[]): Map<string, Found[]> {
  const names = new Map<string, Found[]>();
  for (const record of records) {
    const name = record.name.slice(0, -config.zone.length - 1);
    names.set(name, [...(names.get(name) ?? []), record]);
  }
  return names;
}

/** What blocks in this zone, for a tenant or by an administrator. */
export function listIn(config: RpzConfig, records: readonly Found[], tenant: string): readonly ListedEffect[] {
  const names = byName(config, records);
  return [...names.keys()].flatMap((name) => {
    if (name === '' || name.startsWith('*.') || name.endsWith(RESERVED)) return [];
    const effect = effectAt(name);
    const entry = effect && toEntry(effect, config.zone);
    if (!effect || !entry || typeof entry === 'string' || entry.owners[0] !== name) return [];
    const policies = entry.owners.map((owner) => (names.has(owner) ? blockOf(names.get(owner)?.[0]?.cname) : NONE));
    const marks = (names.get(entry.mark) ?? []).flatMap(({ strings }) => parseMark(strings) ?? []);
    const owner = ownerOf(toState(entry, policies, marks), tenant);
    return owner ? [{ ...effect, foreign: owner === 'foreign' }] : [];
  });
}

/** @throws {DnsFailure} where the zone is not read whole, or a resolver does not go by it */
export async function list({ config }: Zone, tenant: string, signal: AbortSignal): Promise<readonly ListedEffect[]> {
  const records = await readZone(config, signal);
  const versions = versionsIn(config, records);
  // While changes come one after another a secondary is always a little behind.
  const resolver = await findBehind(config, versions.at(-1), signal, PATIENT_MS);
  if (resolver !== undefined) throw new Error(`The resolver ${resolver} does not go by the zone as it is.`);
  return listIn(config, records, tenant);
}
