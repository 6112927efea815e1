import type { QueryName } from '../../queries.ts';
import type { Statements } from '../prepare.ts';
import { pick } from './columns.ts';

type KeyQuery = Extract<
  QueryName,
  'actionByKey' | 'forgetKey' | 'usedKey' | 'insertUsedKey' | 'deleteUsedKey' | 'oldestUsedKey' | 'pruneUsedKeys'
>;

export const keyStatements: Statements<KeyQuery> = {
  actionByKey: (db, a) =>
    db
      .selectFrom('action')
      .select(['id', 'key_fingerprint', 'key_until', 'hold_until', 'status', 'state'])
      .where('tenant_id', '=', a.tenant_id)
      .where('key_hash', '=', a.key_hash),

  forgetKey: (db, a) =>
    db
      .updateTable('action')
      .set({ key_hash: null, key_fingerprint: null, key_until: null })
      .where('tenant_id', '=', a.tenant_id)
      .where('id', '=', a.id),

  usedKey: (db, a) =>
    db
      .selectFrom('used_key')
      .select(['key_hash', 'fingerprint', 'action_id', 'until'])
      .where('tenant_id', '=', a.tenant_id)
      .where('key_hash', '=', a.key_hash),

  insertUsedKey: (db, a) =>
    db
      .insertInto('used_key')
      .values(pick(a, ['tenant_id', 'key_hash', 'fingerprint', 'action_id', 'until']))
      // A repeat in step with the deletion of what it repeats has taken the key again before it stood here.
      .onConflict((conflict) =>
        conflict.columns(['tenant_id', 'key_hash']).doUpdateSet(pick(a, ['fingerprint', 'action_id', 'until'])),
      ),

  deleteUsedKey: (db, a) =>
    db.deleteFrom('used_key').where('tenant_id', '=', a.tenant_id).where('key_hash', '=', a.key_hash),

  oldestUsedKey: (db, a) =>
    db.selectFrom('used_key').select('until').where('tenant_id', '=', a.tenant_id).orderBy('until').limit(1),

  pruneUsedKeys: (db, a) =>
    db
      .deleteFrom('used_key')
      .where('tenant_id', '=', a.tenant_id)
      .where('key_hash', 'in', (over) =>
        over
          .selectFrom('used_key')
          .select('key_hash')
          .where('tenant_id', '=', a.tenant_id)
          .where('until', '<=', a.now)
          .orderBy('until')
          .limit(a.limit),
      )
      .returning('key_hash'),
};
