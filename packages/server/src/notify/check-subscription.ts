import { isIP } from 'node:net';
import type { AddressGuard } from '@interdict/connectors';
import { fromDateTime, parseDateTime, toDateTime } from '../lib/date-time.ts';
import { didYouMean } from '../lib/nearest-name.ts';
import { invalid } from './refuse.ts';
import { CHANGE_TYPES, type ChangeType } from './subscription.ts';

const LONGEST_TERM_MIN = 43_200;
const MINUTE_MS = 60_000;
const LONGEST_URL = 2_048;

/** In the order of the documentation, whatever was sent. @throws {Refusal} invalidProperty */
export function readChangeTypes(text: string): readonly ChangeType[] {
  const named = text.split(',').map((each) => each.trim().toLowerCase());
  for (const name of named) {
    if (CHANGE_TYPES.some((known) => known === name)) continue;
    const hint = didYouMean(name, CHANGE_TYPES);
    const words = `"changeType" names ${CHANGE_TYPES.join(', ')}, with commas between them: not "${name.slice(0, 50)}".`;
    throw invalid('changeType', `${words}${hint}`);
  }
  return CHANGE_TYPES.filter((known) => named.includes(known));
}

/** Milliseconds. @throws {Refusal} invalidProperty */
export function readExpiration(text: string, now: number): number {
  const moment = parseDateTime(text);
  if (moment === undefined) {
    const words = '"expirationDateTime" must be an RFC 3339 date and time, as in 2026-12-01T09:00:00Z.';
    throw invalid('expirationDateTime', words);
  }
  const at = fromDateTime(moment);
  if (at <= now)
    throw invalid('expirationDateTime', `"expirationDateTime" is not ahead: it is ${toDateTime(now)} now.`);
  if (at > now + LONGEST_TERM_MIN * MINUTE_MS) {
    const latest = toDateTime(now + LONGEST_TERM_MIN * MINUTE_MS);
    const words = `"expirationDateTime" is at most 43,200 minutes ahead: not later than ${latest} as of now.`;
    throw invalid('expirationDateTime', words);
  }
  return at;
}

/** By its form only: where a name leads is looked at when it is connected to. @throws {Refusal} invalidProperty */
export function readReceiverUrl(text: string, target: string, guard: AddressGuard): URL {
  if (text.length > LONGEST_URL) throw invalid(target, `"${target}" is longer than ${LONGEST_URL} characters.`);
  const url = /[\s\p{Cc}]/u.test(text) ? null : URL.parse(text);
  if (!url) throw invalid(target, `"${target}" is no URL. Write one as in https://hooks.example/interdict.`);
  if (url.protocol !== 'https:') throw invalid(target, `"${target}" is not https, and nothing else is taken.`);
  if (url.username || url.password) {
    throw invalid(target, `"${target}" has a user name or password in it. Notifications are signed instead.`);
  }
  if (url.hash || text.includes('#')) throw invalid(target, `"${target}" has a fragment, which is never sent.`);
  const host = url.hostname.replace(/^\[|\]$/g, '');
  if (isIP(host) !== 0 && !guard.isAllowed(host, host)) {
    throw invalid(target, `"${target}" has an address that is not public, and ${guard.permission}.`);
  }
  return url;
}

const TLS_VERSIONS = ['v1_2', 'v1_3'] as const;

/** @throws {Refusal} invalidProperty */
export function readTlsVersion(text: string | null): string {
  if (text === null) return 'v1_2';
  const found = TLS_VERSIONS.find((known) => known === text.toLowerCase());
  if (found) return found;
  const words = `"latestSupportedTlsVersion" is v1_2 or v1_3, not "${text.slice(0, 50)}": nothing older is spoken here.`;
  throw invalid('latestSupportedTlsVersion', words);
}
