import type { JournalEntry } from '../store/work.ts';

/** Who asked for a change, and by which request: what the audit keeps beside the change. */
export interface Origin {
  readonly appId: string;
  readonly user: string | null;
  readonly oid: string | null;
  readonly requestId: string;
  readonly sourceIp: string | null;
}

export const originOf = ({ appId, user, oid, requestId, sourceIp }: Origin): Origin => ({
  appId,
  user,
  oid,
  requestId,
  sourceIp,
});

/** Every kind of journal entry; docs/audit.md explains each. It only grows. */
export const JOURNAL_TYPES = [
  'securityAction.created',
  'securityAction.recorded',
  'securityAction.started',
  'securityAction.attempted',
  'securityAction.completed',
  'securityAction.failed',
  'securityAction.cancelRequested',
  'securityAction.expired',
  'securityAction.stateChanged',
  'securityAction.released',
  'securityAction.releaseFailed',
  'securityAction.updated',
  'securityAction.deleted',
  'dispatch.stopped',
  'dispatch.resumed',
  'dispatch.quarantined',
  'enforcement.strayFound',
] as const;
export type JournalType = (typeof JOURNAL_TYPES)[number];

/** An entry about one action, or about none. Without an origin the server itself made the change. */
export function journalEntry(
  type: JournalType,
  actionId: string | null,
  event: JournalEntry['event'],
  details: Readonly<Record<string, unknown>>,
  origin?: Origin,
): JournalEntry {
  const { appId = null, user = null, oid = null, requestId = null, sourceIp = null } = origin ?? {};
  return { actionId, event, type, content: { actor: { appId, user, oid }, requestId, sourceIp, details } };
}
