import type { Answer, Presence } from '../connector.ts';
import type { FeedHolders } from '../connector-kind.ts';

/** A fetch wakes what waits; this is for what changes without one: a key that falls silent, or leaves the configuration. */
const AGAIN_MS = 300_000;

const keys = (count: number): string => (count === 1 ? '1 key' : `${count} keys`);

/** It stands on the list; whether a firewall has it, only a look at the ledger tells. */
export function toApplyAnswer({ listed }: FeedHolders): Answer {
  if (listed) return { kind: 'done', level: 'accepted' };
  return { kind: 'unavailable', message: 'It does not stand on the list yet.' };
}

/** Gone when no configured key's last version has it. */
export function toReleaseAnswer({ withEntry, silentWithEntry }: FeedHolders): Answer {
  if (withEntry === 0) return { kind: 'done', level: 'reported' };
  const silent = silentWithEntry === 0 ? '' : `, of which ${keys(silentWithEntry)} silent for 24 hours`;
  return { kind: 'pending', message: `${keys(withEntry)} may still have it${silent}.`, againMs: AGAIN_MS };
}

/** In force when at least one key got the list within 24 hours, and the last version of every such key has the entry. */
export function toPresence({ listed, recent, recentWithEntry, withEntry }: FeedHolders): Presence {
  if (recent > 0 && recentWithEntry === recent) return { kind: 'present', foreign: false };
  if (withEntry === 0) {
    if (!listed) return { kind: 'absent' };
    return { kind: 'pending', message: 'Listed; no firewall has fetched it yet.', againMs: AGAIN_MS, landed: 'no' };
  }
  const message = `${recentWithEntry} of ${keys(recent)} that fetched within 24 hours have it.`;
  return { kind: 'pending', message, againMs: AGAIN_MS };
}
