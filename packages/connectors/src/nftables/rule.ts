import type { JsonSchema } from '@interdict/contract';
import { maskText, widthOf } from './network.ts';

/** A rule of the table. `label`, its comment, is unique in its chain: by it the rule is known again. */
export interface Rule {
  readonly label: string;
  /** Not for traffic of the loopback device. */
  readonly notLoopback?: 'iif' | 'oif';
  readonly match?: {
    readonly version: 4 | 6;
    readonly side: 'saddr' | 'daddr';
    /** How much of the address is looked up in the set. */
    readonly length: number;
    readonly set: string;
  };
  readonly verdict: 'return' | 'drop' | { readonly jump: string };
}

const protocolOf = (version: 4 | 6): 'ip' | 'ip6' => (version === 4 ? 'ip' : 'ip6');

function matchOf({ notLoopback, match }: Rule): readonly JsonSchema[] {
  if (notLoopback) return [{ match: { op: '!=', left: { meta: { key: notLoopback } }, right: 'lo' } }];
  if (!match) return [];
  const { version, side, length, set } = match;
  const payload = { payload: { protocol: protocolOf(version), field: side } };
  const left = length === widthOf(version) ? payload : { '&': [payload, maskText(version, length)] };
  return [{ match: { op: '==', left, right: `@${set}` } }];
}

function verdictOf({ verdict }: Rule): readonly JsonSchema[] {
  if (verdict === 'drop') return [{ counter: null }, { drop: null }];
  return verdict === 'return' ? [{ return: null }] : [{ jump: { target: verdict.jump } }];
}

/** @see https://manpages.debian.org/bookworm/libnftables1/libnftables-json.5.en.html */
export const ruleJson = (rule: Rule): readonly JsonSchema[] => [...matchOf(rule), ...verdictOf(rule)];

/** The rule as `nft -f` reads it. */
export function ruleText({ label, notLoopback, match, verdict }: Rule): string {
  const words: string[] = [];
  if (notLoopback) words.push(`${notLoopback} != "lo"`);
  if (match) {
    const mask = match.length === widthOf(match.version) ? '' : ` & ${maskText(match.version, match.length)}`;
    words.push(`${protocolOf(match.version)} ${match.side}${mask} @${match.set}`);
  }
  if (verdict === 'drop') words.push('counter drop');
  else words.push(verdict === 'return' ? 'return' : `jump ${verdict.jump}`);
  return `${words.join(' ')} comment "${label}"`;
}

/** Whether what nft listed under the rule's label still does what the rule does, as far as it can be told. */
export function isSameRule(rule: Rule, listed: string): boolean {
  const { notLoopback, match, verdict } = rule;
  const signs = [typeof verdict === 'string' ? `"${verdict}":null` : `"jump":{"target":"${verdict.jump}"}`];
  if (notLoopback) signs.push(`"${notLoopback}"`);
  if (match) signs.push(`"${match.side}"`, `"@${match.set}"`);
  return signs.every((sign) => listed.includes(sign));
}
