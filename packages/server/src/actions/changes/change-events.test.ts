import { describe, expect, it } from 'vitest';
import { toEvents } from './change-events.ts';
import type { ChangeStep } from './read-changes.ts';

type Event = ChangeStep['entries'][number]['event'];

/** Of `[event, id]`, numbered from 1; actions in `gone` were deleted since. */
function told(entries: readonly (readonly [Event, string])[], gone: readonly string[] = []): unknown[] {
  const rows = entries.map(([event, id], index) => ({
    sequence: index + 1,
    written_at: '2026-11-26T12:00:00.0000000Z',
    action_id: id,
    event,
  }));
  const ids = [...new Set(entries.map(([, id]) => id))].filter((id) => !gone.includes(id));
  const actions = new Map(
    ids.map((id) => [id, { id, created_at: '', tag: '1', entity: `{"id":"${id}"}`, seedEntity: null }]),
  );
  return toEvents({ entries: rows, actions }).map(({ sequence, event, id, action }) => [
    sequence,
    event,
    id,
    action !== undefined,
  ]);
}

describe('events of the stream', () => {
  it('follow the journal', () => {
    const entries = [
      ['created', 'a'],
      [null, 'a'],
      ['updated', 'b'],
      ['created', 'c'],
    ] as const;
    expect(told(entries)).toEqual([
      [1, 'created', 'a', true],
      [3, 'updated', 'b', true],
      [4, 'created', 'c', true],
    ]);
  });

  it('make one of updates of one action, where the last stands, and never of its creation', () => {
    const entries = [
      ['created', 'a'],
      ['updated', 'a'],
      ['updated', 'b'],
      ['updated', 'a'],
    ] as const;
    expect(told(entries)).toEqual([
      [1, 'created', 'a', true],
      [3, 'updated', 'b', true],
      [4, 'updated', 'a', true],
    ]);
  });

  it('tell of a deleted action only that, where the end is in this batch or in a later one', () => {
    const entries = [
      ['created', 'a'],
      ['updated', 'a'],
      ['deleted', 'a'],
      ['updated', 'b'],
    ] as const;
    expect(told(entries, ['a', 'b'])).toEqual([[3, 'deleted', 'a', false]]);
  });
});
