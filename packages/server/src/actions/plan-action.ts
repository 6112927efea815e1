import { type Target, targetText } from '@interdict/contract';
import { Refusal } from '../errors.ts';
import { toDateTime } from '../lib/date-time.ts';
import { parseDuration } from '../lib/duration.ts';
import { indexable } from '../lib/indexable.ts';
import type { ActionRow } from '../store/rows.ts';
import { chooseProvider } from './choose-provider.ts';
import type { ActionInput } from './create-input.ts';
import { newEntityText } from './entity.ts';
import { needsApproval } from './protected/needs-approval.ts';
import type { Provider } from './provider.ts';
import { readExpiry, type SaidEnd } from './read-expiry.ts';
import { readStart } from './read-start.ts';
import { type RequestedEffect, readParameters } from './targets/read-parameters.ts';

/** Whoever asks, in the words of the token. */
export interface Requester {
  readonly tenantId: string;
  readonly appId: string;
  readonly user: string | null;
}

export interface Planning {
  /** The providers of the requester's tenant. */
  readonly providers: readonly Provider[];
  readonly refusalFor: (tenantId: string, target: Target) => { readonly message: string } | undefined;
  /** Without a configured issuer nobody could approve. */
  readonly asksApprovals: boolean;
}

function saidEnds(input: ActionInput, effect: RequestedEffect): readonly SaidEnd[] {
  const end = (kind: SaidEnd['kind'], text: string | null | undefined, path: string | undefined): SaidEnd[] =>
    text === null || text === undefined ? [] : [{ kind, text, path: path ?? kind, isParameter: path !== undefined }];
  return [
    ...end('expirationDateTime', input.expirationDateTime, undefined),
    ...end('ttl', input.ttl, undefined),
    ...end('expirationDateTime', effect.expirationDateTime, effect.paths.expirationDateTime),
    ...end('ttl', effect.ttl, effect.paths.ttl),
  ];
}

/** What must not be touched, and what nobody may ask for alone. Both are asked again before anything is sent. */
function guard(planning: Planning, requester: Requester, { action, target, paths }: RequestedEffect): void {
  const protection = planning.refusalFor(requester.tenantId, target);
  if (protection) {
    throw new Refusal('badRequest', protection.message, { inner: 'protectedTarget', target: paths.target });
  }
  if (planning.asksApprovals && needsApproval(action, target)) {
    const message = `"${action}" on ${targetText(target)} needs an approval, which this version cannot take.`;
    throw new Refusal('Authorization_RequestDenied', message, { inner: 'policyForbids', target: 'name' });
  }
}

/**
 * Every rule that a request must pass, in order: a provider serves it, its parameters name one target, the target may be
 * touched, its start and its end make sense. What comes out is the row to store.
 *
 * @throws {Refusal} with the rule that it broke
 */
export function planAction(
  planning: Planning,
  requester: Requester,
  input: ActionInput,
  { id, now }: { readonly id: string; readonly now: number },
): ActionRow {
  const { provider: named = null, vendor = null } = input.vendorInformation ?? {};
  const wanted = { provider: named, vendor, name: input.name, parameters: input.parameters };
  const provider = chooseProvider(planning.providers, wanted);
  const effect = readParameters(input, provider.offers);
  guard(planning, requester, effect);
  const offer = provider.offers.find(({ name }) => name === effect.action);
  const defaultTtlMs = parseDuration(offer?.defaultTtl ?? '') ?? provider.maxTtlMs;
  const startAt = readStart(input.scheduledDateTime, now, provider.maxTtlMs);
  const { ttlMs, until } = readExpiry(saidEnds(input, effect), { now, startAt }, defaultTtlMs, provider.maxTtlMs);
  const target = targetText(effect.target);
  const entity = newEntityText({
    id,
    createdAt: now,
    caller: requester,
    sent: input,
    provider: provider.name,
    action: effect.action,
    target,
    verification: offer?.verification ?? 'accepted',
    simulated: provider.simulated,
    startsAt: startAt > now ? startAt : null,
    expiresAt: until,
  });
  const deadlineAt = startAt + provider.deadlineMs;
  return {
    id,
    version: 1,
    created_at: toDateTime(now),
    status: 'NotStarted',
    state: startAt > now ? 'scheduled' : 'pending',
    app_id: requester.appId,
    user_name: requester.user,
    provider: provider.name,
    action: effect.action,
    target,
    client_context: indexable(input.clientContext),
    entity,
    seed_entity: null,
    live_offset: null,
    enforcement_id: null,
    hold: 'none',
    ttl_ms: ttlMs,
    hold_until: until,
    deadline_at: deadlineAt,
    start_at: startAt,
    end_at: Math.min(until ?? deadlineAt, deadlineAt),
    ending: null,
    request_hash: null,
    key_hash: null,
    key_fingerprint: null,
    key_until: null,
  };
}
