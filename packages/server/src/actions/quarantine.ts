import { queries } from '../store/queries.ts';
import { must, run, unit } from '../store/work.ts';
import { journalEntry } from './journal.ts';
import { readPauses } from './pauses.ts';

/**
 * What this database says may not be so any more: from its commit on nothing is sent for the tenant but a cancel that
 * was made since, until somebody resumes. A quarantine that came out of the backup gives way to this one, so that
 * wishes of then are not taken for those of now.
 */
export const quarantineTenant = unit('actions.quarantine', function* (u, { reason }: { readonly reason: string }) {
  for (const { id, kind, provider } of yield* readPauses()) {
    if (kind === 'restored' && provider === '') yield* must(queries.endPause({ id, until: u.now }));
  }
  const who = { app_id: '', user_name: null };
  yield* run(
    queries.insertPause({ id: u.newId(), provider: '', kind: 'restored', reason, ...who, since: u.now, until: null }),
  );
  u.journal(journalEntry('dispatch.quarantined', null, null, { provider: null, reason }));
});
