import type { Answer, Call, Connector, ListedEffect, Presence } from '../connector.ts';
import type { ConnectorKind, ProviderSettings } from '../connector-kind.ts';
import { createLane, type Lane, type Ticket } from '../lane.ts';
import { whenAllLeft } from '../when-all-left.ts';
import { type Change, change } from './change.ts';
import { configSchema, exclusiveOf, type MapKind, readSettings, type Settings } from './config.ts';
import { type Listed, RuntimeError, showMap } from './runtime.ts';
import { toTraits } from './traits.ts';
import { actionOf, type Entry, tenantOf, toEntry, toTarget } from './translate.ts';

interface Parts {
  readonly settings: Settings;
  readonly closing: AbortController;
  readonly changes: Lane<Change, Answer>;
  readonly looks: ReadonlyMap<MapKind, Lane<undefined, readonly Listed[]>>;
}

const GIVEN_UP: Answer = { kind: 'unavailable', message: 'The call was given up before anything was sent.' };
const givenUp = (): RuntimeError => new RuntimeError('unsent', 'The look was given up before it began.');

/** One listing for all who look at the map at once. */
async function look(
  { socket }: Settings,
  file: string,
  tickets: readonly Ticket<undefined, readonly Listed[]>[],
  closing: AbortSignal,
): Promise<void> {
  const taken = tickets.filter((ticket) => ticket.take());
  if (taken.length === 0) return;
  for (const { signal, fail } of taken) signal.addEventListener('abort', () => fail(givenUp()), { once: true });
  const listed = await showMap(socket, file, whenAllLeft(taken, closing));
  for (const { settle } of taken) settle(listed);
}

function createParts(provider: ProviderSettings): Parts {
  const settings = readSettings(provider);
  const closing = new AbortController();
  return {
    settings,
    closing,
    changes: createLane({
      run: (tickets) => change(settings, tickets, closing.signal),
      giveUp: ({ settle }) => settle(GIVEN_UP),
    }),
    looks: new Map(
      [...settings.maps].map(([map, file]) => [
        map,
        createLane({
          run: (tickets) => look(settings, file, tickets, closing.signal),
          giveUp: ({ fail }) => fail(givenUp()),
        }),
      ]),
    ),
  };
}

const entryOf = ({ settings }: Parts, call: Call): Entry | string => {
  const entry = toEntry(call);
  if (typeof entry === 'string' || settings.maps.has(entry.map)) return entry;
  return `No map is configured for ${call.action}.`;
};

async function send(parts: Parts, verb: Change['verb'], call: Call, signal: AbortSignal): Promise<Answer> {
  const entry = entryOf(parts, call);
  if (typeof entry === 'string') return { kind: 'refused', message: entry };
  return parts.changes.submit({ ...entry, verb }, signal);
}

/** Ours where a line of this tenant is there; a stranger's where only others' lines have its key. */
function toPresence({ key, value }: Entry, listed: readonly Listed[]): Presence {
  const there = listed.filter((each) => each.key === key);
  if (there.some((each) => each.value === value)) return { kind: 'present' };
  return there.some((each) => tenantOf(each.value) === undefined)
    ? { kind: 'present', foreign: true }
    : { kind: 'absent' };
}

async function verify(parts: Parts, call: Call, signal: AbortSignal): Promise<Presence> {
  const entry = entryOf(parts, call);
  if (typeof entry === 'string') return { kind: 'absent' };
  try {
    return toPresence(entry, (await parts.looks.get(entry.map)?.submit(undefined, signal)) ?? []);
  } catch (error) {
    if (!(error instanceof RuntimeError)) throw error;
    return { kind: 'unknown', message: error.message, ...(error.kind === 'ours' && { fault: 'ours' as const }) };
  }
}

/** One map after the other: an answer without end is held once. */
async function list({ looks }: Parts, tenantId: string, signal: AbortSignal): Promise<readonly ListedEffect[]> {
  const effects: ListedEffect[] = [];
  for (const [map, lane] of looks) {
    for (const { key, value } of await lane.submit(undefined, signal)) {
      const [owner, target] = [tenantOf(value), toTarget(map, key)];
      if (!target || (owner !== undefined && owner !== tenantId)) continue;
      effects.push({ action: actionOf(map), target, foreign: owner === undefined });
    }
  }
  return effects;
}

/** Blocks clients, names and URLs at a reverse proxy. */
export const haproxy: ConnectorKind = {
  name: 'haproxy',
  configSchema,
  secretKeys: [],
  exclusiveOf,
  behindAgent: toTraits(['ip', 'domain', 'url']),
  open(provider): Connector {
    const parts = createParts(provider);
    const { changes, closing, looks, settings } = parts;
    return {
      traits: toTraits([...settings.maps.keys()]),
      apply: (call, signal) => send(parts, 'apply', call, signal),
      release: (call, signal) => send(parts, 'release', call, signal),
      verify: (call, signal) => verify(parts, call, signal),
      list: (tenantId, signal) => list(parts, tenantId, signal),
      async close() {
        closing.abort();
        await Promise.all([changes.close(), ...[...looks.values()].map((lane) => lane.close())]);
      },
    };
  },
};
