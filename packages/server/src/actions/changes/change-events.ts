import type { AnsweredAction } from '../read-actions.ts';
import { type ChangeStep, isChange } from './read-changes.ts';

/** One event of the stream. `action` is how it is now, which may be newer than the event; undefined: it is deleted. */
export interface ChangeEvent {
  readonly sequence: number;
  readonly event: 'created' | 'updated' | 'deleted';
  readonly id: string;
  readonly action: AnsweredAction | undefined;
}

/**
 * The events of some of the journal, in its order. Updates of one action become one, where the last of them stands.
 * What happened to an action before it was deleted is left out: its end follows.
 */
export function toEvents({ entries, actions }: Pick<ChangeStep, 'entries' | 'actions'>): readonly ChangeEvent[] {
  const lastUpdates = new Map<string, number>();
  for (const row of entries) {
    if (isChange(row) && row.event === 'updated') lastUpdates.set(row.action_id, row.sequence);
  }
  return entries.filter(isChange).flatMap(({ sequence, event, action_id: id }): readonly ChangeEvent[] => {
    if (event === 'deleted') return [{ sequence, event, id, action: undefined }];
    const action = actions.get(id);
    const isToldLater = event === 'updated' && lastUpdates.get(id) !== sequence;
    return event === null || !action || isToldLater ? [] : [{ sequence, event, id, action }];
  });
}
