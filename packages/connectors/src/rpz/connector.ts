import type { Answer, Call, Connector, Presence } from '../connector.ts';
import type { ConnectorKind, ProviderSettings } from '../connector-kind.ts';
import { createLane, type Lane, type Ticket } from '../lane.ts';
import { whenAllLeft } from '../when-all-left.ts';
import { failureOf, GIVEN_UP, toAnswer, toUnknown } from './answers.ts';
import { type Change, change, type Zone } from './change.ts';
import { configSchema, exclusiveOf, parseConfig, resolversOf, serverOf } from './config.ts';
import { behind, type Look, list, look } from './look.ts';
import { tenantDigest } from './mark.ts';
import { toEntry } from './names.ts';
import { findBehind } from './probe.ts';
import { TRAITS } from './traits.ts';

const UNPROVEN: Answer = {
  kind: 'unknown',
  message: 'Taken out of the zone; the call was given up before its resolvers were asked.',
};

interface Parts {
  readonly zone: Zone;
  readonly changes: Lane<Change, Answer>;
  readonly looks: Lane<Look, Presence>;
  /** That resolvers go by what was released. */
  readonly proofs: Lane<Answer, Answer>;
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
    proofs: createLane({
      run: (tickets) => prove(zone, tickets),
      giveUp: ({ settle }) => settle(UNPROVEN),
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
  return answer.kind === 'done' ? await parts.proofs.submit(answer, signal) : answer;
}

/** One question for all that has been released so far. */
async function prove({ config, versions, closing }: Zone, tickets: readonly Ticket<Answer, Answer>[]): Promise<void> {
  const taken = tickets.filter((ticket) => ticket.take());
  for (const { signal, settle } of taken) signal.addEventListener('abort', () => settle(UNPROVEN), { once: true });
  const end = whenAllLeft(taken, closing.signal);
  const outcome = await findBehind(config, versions.at(-1), end).then(
    (resolver) => (resolver === undefined ? undefined : behind(resolver)),
    (error: unknown): Answer => ({ kind: 'unknown', message: failureOf(error).message }),
  );
  for (const { item, settle } of taken) settle(outcome ?? item);
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
      await Promise.all([parts.changes.close(), parts.looks.close(), parts.proofs.close()]);
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
