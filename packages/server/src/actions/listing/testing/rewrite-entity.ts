import { queries } from '../../../store/queries.ts';
import { first, must, unit } from '../../../store/work.ts';

/** Puts another text in an action's place, and journals it as an update does. */
export const rewriteEntity = unit('test.rewriteEntity', function* (u, { id, entity }: { id: string; entity: string }) {
  const row = yield* first(queries.actionById({ id }));
  if (!row) return;
  yield* must(queries.saveAction({ ...row, entity }));
  u.journal({ actionId: id, event: 'updated', type: 'securityAction.updated', content: {} });
});
