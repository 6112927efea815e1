import type { QueryName } from '../../queries.ts';
import type { Statements } from '../prepare.ts';
import { pick } from './columns.ts';

type WordStatement = Extract<
  QueryName,
  'wordIndex' | 'saveWordIndex' | 'saveWords' | 'deleteWords' | 'wordsFound' | 'journalTypesAfter'
>;

export const wordStatements: Statements<WordStatement> = {
  wordIndex: (db, a) => db.selectFrom('word_index').select('sequence').where('tenant_id', '=', a.tenant_id),

  saveWordIndex: (db, a) =>
    db
      .insertInto('word_index')
      .values(pick(a, ['tenant_id', 'sequence']))
      .onConflict((conflict) => conflict.columns(['tenant_id']).doUpdateSet(pick(a, ['sequence']))),

  saveWords: (db, a) =>
    db
      .insertInto('action_words')
      .values(pick(a, ['tenant_id', 'id', 'created_at', 'words']) as never)
      .onConflict((conflict) => conflict.columns(['tenant_id', 'id']).doUpdateSet(pick(a, ['words']) as never)),

  deleteWords: (db, a) => db.deleteFrom('action_words').where('tenant_id', '=', a.tenant_id).where('id', '=', a.id),

  wordsFound: (db, a, dialect) => {
    const found = dialect.foundWords(a.tenant_id, a.search, a.limit);
    return { compile: () => found.compile(db) as never };
  },

  journalTypesAfter: (db, a) =>
    db
      .selectFrom('journal')
      .select(['sequence', 'action_id', 'type'])
      .where('tenant_id', '=', a.tenant_id)
      .where('sequence', '>', a.sequence)
      .orderBy('sequence')
      .limit(a.limit),
};
