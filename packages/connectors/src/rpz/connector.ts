import type { Answer, Call, Connector, Presence } from '../connector.ts';
import type { ConnectorKind, ProviderSettings } from '../connector-kind.ts';
import { createLane, type Lane } from '../lane.ts';
import { failureOf, GIVEN_UP, toAnswer, toUnknown } from './answers.ts';
import { type Change, change, type Zone } from './change.ts';
import { configSchema, exclusiveOf, parseConfig, resolversOf, serverOf } from './config.ts';
import { behind, type Look, list, look } from './look.ts';
import { tenantDigest } from './mark.ts';
import { toEntry } from './names.ts';
import { findBehind } from './probe.ts';
import { TRAITS } from './traits.ts';

interface Parts {
  readonly zone: Zone;
  readonly changes: Lane<Change, Answer>;
  readonly looks: Lane<Look, Presence>;
}

function createParts(settings: ProviderSettings): Parts {
  const zone: Zone = { config: parseConfig(settings), closing: new AbortController(), versions: [] };
  return {
    zone,
    changes: createLane({
      run: (tickets) => change(zone, tickets),
      giveUp: ({ settle }) => settle(toAnswer(GIVEN_UP)),
    }),
    looks: createLane({
      run: (tickets) => look(zone, tickets),
      giveUp: ({ settle }) => settle(toUnknown(GIVEN_UP)),
    }),
  };
}

async function send({ zone, changes }: Parts, kind: Change['kind'], call: Call, signal: AbortSignal): Promise<Answer> {
  const entry = toEntry(call, zone.config.zone);
  if (typeof entry === 'string') return { kind: 'refused', message: entry };
  return changes.submit({ kind, entry, tenant: tenantDigest(call.tenantId) }, signal);
}

/** Gone where clients are served, not in the zone alone. */
async function release(parts: Parts, call: Call, signal: AbortSignal): Promise<Answer> {
  const answer = await send(parts, 'release', call, signal);
  if (answer.kind !== 'done') return answer;
  const { config, versions, closing } = parts.zone;
  const resolver = await findBehind(config, versions.at(-1), AbortSignal.any([signal, closing.signal])).catch(
    (error: unknown) => failureOf(error),
  );
  if (resolver === undefined) return answer;
  if (typeof resolver === 'string') return behind(resolver);
  return { kind: 'unknown', message: resolver.message };
}

async function verify({ zone, looks }: Parts, call: Call, signal: AbortSignal): Promise<Presence> {
  const entry = toEntry(call, zone.config.zone);
  if (typeof entry === 'string') return { kind: 'absent' };
  return looks.submit({ entry, tenant: tenantDigest(call.tenantId) }, signal);
}

function toConnector(parts: Parts): Connector {
  const { closing } = parts.zone;
  return {
    traits: TRAITS,
    apply: (call, signal) => send(parts, 'apply', call, signal),
    release: (call, signal) => release(parts, call, signal),
    verify: (call, signal) => verify(parts, call, signal),
    list: (tenantId, signal) => list(parts.zone, tenantDigest(tenantId), AbortSignal.any([signal, closing.signal])),
    async close() {
      closing.abort();
      await Promise.all([parts.changes.close(), parts.looks.close()]);
    },
  };
}

/** Blocks names and addresses in a response policy zone, over dynamic updates. */
export const rpz: ConnectorKind = {
  name: 'rpz',
  configSchema,
  secretKeys: ['secret'],
  hostsOf: (settings) => [serverOf(settings), ...resolversOf(settings)].map(({ host }) => host),
  exclusiveOf,
  behindAgent: TRAITS,
  open: (settings) => toConnector(createParts(settings)),
};
