import { queries } from '../store/queries.ts';
import type { EnforcementRow } from '../store/rows.ts';
import { must, run, type UnitContext, type Work } from '../store/work.ts';

/**
 * The effect is over, and its ledger row goes. What we had put at a product is remembered: should it turn up there
 * again, by a call that was late, it is ours to take back. What somebody else had put there before us never is.
 */
export function* closeEffect(u: UnitContext, ledger: EnforcementRow): Work<void> {
  const { id, version, provider, action, target } = ledger;
  yield* must(queries.deleteEnforcement({ id, version }));
  if (ledger.preexisting === 1) yield* run(queries.deletePastEffect({ provider, action, target }));
  else if (ledger.was_sent === 1) {
    yield* run(queries.savePastEffect({ provider, action, target, enforcement_id: id, released_at: u.now }));
  }
}
