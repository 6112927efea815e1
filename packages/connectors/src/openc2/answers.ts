import type { Answer } from '../connector.ts';
import { toMessage, toPrintable } from '../http/message.ts';
import type { Openc2Config, Profile } from './config.ts';
import { type Heard, isObject, type Reply } from './message.ts';
import type { Command, Rule } from './translate.ts';

export type Failed = Exclude<Answer, { readonly kind: 'done' }>;

const PENDING_AGAIN_MS = 5_000;
/** The gravest first: what may have been done outweighs what certainly was not. */
const UNKNOWN_FIRST: readonly Failed['kind'][] = ['unknown', 'pending', 'unavailable', 'refused'];

function failureOf(reply: Reply, config: Openc2Config): Failed | undefined {
  const { status: subcode, from } = reply;
  const words = config.hideSecrets(toPrintable(reply.text));
  const who = config.hideSecrets(toPrintable(from || config.host));
  const message = toMessage(`${who} answered ${subcode}${words && `: ${words}`}.`);
  if (subcode === 200) return undefined;
  if (subcode === 102) {
    return config.deduplicates
      ? { kind: 'pending', message, againMs: PENDING_AGAIN_MS }
      : { kind: 'unknown', message: toMessage(`${message} It cannot be asked again: it does not know a repeat.`) };
  }
  if (subcode === 401) return { kind: 'unavailable', message, subcode, fault: 'ours' };
  if (subcode === 503) return { kind: 'unavailable', message, subcode };
  return [400, 403, 404, 501].includes(subcode) ? { kind: 'refused', message, subcode } : { kind: 'unknown', message };
}

/** Why a command was not done by all; undefined where it was. */
export function toFailure(heard: Heard, config: Openc2Config): Failed | undefined {
  const { retryAfterMs } = heard;
  const wait = retryAfterMs === undefined ? {} : { retryAfterMs };
  if (heard.kind === 'answered') {
    const failures = heard.replies.flatMap((reply) => failureOf(reply, config) ?? []);
    const [gravest] = failures.toSorted((a, b) => UNKNOWN_FIRST.indexOf(a.kind) - UNKNOWN_FIRST.indexOf(b.kind));
    return gravest?.kind === 'unavailable' ? { ...gravest, ...wait } : gravest;
  }
  const message = toMessage(config.hideSecrets(toPrintable(heard.message)));
  if (heard.kind === 'broken') return { kind: 'unknown', message };
  const { subcode, ours } = heard;
  return { kind: 'unavailable', message, ...wait, ...(subcode && { subcode }), ...(ours && { fault: 'ours' }) };
}

/** Nothing is there that matches: what was to be taken back is gone. */
export const isGone = (heard: Heard): boolean =>
  heard.kind === 'answered' && heard.replies.every(({ status }) => status === 200 || status === 404);

/** A release is never refused for good. */
export const toReleaseFailure = (failure: Failed): Failed =>
  failure.kind === 'refused' ? { ...failure, kind: 'unavailable' } : failure;

/** The rules that consumers say they made. */
export const rulesOf = (replies: readonly Reply[], profile: Profile): readonly Rule[] =>
  replies.flatMap(({ from, status, results }) => {
    const own = results[profile];
    const number = isObject(own) ? own.rule_number : undefined;
    return status === 200 && Number.isSafeInteger(number) ? [{ from, number: number as number }] : [];
  });

/** In words, what a consumer does not offer of what an effect needs; undefined where it offers all. */
export function missingPair({ results, from }: Reply, command: Command, config: Openc2Config): string | undefined {
  const { profile, host, hideSecrets } = config;
  const who = hideSecrets(toPrintable(from || host));
  const { profiles, pairs } = results;
  if (Array.isArray(profiles) && !profiles.includes(profile)) return `${who} does not offer the profile ${profile}.`;
  const [target = ''] = Object.keys(command.target);
  const offered = (action: string): readonly unknown[] => {
    const targets = isObject(pairs) && Object.hasOwn(pairs, action) ? pairs[action] : undefined;
    return Array.isArray(targets) ? targets : [];
  };
  if (!offered(command.action).includes(target)) return `${who} does not offer ${command.action} of ${target}.`;
  const undo = profile === 'er' ? 'allow' : 'delete';
  const undoes = offered(undo).some((each) => (undo === 'allow' ? each === target : /rule_number/.test(String(each))));
  return undoes ? undefined : `${who} does not offer ${undo}: what it did could not be taken back.`;
}
