import { queries } from '../store/queries.ts';
import { must, run, unit } from '../store/work.ts';
import { journalEntry, type Origin } from './journal.ts';
import { readPauses } from './pauses.ts';

export interface DispatchChange {
  /** Empty: all of them. */
  readonly provider: string;
  readonly reason: string;
  readonly origin: Origin;
}

/** From its commit on no intent to apply is written. Where that is so already, nothing changes. */
export const stopDispatch = unit('actions.stopDispatch', function* (u, { provider, reason, origin }: DispatchChange) {
  const lasting = yield* readPauses();
  if (lasting.some((pause) => pause.provider === provider && pause.kind === 'stopped')) return false;
  const { appId, user } = origin;
  const who = { app_id: appId, user_name: user };
  yield* run(
    queries.insertPause({ id: u.newId(), provider, kind: 'stopped', reason, ...who, since: u.now, until: null }),
  );
  u.journal(journalEntry('dispatch.stopped', null, null, { provider: provider || null, reason }, origin));
  return true;
});

/**
 * Ends what was stopped or restored under exactly this name. Nothing else is written: whatever waited is due all the
 * time, and the dispatcher of every process comes to it.
 */
export const resumeDispatch = unit('actions.resumeDispatch', function* (u, change: DispatchChange) {
  const { provider, reason, origin } = change;
  const mine = (yield* readPauses()).filter((pause) => pause.provider === provider);
  for (const { id, kind, since } of mine) {
    yield* must(queries.endPause({ id, until: u.now }));
    const details = { provider: provider || null, kind, since, reason };
    u.journal(journalEntry('dispatch.resumed', null, null, details, origin));
  }
  if (mine.length > 0) u.due(u.now);
  return mine.length > 0;
});
