import type { JsonSchema } from '@interdict/contract';
import type { Answer, Call, Connector, ConnectorTraits, Presence } from '../connector.ts';
import type { ConnectorKind } from '../connector-kind.ts';
import { DONE, toAnswer, toUnknown } from '../nftables/answers.ts';
import { timeoutSeconds } from '../nftables/element.ts';
import { findFailure, type NftFailure } from '../nftables/nft-failure.ts';
import { isOwnComment } from '../nftables/ownership.ts';
import { LINGER_MS, runNft } from '../nftables/run-nft.ts';
import { sendJson } from '../nftables/send-json.ts';
import { CONFIG_SCHEMA, exclusiveOf, readSettings, type Settings } from './config.ts';
import { isolateCommands, isolatedBy, releaseCommands, stands } from './ruleset.ts';

const COMMIT_MS = 1_000;
const MAX_BYTES = 1024 * 1024;

const TRAITS: ConnectorTraits = {
  actions: [{ name: 'IsolateHost', targetKinds: ['host'], reversible: true }],
  verification: 'readBack',
  idempotence: 'setlike',
  probe: 'byTarget',
  seesForeign: true,
  keepsTime: true,
  maxLatenessMs: LINGER_MS + COMMIT_MS,
  timeoutMs: 10_000,
  limits: { concurrency: 4 },
  simulated: false,
  tenants: 'one',
};

interface Parts {
  readonly settings: Settings;
  readonly closing: AbortController;
}

function orderOf({ settings, closing }: Parts, signal: AbortSignal) {
  return { nft: settings.nft, closing: closing.signal, signals: [signal], maxBytes: MAX_BYTES };
}

async function send(
  parts: Parts,
  commands: readonly JsonSchema[],
  signal: AbortSignal,
): Promise<NftFailure | undefined> {
  return findFailure(await sendJson(commands, orderOf(parts, signal)));
}

/** Why this call is none for this host. */
function otherHost({ settings }: Parts, { action, target }: Call): string | undefined {
  if (action !== 'IsolateHost' || target.kind !== 'host')
    return `An isolation offers no ${action} of a ${target.kind}.`;
  if (target.value.toLowerCase() === settings.host) return undefined;
  return `This is the host "${settings.host}", and isolates no other.`;
}

async function apply(parts: Parts, call: Call, signal: AbortSignal): Promise<Answer> {
  const message = otherHost(parts, call);
  if (message !== undefined) return { kind: 'refused', message };
  const { settings } = parts;
  const seconds = timeoutSeconds(call.expirationDateTime, settings.graceMs, Date.now());
  if (Number.isNaN(seconds)) return { kind: 'refused', message: 'The call has no end that is a date.' };
  const failure = await send(parts, isolateCommands(settings, seconds, call.operationId), signal);
  return failure ? toAnswer(failure, 'apply') : DONE;
}

async function release(parts: Parts, call: Call, signal: AbortSignal): Promise<Answer> {
  const message = otherHost(parts, call);
  // Another agent's host may be isolated: only there it can be known, and taken back.
  if (message !== undefined) return { kind: 'unavailable', message, fault: 'ours' };
  const seen = await look(parts, signal);
  if (seen.kind === 'absent' || (seen.kind === 'present' && seen.foreign)) return DONE;
  const failure = await send(parts, releaseCommands(parts.settings), signal);
  // The table itself is gone, and with it whatever was dropped.
  if (failure?.kind === 'missing') return DONE;
  return failure ? toAnswer(failure, 'release') : DONE;
}

type Listed = readonly Readonly<Record<string, JsonSchema>>[];

function parseListing(stdout: string): Listed | undefined {
  try {
    const { nftables } = JSON.parse(stdout) as { readonly nftables?: unknown };
    return Array.isArray(nftables) ? (nftables as Listed) : undefined;
  } catch {
    return undefined;
  }
}

/** `present` where elements are there, whether the rules that make them work are there or not: see {@link verify}. */
async function look(parts: Parts, signal: AbortSignal): Promise<Presence & { readonly listed?: Listed }> {
  const { table } = parts.settings;
  const run = await runNft({ ...orderOf(parts, signal), args: ['-j', 'list', 'table', 'inet', table] });
  const failure = findFailure(run);
  if (failure?.kind === 'missing') return { kind: 'absent' };
  if (failure) return toUnknown(failure);
  const listed = run.kind === 'exited' ? parseListing(run.stdout) : undefined;
  if (!listed) return { kind: 'unknown', message: 'nft answered no whole listing of the table.' };
  const comments = isolatedBy(listed);
  if (comments.length === 0) return { kind: 'absent' };
  return { kind: 'present', foreign: !comments.some(isOwnComment), listed };
}

async function verify(parts: Parts, call: Call, signal: AbortSignal): Promise<Presence> {
  if (otherHost(parts, call) !== undefined) return { kind: 'absent' };
  const { listed, ...seen } = await look(parts, signal);
  if (seen.kind !== 'present' || !listed) return seen;
  const isWhole = isolatedBy(listed).length === 2 && stands(parts.settings, listed);
  return isWhole ? seen : { kind: 'absent' };
}

/** Cuts off the host that it runs on, but for its channel to the server and what the operator allows. */
export const isolation: ConnectorKind = {
  name: 'isolation',
  configSchema: CONFIG_SCHEMA,
  secretKeys: [],
  exclusiveOf,
  behindAgent: TRAITS,
  open(provider): Connector {
    const parts: Parts = { settings: readSettings(provider), closing: new AbortController() };
    const { host } = parts.settings;
    return {
      traits: TRAITS,
      apply: (call, signal) => apply(parts, call, signal),
      release: (call, signal) => release(parts, call, signal),
      verify: (call, signal) => verify(parts, call, signal),
      async list(tenantId, signal) {
        const target = { kind: 'host' as const, value: host };
        const seen = await verify(parts, { tenantId, action: 'IsolateHost', target } as Call, signal);
        if (seen.kind === 'unknown') throw new Error(seen.message);
        return seen.kind === 'present' ? [{ action: 'IsolateHost', target, foreign: seen.foreign === true }] : [];
      },
      async close() {
        parts.closing.abort();
      },
    };
  },
};
