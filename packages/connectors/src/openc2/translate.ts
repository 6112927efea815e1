import { createHash } from 'node:crypto';
import { isIP, isIPv6 } from 'node:net';
import type { Target } from '@interdict/contract';
import type { Call } from '../connector.ts';
import type { Openc2Config } from './config.ts';

/** A command of OpenC2; `optional` names arguments whose absence does not change what is enforced. */
export interface Command {
  readonly id: string;
  readonly action: string;
  readonly target: Readonly<Record<string, unknown>>;
  readonly args?: Readonly<Record<string, unknown>>;
  readonly optional?: readonly string[];
}

/** A consumer that keeps time drops a rule so long after its end: Interdict takes it back before. */
const GRACE_MS = 3_600_000;
const LABEL = '(?!-)[a-z0-9_-]{1,63}(?<!-)';
const NAME = new RegExp(`^(?=.{1,253}$)${LABEL}(?:\\.${LABEL})*$`);
const HEX_LENGTH: Readonly<Record<string, number>> = { md5: 32, sha1: 40, sha256: 64 };

/** The same UUID each time, of an operation and what it is one step of. */
export function stepId(operationId: string, step: string): string {
  const hex = createHash('sha256').update(`${operationId} ${step}`).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

function toNet(value: string): Command['target'] | undefined {
  const [address = '', prefix, ...more] = value.split('/');
  const version = isIP(address);
  const bits = version === 4 ? 32 : 128;
  if (version === 0 || more.length > 0 || address.includes('%')) return undefined;
  if (prefix !== undefined && (!/^\d{1,3}$/.test(prefix) || Number(prefix) > bits)) return undefined;
  return { [isIPv6(address) ? 'ipv6_net' : 'ipv4_net']: `${address}/${prefix ?? bits}` };
}

function toUri(value: string): Command['target'] | undefined {
  const isWritten = /^https?:\/\/[\x21-\x7e]{1,8000}$/.test(value) && !/["<>\\^`{|}]/.test(value);
  return isWritten && URL.canParse(value) ? { uri: value } : undefined;
}

function toHash({ kind, value }: Target): Command['target'] | undefined {
  const isHash = /^[0-9a-f]+$/.test(value) && value.length === HEX_LENGTH[kind];
  return isHash ? { file: { hashes: { [kind]: value } } } : undefined;
}

function toTarget(target: Target): Command['target'] | undefined {
  const { kind, value } = target;
  const isNet = kind === 'cidr';
  if (isNet || kind === 'ip') return value.includes('/') === isNet ? toNet(value) : undefined;
  if (kind === 'url') return toUri(value);
  if (kind !== 'domain' && kind !== 'host') return toHash(target);
  if (!NAME.test(value)) return undefined;
  return kind === 'domain' ? { domain_name: value } : { device: { hostname: value } };
}

const CONTAINED = { er: { device_containment: 'network_isolation' } };

/** The command that puts an effect in force; undefined where the target is none that can be written. */
export function toApply(call: Call, { keepsTime }: Openc2Config, now: Date): Command | undefined {
  const target = toTarget(call.target);
  if (!target) return undefined;
  const left = Math.max(Date.parse(call.expirationDateTime) - now.getTime(), 0);
  return {
    id: call.operationId,
    action: call.action === 'IsolateHost' ? 'contain' : 'deny',
    target,
    args: { ...(keepsTime && { duration: left + GRACE_MS }), ...(call.action === 'IsolateHost' && CONTAINED) },
    optional: ['duration'],
  };
}

/** The command by which an endpoint is told to end it: in that profile `allow` is the word for it. */
export function toAllow(call: Call): Command | undefined {
  const target = toTarget(call.target);
  if (!target) return undefined;
  const isDevice = call.action === 'IsolateHost';
  return { id: call.operationId, action: 'allow', target, ...(isDevice && { args: CONTAINED, optional: ['er'] }) };
}

export const toDelete = (operationId: string, { from, number }: Rule, { profile }: Openc2Config): Command => ({
  id: stepId(operationId, `delete ${from} ${number}`),
  action: 'delete',
  target: profile === 'slpf' ? { 'slpf:rule_number': number } : { [profile]: { rule_number: number } },
});

/** A rule at one consumer. */
export interface Rule {
  /** As the consumer names itself; empty over HTTPS. */
  readonly from: string;
  readonly number: number;
}

/** What is noted with an effect: the operation that made the first rules, and every rule that is to be deleted. */
export interface Kept {
  readonly operationId: string;
  readonly rules: readonly Rule[];
  /** Rules of earlier operations, which were replaced and not yet deleted. */
  readonly old: readonly Rule[];
  /** There may be a rule whose number nobody knows. */
  readonly isLost?: boolean;
}

const pack = (rules: readonly Rule[]): unknown => rules.map(({ from, number }) => [from, number]);
const unpack = (rules: readonly [string, number][]): Rule[] => rules.map(([from, number]) => ({ from, number }));

export const toNote = ({ operationId, rules, old, isLost }: Kept): string =>
  JSON.stringify([operationId, pack(rules), pack(old), ...(isLost ? [true] : [])]);

type PackedNote = [string, [string, number][], [string, number][], boolean?];

export function fromNote(note: string | undefined): Kept | undefined {
  if (note === undefined) return undefined;
  const [operationId, rules, old, isLost = false] = JSON.parse(note) as PackedNote;
  return { operationId, rules: unpack(rules), old: unpack(old), isLost };
}
