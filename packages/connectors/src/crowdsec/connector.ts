import type { Answer, Call, Connector, Presence } from '../connector.ts';
import type { ConnectorKind, ProviderSettings } from '../connector-kind.ts';
import { createLane, type Lane } from '../lane.ts';
import { GIVEN_UP, LapiError, toUnknown } from './answers.ts';
import { type Application, applyDecisions } from './apply-decisions.ts';
import { type CrowdsecConfig, configSchema, parseConfig } from './config.ts';
import type { Decision } from './decision.ts';
import { type Entry, findTenant, toEntry } from './entry.ts';
import { type Lapi, openLapi } from './lapi.ts';
import { look, toListed, toPresence } from './look.ts';
import { type Release, type Releases, releaseDecisions } from './release-decisions.ts';
import { toTraits } from './traits.ts';

interface Parts {
  readonly config: CrowdsecConfig;
  readonly lapi: Lapi;
  readonly applies: Lane<Application, Answer>;
  readonly releases: Lane<Release, Answer>;
  readonly looks: Lane<Entry | undefined, ReadonlyMap<string, readonly Decision[]>>;
}

function createParts(config: CrowdsecConfig): Parts {
  const lapi = openLapi(config);
  const terms: Releases = { lapi, bouncerMs: config.bouncerMs };
  return {
    config,
    lapi,
    applies: createLane({
      run: (tickets) => applyDecisions(lapi, tickets),
      giveUp: ({ settle }) => settle(GIVEN_UP),
    }),
    releases: createLane({
      run: (tickets) => releaseDecisions(terms, tickets),
      giveUp: ({ settle }) => settle(GIVEN_UP),
    }),
    looks: createLane({
      run: (tickets) => look(lapi, tickets),
      giveUp: ({ fail }) => fail(new LapiError(GIVEN_UP)),
    }),
  };
}

async function apply({ config, applies }: Parts, call: Call, signal: AbortSignal): Promise<Answer> {
  const entry = toEntry(call, config.ranges);
  if (typeof entry === 'string') return { kind: 'refused', message: entry };
  const endsAt = Date.parse(call.expirationDateTime) + config.graceMs;
  if (Number.isNaN(endsAt)) return { kind: 'refused', message: 'The call has no end that is a date.' };
  const answer = await applies.submit({ entry, endsAt }, signal);
  // A release that was under way has nothing to wait for any more.
  return answer.kind === 'done' && call.note ? { ...answer, note: '' } : answer;
}

/** What `ranges` no longer allows is taken back all the same. */
async function release({ releases }: Parts, call: Call, signal: AbortSignal): Promise<Answer> {
  const entry = toEntry(call, true);
  if (typeof entry === 'string') return { kind: 'refused', message: entry };
  return releases.submit({ entry, note: call.note }, signal);
}

async function verify({ config, looks }: Parts, call: Call, signal: AbortSignal): Promise<Presence> {
  const entry = toEntry(call, true);
  if (typeof entry === 'string') return { kind: 'absent' };
  try {
    const groups = await looks.submit(entry, signal);
    return toPresence(entry, groups.get(entry.value) ?? [], config.bouncerMs, Date.now());
  } catch (error) {
    if (error instanceof LapiError) return toUnknown(error.failed);
    throw error;
  }
}

function toConnector(parts: Parts): Connector {
  const { config, lapi, applies, releases, looks } = parts;
  return {
    traits: toTraits(config.ranges),
    apply: (call, signal) => apply(parts, call, signal),
    release: (call, signal) => release(parts, call, signal),
    verify: (call, signal) => verify(parts, call, signal),
    async list(tenantId, signal) {
      const tenant = findTenant(tenantId);
      if (!tenant) throw new Error(`${JSON.stringify(tenantId)} is no tenant's GUID.`);
      return toListed(tenant, await looks.submit(undefined, signal));
    },
    async close() {
      await lapi.close();
      await Promise.all([applies.close(), releases.close(), looks.close()]);
    },
  };
}

const urlOf = ({ own }: ProviderSettings): URL | null => URL.parse(String(own.url));

/** Hands blocks to CrowdSec's local API, from which its bouncers enforce them. */
export const crowdsec: ConnectorKind = {
  name: 'crowdsec',
  configSchema,
  secretKeys: ['password', 'bouncerKey'],
  hostsOf(settings) {
    const url = urlOf(settings);
    return url ? [url.hostname.replace(/^\[|\]$/g, '')] : [];
  },
  exclusiveOf: (settings) => `the decisions of Interdict in CrowdSec at ${urlOf(settings)?.host ?? 'no URL'}`,
  behindAgent: toTraits(true),
  open: (settings) => toConnector(createParts(parseConfig(settings))),
};
