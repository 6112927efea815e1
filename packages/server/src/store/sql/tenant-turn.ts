import { toDateTime } from '../../lib/date-time.ts';
import type { JournalRow } from '../rows.ts';
import type { JournalEntry, UnitContext } from '../work.ts';
import type { TenantRow } from './schema.ts';

/**
 * What a group of units does to one tenant's counters and journal, kept in memory until the group commits. The
 * tenant's row is locked (PostgreSQL) or the database is (SQLite) meanwhile, so sequences follow commit order.
 */
export interface TenantTurn {
  readonly tenantId: string;
  readonly isNew: boolean;
  lastSequence: number;
  actionCount: number;
  dueAt: number | null;
  repeatMadeAt: number | null;
  changed: boolean;
  /** Entries that no statement has carried to the database yet. */
  journal: JournalRow[];
}

export function beginTurn(tenantId: string, row: Omit<TenantRow, 'tenant_id'> | undefined): TenantTurn {
  return {
    tenantId,
    isNew: row === undefined,
    lastSequence: row?.last_sequence ?? 0,
    actionCount: row?.action_count ?? 0,
    dueAt: row?.due_at ?? null,
    repeatMadeAt: row?.repeat_made_at ?? null,
    changed: false,
    journal: [],
  };
}

export const toTenantRow = (turn: TenantTurn): TenantRow => ({
  tenant_id: turn.tenantId,
  last_sequence: turn.lastSequence,
  action_count: turn.actionCount,
  due_at: turn.dueAt,
  repeat_made_at: turn.repeatMadeAt,
});

function append(turn: TenantTurn, now: number, entry: JournalEntry): number {
  turn.lastSequence += 1;
  turn.changed = true;
  turn.journal.push({
    sequence: turn.lastSequence,
    written_at: toDateTime(now),
    action_id: entry.actionId,
    event: entry.event,
    type: entry.type,
    content: JSON.stringify(entry.content),
  });
  return turn.lastSequence;
}

function setDue(turn: TenantTurn, dueAt: number | null): void {
  if (turn.dueAt === dueAt) return;
  turn.dueAt = dueAt;
  turn.changed = true;
}

/** What the units of a group are given for one tenant. */
export function contextOf(turn: TenantTurn, now: number, newId: (nowMs: number) => string): UnitContext {
  return {
    tenantId: turn.tenantId,
    now,
    get sequence() {
      return turn.lastSequence;
    },
    newId: () => newId(now),
    journal: (entry) => append(turn, now, entry),
    due: (at) => setDue(turn, turn.dueAt === null ? at : Math.min(turn.dueAt, at)),
    nothingBefore: (at) => setDue(turn, at),
    alarms: [],
    count: (difference) => {
      turn.actionCount += difference;
      turn.changed = true;
    },
    get repeatMadeAt() {
      return turn.repeatMadeAt;
    },
    repeatMade: (at) => {
      turn.repeatMadeAt = Math.max(at, turn.repeatMadeAt ?? 0);
      turn.changed = true;
    },
  };
}
