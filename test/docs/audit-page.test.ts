import { expect, it } from 'vitest';
import { JOURNAL_TYPES } from '../../packages/server/src/actions/journal.ts';
import { codeIn, readPage, rowsOf } from './page.ts';

it('docs/audit.md explains every type of a journal entry, and no other', () => {
  expect(rowsOf(readPage('docs/audit.md'), 'type').map(([type]) => codeIn(type))).toEqual(JOURNAL_TYPES);
});
