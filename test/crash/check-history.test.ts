import { describe, expect, it } from 'vitest';
import { checkHistory } from './check-history.ts';
import type { Columns, Evidence, FinalAction } from './evidence.ts';

const at = (ms: number): string => new Date(1_000_000 + ms).toISOString();

/** One request that was blocked, ended by itself and was released; another that is in force. */
const action = (id: string, target: string, more: Partial<FinalAction> = {}): FinalAction => ({
  id,
  status: 'Completed',
  states: ['NotStarted', 'Running', 'Completed'].map((status, index) => ({ status, updatedDateTime: at(index) })),
  completedDateTime: at(2),
  enforcement: { state: 'inForce', target, expirationDateTime: at(5_000) },
  ...more,
});

const journalOf = (id: string, operationId: string): Evidence['journal'] => [
  { actionId: id, type: 'securityAction.created', writtenAt: 1_000_000 },
  { actionId: id, type: 'securityAction.started', writtenAt: 1_000_001, status: 'Running' },
  { actionId: id, type: 'securityAction.attempted', writtenAt: 1_000_001, operationId },
  { actionId: id, type: 'securityAction.completed', writtenAt: 1_000_002, status: 'Completed' },
];

const call = (verb: 'apply' | 'release', operationId: string, target: string, ms: number): Evidence['effects'] =>
  (['call', 'effect'] as const).map((kind) => ({
    at: 1_000_000 + ms,
    kind,
    verb,
    operationId,
    target,
    manner: 'good',
  }));

const SOUND: Evidence = {
  history: [
    { at: 1_000_000, kind: 'invoke', op: 1, verb: 'create', target: 'a', key: 'k', attempt: 1 },
    { at: 1_000_001, kind: 'ok', op: 1, attempt: 1, id: '1', httpStatus: 201, status: 'NotStarted' },
    { at: 1_000_000, kind: 'invoke', op: 2, verb: 'create', target: 'b', attempt: 1 },
    { at: 1_000_001, kind: 'info', op: 2, attempt: 1 },
    { at: 1_000_010, kind: 'invoke', op: 3, verb: 'get', target: 'a', id: '1', attempt: 1 },
    { at: 1_000_011, kind: 'ok', op: 3, attempt: 1, id: '1', status: 'Completed' },
  ],
  effects: [
    ...call('apply', 'o1', 'ip:a', 10),
    ...call('apply', 'o2', 'ip:b', 10),
    ...call('release', 'o3', 'ip:b', 5_010),
  ],
  actions: [
    action('1', 'ip:a'),
    action('2', 'ip:b', { enforcement: { state: 'released', target: 'ip:b', expirationDateTime: at(5_000) } }),
  ],
  journal: [
    ...journalOf('1', 'o1'),
    ...journalOf('2', 'o2'),
    { actionId: '2', type: 'securityAction.attempted', writtenAt: 1_005_005, operationId: 'o3' },
  ],
  inForce: ['ip:a'],
  ready: [
    { from: 0, to: 1_005_002 },
    { from: 1_005_001, to: 1_005_004 },
    { from: 1_005_008, to: 9_000_000 },
  ],
};

const faultsOf = (columns: Columns): string[] =>
  Object.entries(columns).flatMap(([name, value]) => (Array.isArray(value) && value.length > 0 ? [name] : []));

const [one, two] = SOUND.actions as [FinalAction, FinalAction];
const moved = (state: string): FinalAction => ({ ...one, enforcement: { ...one.enforcement, state } });
const cancel = { at: 1_000_003, kind: 'invoke', op: 9, verb: 'cancel', target: 'a', id: '1', attempt: 1 } as const;
const cancelled = { at: 1_000_004, kind: 'ok', op: 9, attempt: 1, httpStatus: 200 } as const;

