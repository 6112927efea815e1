import { expect, it } from 'vitest';
import type { DueAction } from '../store/queries.ts';
import { chooseStarts } from './choose-starts.ts';

const due = (id: string, target = id, joins: 0 | 1 = 0): DueAction => ({ id, target, joins });
const none = (): undefined => undefined;
const ids = (actions: readonly DueAction[], free: number, skip: number): readonly string[] =>
  chooseStarts(none, actions, free, skip).map(({ id }) => id);

const SIX = ['1', '2', '3', '4', '5', '6'].map((id) => due(id));

it.each([
  ['the oldest come first', 2, 0, ['1', '2']],
  ['a process begins behind those that others have slots for', 2, 2, ['3', '4']],
  ['a third one behind those of two', 2, 4, ['5', '6']],
  ['where fewer are due the last ones, which others may take too', 2, 8, ['5', '6']],
  ['with slots for all of them all', 8, 8, ['1', '2', '3', '4', '5', '6']],
  ['without a slot none', 0, 2, []],
])('%s', (_, free, skip, chosen) => {
  expect(ids(SIX, free, skip)).toEqual(chosen);
});

it('what joins, or may not start, needs no slot and is skipped by nobody', () => {
  const actions = [due('joins', 'x', 1), ...SIX, due('forbidden')];
  const refusalFor = (target: string) => (target === 'forbidden' ? { message: 'It is protected.' } : undefined);
  expect(chooseStarts(refusalFor, actions, 1, 3)).toEqual([
    { id: 'joins' },
    { id: '4' },
    { id: 'forbidden', refusal: 'It is protected.' },
  ]);
});

it('nothing overtakes an earlier action on its target', () => {
  expect(ids([due('1', 'same'), due('2'), due('3', 'same'), due('4'), due('5')], 2, 2)).toEqual(['4', '5']);
});
