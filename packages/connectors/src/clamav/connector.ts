import type { Answer, Call, Connector, Effect, ListedEffect, Presence } from '../connector.ts';
import type { ConnectorKind } from '../connector-kind.ts';
import { createLane, type Lane } from '../lane.ts';
import { GIVEN_UP, toUnknown } from './answers.ts';
import { change } from './change.ts';
import { ClamavError } from './clamd.ts';
import { type ClamavConfig, CONFIG_SCHEMA, exclusiveOf, parseConfig } from './config.ts';
import { type Change, openFolder } from './folder.ts';
import { look, type Sight, toListed, toPresence } from './look.ts';
import type { Parts } from './parts.ts';
import { isTenant, toSignature } from './signature.ts';
import { TRAITS } from './traits.ts';

interface Lanes {
  readonly changes: Lane<Change, Answer>;
  readonly looks: Lane<undefined, Sight>;
}

function openLanes(parts: Parts): Lanes {
  return {
    changes: createLane({
      run: (tickets) => change(parts, tickets),
      giveUp: ({ settle }) => settle(GIVEN_UP),
    }),
    looks: createLane({
      run: (tickets) => look(parts, tickets),
      giveUp: ({ fail }) => fail(new ClamavError('unsent', 'The look was given up before clamd was asked.')),
    }),
  };
}

async function send({ changes }: Lanes, kind: Change['kind'], call: Call, signal: AbortSignal): Promise<Answer> {
  const signature = toSignature(call);
  if (typeof signature === 'string') return { kind: 'refused', message: signature };
  return changes.submit({ kind, signature }, signal);
}

async function verify(lanes: Lanes, effect: Effect, signal: AbortSignal): Promise<Presence> {
  const signature = toSignature(effect);
  if (typeof signature === 'string') return { kind: 'absent' };
  try {
    return toPresence(await lanes.looks.submit(undefined, signal), signature);
  } catch (error) {
    if (error instanceof ClamavError) return toUnknown(error);
    throw error;
  }
}

async function list(lanes: Lanes, tenantId: string, signal: AbortSignal): Promise<readonly ListedEffect[]> {
  if (!isTenant(tenantId)) throw new Error(`${JSON.stringify(tenantId.slice(0, 80))} is no tenant's GUID.`);
  return toListed(await lanes.looks.submit(undefined, signal), tenantId);
}

function openClamav(config: ClamavConfig): Connector {
  const parts: Parts = { config, folder: openFolder(config.folder), closing: new AbortController() };
  const lanes = openLanes(parts);
  return {
    traits: TRAITS,
    apply: (call, signal) => send(lanes, 'apply', call, signal),
    release: (call, signal) => send(lanes, 'release', call, signal),
    verify: (call, signal) => verify(lanes, call, signal),
    list: (tenantId, signal) => list(lanes, tenantId, signal),
    async close() {
      parts.closing.abort();
      await Promise.all([lanes.changes.close(), lanes.looks.close()]);
    },
  };
}

/** Blocks files by their hashes, in signatures that clamd loads. */
export const clamav: ConnectorKind = {
  name: 'clamav',
  configSchema: CONFIG_SCHEMA,
  secretKeys: [],
  exclusiveOf,
  behindAgent: TRAITS,
  open: (settings) => openClamav(parseConfig(settings)),
};