/** What a server does wrong, as it shows, and the column that must say so. */
const WRONG: readonly [keyof Columns, string, Partial<Evidence>][] = [
  ['lost', 'an acknowledged action is gone', { actions: [two], inForce: [] }],
  ['unexpected', 'an action that nobody asked for', { history: SOUND.history.filter(({ op }) => op !== 2) }],
  [
    'duplicatedByKey',
    'one key makes two actions',
    { actions: [one, two, { ...one, id: '3' }], journal: [...SOUND.journal, ...journalOf('3', 'o9')] },
  ],
  [
    'duplicatedEffects',
    'a second operation of what is in force',
    {
      effects: [...SOUND.effects, ...call('apply', 'o8', 'ip:a', 20)],
      journal: [
        ...SOUND.journal,
        { actionId: '1', type: 'securityAction.attempted', writtenAt: 1_000_019, operationId: 'o8' },
      ],
    },
  ],
  ['stuck', 'an action is on its way for ever', { actions: [moved('releasing'), two], inForce: [] }],
  [
    'illegalTransitions',
    'a final status changes',
    {
      actions: [
        { ...one, states: [...one.states, { status: 'Failed', updatedDateTime: at(9) }], status: 'Failed' },
        two,
      ],
    },
  ],
  [
    'illegalTransitions',
    'a time stands still',
    { actions: [{ ...one, states: one.states.map((state) => ({ ...state, updatedDateTime: at(1) })) }, two] },
  ],
  ['uncancelled', 'a cancelled action stays in force', { history: [...SOUND.history, cancel, cancelled] }],
  ['phantoms', 'Completed without an apply', { effects: SOUND.effects.filter(({ target }) => target !== 'ip:a') }],
  [
    'unaudited',
    'a change without an entry',
    { journal: SOUND.journal.filter(({ type, actionId }) => type !== 'securityAction.completed' || actionId !== '1') },
  ],
  [
    'unaudited',
    'a call before its intent',
    { journal: SOUND.journal.map((line) => (line.operationId === 'o1' ? { ...line, writtenAt: 1_009_000 } : line)) },
  ],
  [
    'prematureReleases',
    'a release before the end',
    {
      effects: SOUND.effects.map((line) => (line.verb === 'release' ? { ...line, at: 1_004_000 } : line)),
      journal: SOUND.journal.map((line) => (line.operationId === 'o3' ? { ...line, writtenAt: 1_003_999 } : line)),
    },
  ],
  ['zombies', 'in force and wanted by nobody', { inForce: ['ip:a', 'ip:b'] }],
  ['missing', 'said to be in force and not there', { inForce: [] }],
];

describe('the checker of histories', () => {
  it('finds nothing wrong in a sound one, and counts', () => {
    const columns = checkHistory(SOUND);
    expect(faultsOf(columns)).toEqual([]);
    expect(columns).toMatchObject({
      attempted: 2,
      acknowledged: 1,
      ok: 1,
      recovered: 1,
      expired: 1,
      latestReleaseMs: 10,
      slowestReleaseMs: 6,
    });
  });

  it('has a wrong history for every column that must be empty', () => {
    const columns = Object.entries(checkHistory(SOUND)).flatMap(([name, value]) =>
      Array.isArray(value) ? [name] : [],
    );
    expect([...new Set(WRONG.map(([column]) => column))].sort()).toEqual(columns.sort());
  });

  it('lets a whole life cancel its third target, and no other, before its end', () => {
    const inLife = (index: number): Evidence => {
      const target = `ip:2001:db8:f1::${index}`;
      const expirationDateTime = at(5_000);
      return {
        ...SOUND,
        actions: [one, { ...two, enforcement: { state: 'released', target, expirationDateTime } }],
        effects: [
          ...SOUND.effects.slice(0, 2),
          ...call('apply', 'o2', target, 10),
          ...call('release', 'o3', target, 4_000),
        ],
        journal: SOUND.journal.map((line) => (line.operationId === 'o3' ? { ...line, writtenAt: 1_003_999 } : line)),
      };
    };
    const premature = (index: number): readonly string[] => checkHistory(inLife(index)).prematureReleases;
    expect([1, 2, 3].map((index) => premature(index).length)).toEqual([1, 1, 0]);
  });

  it.each(WRONG)('says "%s" where %s', (column, _, wrong) => {
    expect(faultsOf(checkHistory({ ...SOUND, ...wrong }))).toContain(column);
  });
});
