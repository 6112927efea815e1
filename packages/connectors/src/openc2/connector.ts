import { randomUUID } from 'node:crypto';
import { targetText } from '@interdict/contract';
import type { Answer, Call, Connector, Effect } from '../connector.ts';
import type { ConnectorKind, ProviderSettings } from '../connector-kind.ts';
import { toMessage } from '../http/message.ts';
import { type Failed, isGone, missingPair, rulesOf, toFailure, toReleaseFailure } from './answers.ts';
import { configSchema, type Openc2Config, parseConfig } from './config.ts';
import { openHttpTransfer } from './http-transfer.ts';
import type { Heard, Reply, Transfer } from './message.ts';
import { openMqttTransfer } from './mqtt-transfer.ts';
import { AGENT_TRAITS, OFFERED, toTraits } from './traits.ts';
import {
  type Command,
  fromNote,
  type Kept,
  type Rule,
  stepId,
  toAllow,
  toApply,
  toDelete,
  toNote,
} from './translate.ts';

const LOST_AGAIN_MS = 60_000;
const LOST_NUMBER = {
  kind: 'pending',
  message: 'It may have made a rule whose number was lost: an administrator must look at the rules of the consumer.',
  againMs: LOST_AGAIN_MS,
} as const;
const QUERY = { action: 'query', target: { features: ['profiles', 'pairs'] } };
const keyOf = ({ tenantId, action, target }: Effect): string => `${tenantId} ${action} ${targetText(target)}`;
const isSame = (one: Rule, other: Rule): boolean => one.from === other.from && one.number === other.number;
const refused = (message: string): Failed => ({ kind: 'refused', message: toMessage(message) });

class Openc2 implements Connector {
  readonly traits;
  readonly #config: Openc2Config;
  readonly #transfer: Transfer;
  /** What the consumers said of themselves; asked again after any failure. */
  #features: readonly Reply[] | undefined;
  /** Applies of which it is not known what they did: their rule numbers are asked for again before a release. */
  readonly #doubtful = new Map<string, Command>();
  #isClosed = false;

  constructor(config: Openc2Config) {
    this.#config = config;
    this.traits = toTraits(config);
    this.#transfer = config.responders.length > 0 ? openMqttTransfer(config) : openHttpTransfer(config);
  }

  async apply(call: Call, signal: AbortSignal): Promise<Answer> {
    const early = this.#early(call, signal);
    if (early) return early;
    const command = toApply(call, this.#config, new Date());
    if (!command) return refused(`No ${call.target.kind} of OpenC2 can be written of this target.`);
    const kept = fromNote(call.note);
    if (kept?.operationId === call.operationId && kept.old.length > 0) return this.#replace(call, kept, signal);
    const missing = await this.#missing(command, signal);
    if (missing) return missing;
    const key = keyOf(call);
    const wasInDoubt = this.#doubtful.has(key);
    this.#doubtful.set(key, command);
    const made = await this.#make(command, signal);
    if ('kind' in made) {
      // What an earlier attempt may have made is as doubtful as before.
      const isNothing = made.kind === 'refused' || made.kind === 'unavailable';
      if (isNothing && !wasInDoubt) this.#doubtful.delete(key);
      return made;
    }
    this.#doubtful.delete(key);
    const old = [...(kept?.rules ?? []), ...(kept?.old ?? [])].filter(
      (each) => !made.some((rule) => isSame(rule, each)),
    );
    return this.#replace(call, { operationId: call.operationId, rules: made, old }, signal);
  }

  async release(call: Call, signal: AbortSignal): Promise<Answer> {
    const early = this.#early(call, signal);
    if (early) return early;
    if (this.#config.profile === 'er') return this.#allow(call, signal);
    const kept = fromNote(call.note);
    const found = await this.#recover(call, kept, signal);
    if (found !== 'lost' && 'kind' in found) return found;
    const made = found === 'lost' ? [] : found;
    const failure = await this.#delete(call, [...made, ...(kept?.rules ?? []), ...(kept?.old ?? [])], signal);
    if (failure) return failure;
    // A number that is free again may be another's next.
    const nothing: Kept = { operationId: call.operationId, rules: [], old: [] };
    if (found === 'lost') return { ...LOST_NUMBER, note: toNote({ ...nothing, isLost: true }) };
    this.#doubtful.delete(keyOf(call));
    return { kind: 'done', level: 'reported', note: toNote(nothing) };
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#transfer.close();
  }

  #early({ action, target }: Call, { aborted }: AbortSignal): Failed | undefined {
    const offered = this.traits.actions.find(({ name }) => name === action);
    if (!offered?.targetKinds.includes(target.kind)) {
      return refused(`The profile ${this.#config.profile} has no ${action} of a target of kind ${target.kind}.`);
    }
    const message = 'Nothing was sent: the call had ended, or the connector was closed.';
    return aborted || this.#isClosed ? { kind: 'unavailable', message } : undefined;
  }

  /** Once more without what the consumer does not know, where it means the same to what is enforced. */
  async #ask(command: Command, signal: AbortSignal): Promise<Heard> {
    const heard = await this.#transfer.ask(command, signal);
    this.#features = toFailure(heard, this.#config) ? undefined : this.#features;
    const { optional = [], args = {} } = command;
    if (heard.kind !== 'answered' || !optional.some((name) => Object.hasOwn(args, name))) return heard;
    const fewer = Object.fromEntries(Object.entries(args).filter(([name]) => !optional.includes(name)));
    const plain = { ...command, id: stepId(command.id, 'plain'), args: fewer };
    const replies: Reply[] = [];
    for (const reply of heard.replies) {
      const again = reply.status === 501 ? await this.#transfer.ask(plain, signal, reply.from) : undefined;
      if (again && again.kind !== 'answered') return again;
      replies.push(...(again?.replies ?? [reply]));
    }
    return { ...heard, replies };
  }

