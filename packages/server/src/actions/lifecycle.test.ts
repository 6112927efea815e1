import type { EnforcementState, OperationStatus } from '@interdict/contract';
import { OPERATION_STATUSES } from '@interdict/contract';
import { describe, expect, it } from 'vitest';
import { assertStep, isFinal, type Standing } from './lifecycle.ts';

const STATES = [
  'none',
  'awaitingApproval',
  'scheduled',
  'pending',
  'unknown',
  'inForce',
  'drifted',
  'releasing',
  'released',
  'releaseFailed',
] as const satisfies readonly EnforcementState[];

/** As the documentation of the API has it: which states may be seen beside a status. */
const BESIDE: Readonly<Record<OperationStatus, readonly EnforcementState[]>> = {
  NotStarted: ['awaitingApproval', 'scheduled', 'pending'],
  Running: ['pending', 'unknown', 'releasing'],
  Completed: ['inForce', 'drifted', 'releasing', 'released', 'releaseFailed'],
  Failed: ['none', 'unknown', 'releasing', 'released', 'releaseFailed'],
};

const ALL = OPERATION_STATUSES.flatMap((status) => STATES.map((state): Standing => ({ status, state })));
const text = ({ status, state }: Standing): string => `${status}/${state}`;

function isAllowed(from: Standing, to: Standing): boolean {
  try {
    assertStep(from, to);
    return true;
  } catch {
    return false;
  }
}

const nextOf = (from: Standing): readonly Standing[] => ALL.filter((to) => isAllowed(from, to));

/** All that an action may become, and come to by way of that. */
function reachableFrom(start: Standing): ReadonlySet<string> {
  const seen = new Set<string>([text(start)]);
  const open = [start];
  for (let from = open.pop(); from; from = open.pop()) {
    for (const to of nextOf(from)) {
      if (seen.has(text(to))) continue;
      seen.add(text(to));
      open.push(to);
    }
  }
  return seen;
}

/** Read `from → to`. Every word that clients see of an action's life is one of these. */
const STEPS: readonly (readonly [promise: string, from: string, to: string])[] = [
  ['is approved', 'NotStarted/awaitingApproval', 'NotStarted/pending'],
  ['is approved for later', 'NotStarted/awaitingApproval', 'NotStarted/scheduled'],
  ['is denied', 'NotStarted/awaitingApproval', 'Failed/none'],
  ['comes to its time', 'NotStarted/scheduled', 'NotStarted/pending'],
  ['starts', 'NotStarted/pending', 'Running/pending'],
  ['is cancelled before it started', 'NotStarted/pending', 'Failed/none'],
  ['gets no clear answer', 'Running/pending', 'Running/unknown'],
  ['is sent again', 'Running/unknown', 'Running/pending'],
  ['is in force', 'Running/pending', 'Completed/inForce'],
  ['is in force after all', 'Running/unknown', 'Completed/inForce'],
  ['is refused', 'Running/pending', 'Failed/none'],
  ['stays unresolved', 'Running/unknown', 'Failed/unknown'],
  ['that stays unresolved ends', 'Failed/unknown', 'Failed/releasing'],
  ['is cancelled under way', 'Running/pending', 'Running/releasing'],
  ['cancelled under way is taken back', 'Running/releasing', 'Failed/released'],
  ['cancelled under way cannot be taken back', 'Running/releasing', 'Failed/releaseFailed'],
  ['drifts', 'Completed/inForce', 'Completed/drifted'],
  ['is put back', 'Completed/drifted', 'Completed/inForce'],
  ['ends', 'Completed/inForce', 'Completed/releasing'],
  ['ends while others hold it', 'Completed/inForce', 'Completed/released'],
  ['is taken back', 'Completed/releasing', 'Completed/released'],
  ['is not taken back in time', 'Completed/releasing', 'Completed/releaseFailed'],
  ['is taken back late', 'Completed/releaseFailed', 'Completed/released'],
  ['is cancelled again where the release failed', 'Completed/releaseFailed', 'Completed/releasing'],
];

const BY_TEXT = new Map(ALL.map((standing) => [text(standing), standing]));
const standing = (name: string): Standing => BY_TEXT.get(name) ?? { status: 'Failed', state: 'none' };

describe('an action', () => {
  it.each(STEPS)('%s: %s → %s', (_promise, from, to) => {
    expect(() => assertStep(standing(from), standing(to))).not.toThrow();
  });

  it.each([
    ['Completed/inForce', 'Failed/none'],
    ['Failed/unknown', 'Completed/inForce'],
    ['Running/pending', 'NotStarted/pending'],
    ['NotStarted/pending', 'Completed/inForce'],
    ['Completed/released', 'Completed/inForce'],
    ['Completed/releasing', 'Completed/inForce'],
    ['Completed/releaseFailed', 'Completed/inForce'],
    ['Failed/none', 'Failed/releasing'],
    ['Running/releasing', 'Running/pending'],
    ['Completed/inForce', 'Completed/unknown'],
    ['Running/pending', 'Running/inForce'],
  ])('never goes from %s to %s', (from, to) => {
    const [start, end] = [from.split('/'), to.split('/')] as unknown as [string[], string[]];
    const step = (): void =>
      assertStep({ status: start[0], state: start[1] } as Standing, { status: end[0], state: end[1] } as Standing);
    expect(step).toThrow(`An action cannot go from ${from} to ${to}.`);
  });

  it('comes to nothing but what the documentation has beside each status', () => {
    const documented = OPERATION_STATUSES.flatMap((status) => BESIDE[status].map((state) => text({ status, state })));
    const starts: readonly EnforcementState[] = BESIDE.NotStarted;
    const reached = new Set(starts.flatMap((state) => [...reachableFrom({ status: 'NotStarted', state })]));
    expect([...reached].sort()).toEqual(documented.sort());
  });

  it('that is final keeps its status, whatever becomes of its effect', () => {
    const wanted: Readonly<Record<OperationStatus, boolean>> = {
      NotStarted: false,
      Running: false,
      Completed: true,
      Failed: true,
    };
    for (const from of ALL.filter(({ status, state }) => BESIDE[status].includes(state))) {
      expect(isFinal(from.status), text(from)).toBe(wanted[from.status]);
      const statuses = new Set(nextOf(from).map(({ status }) => status));
      if (isFinal(from.status)) expect([...statuses], text(from)).toEqual([from.status]);
    }
  });

  it('can end from wherever it is, and what has ended begins no more', () => {
    const ENDS = ['Completed/released', 'Failed/released', 'Failed/none'];
    for (const from of ALL.filter(({ status, state }) => BESIDE[status].includes(state))) {
      const reached = reachableFrom(from);
      expect(
        ENDS.some((end) => reached.has(end)),
        text(from),
      ).toBe(true);
      if (ENDS.includes(text(from))) expect([...reached]).toEqual([text(from)]);
    }
  });
});