  /** Why the consumers cannot be asked for it. Nothing was done then. */
  async #missing(command: Command, signal: AbortSignal): Promise<Failed | undefined> {
    let replies = this.#features;
    if (!replies) {
      const heard = await this.#transfer.ask({ id: randomUUID(), ...QUERY }, signal);
      const failure = toFailure(heard, this.#config);
      if (failure?.kind === 'unavailable') return failure;
      if (failure || heard.kind !== 'answered') {
        const message = toMessage(`It did not say what it offers, and was asked for nothing else. ${failure?.message}`);
        return { kind: 'unavailable', message, ...(failure?.kind === 'refused' && { fault: 'ours' }) };
      }
      replies = heard.replies;
    }
    const missing = replies.flatMap((reply) => missingPair(reply, command, this.#config) ?? []);
    this.#features = missing.length > 0 ? undefined : replies;
    return missing[0] === undefined ? undefined : refused(missing[0]);
  }

  /** The rules that were made by all. Where some refuse, those of the others are taken away again. */
  async #make(command: Command, signal: AbortSignal): Promise<readonly Rule[] | Failed> {
    const heard = await this.#ask(command, signal);
    const failure = toFailure(heard, this.#config);
    const replies = heard.kind === 'answered' ? heard.replies : [];
    const rules = rulesOf(replies, this.#config.profile);
    const done = replies.filter(({ status }) => status === 200).length;
    const lasting = this.#cannotUndo(rules.length, done, failure);
    if (lasting) return { kind: 'unknown', message: toMessage(`${lasting} ${failure?.message ?? ''}`) };
    if (failure?.kind !== 'refused' && failure?.kind !== 'unavailable') return failure ?? rules;
    const left = await this.#delete({ operationId: command.id }, rules, signal);
    return left ? { kind: 'unknown', message: toMessage(`Some have done it. ${left.message}`) } : failure;
  }

  #cannotUndo(numbers: number, done: number, failure: Failed | undefined): string | undefined {
    if (this.#config.profile === 'er') return failure && done > 0 ? 'Only some have done it.' : undefined;
    return numbers < done ? 'It was done, and no number of a rule was told: an administrator must look.' : undefined;
  }

  async #replace(call: Call, kept: Kept, signal: AbortSignal): Promise<Answer> {
    const failure = await this.#delete(call, kept.old, signal);
    if (failure)
      return { kind: 'pending', message: `What it replaces is still there. ${failure.message}`, note: toNote(kept) };
    return { kind: 'done', level: 'reported', note: toNote({ ...kept, old: [] }) };
  }

  async #delete({ operationId }: Pick<Call, 'operationId'>, rules: readonly Rule[], signal: AbortSignal) {
    for (const rule of rules) {
      const heard = await this.#transfer.ask(toDelete(operationId, rule, this.#config), signal, rule.from);
      const failure = isGone(heard) ? undefined : toFailure(heard, this.#config);
      if (failure) return toReleaseFailure(failure);
    }
    return undefined;
  }

  /** The rules of an apply whose answer was lost: a consumer that does a command once says the same again. */
  async #recover(call: Call, kept: Kept | undefined, signal: AbortSignal): Promise<readonly Rule[] | Failed | 'lost'> {
    const command = this.#doubtful.get(keyOf(call));
    if (!command) {
      // The process that knew the command is gone. Behind a first release the doubt may be that of a lost release.
      const isOfApply = call.attempt === 1 || (kept?.rules.length ?? 0) === 0;
      return kept?.isLost || (call.inDoubt === true && isOfApply) ? 'lost' : [];
    }
    if (!this.#config.deduplicates) return 'lost';
    const made = await this.#make(command, signal);
    return 'kind' in made && made.kind === 'refused' ? [] : made;
  }

  async #allow(call: Call, signal: AbortSignal): Promise<Answer> {
    const command = toAllow(call);
    if (!command) return refused(`No ${call.target.kind} of OpenC2 can be written of this target.`);
    const heard = await this.#ask(command, signal);
    const failure = isGone(heard) ? undefined : toFailure(heard, this.#config);
    return failure ? toReleaseFailure(failure) : { kind: 'done', level: 'reported' };
  }
}

/** @throws {Error} with one sentence for the operator */
function openOpenc2(settings: ProviderSettings): Connector {
  const config = parseConfig(settings);
  const offered = OFFERED[config.profile].map(({ name }) => name);
  const strange = settings.actions?.find((name) => !offered.includes(name));
  if (strange === undefined) return new Openc2(config);
  throw new Error(`The profile ${config.profile} of OpenC2 has no ${strange}; it has ${offered.join(', ')}.`);
}

/** Any consumer of OpenC2, over HTTPS or MQTT. */
export const openc2: ConnectorKind = {
  name: 'openc2',
  configSchema,
  secretKeys: ['key', 'token', 'password'],
  hostsOf: ({ own }) =>
    typeof own.url === 'string' && URL.canParse(own.url) ? [new URL(own.url).hostname.replace(/^\[|\]$/g, '')] : [],
  exclusiveOf: ({ own }) => `${own.profile} ${own.url} ${JSON.stringify(own.responders ?? [])}`,
  behindAgent: AGENT_TRAITS,
  open: openOpenc2,
};
