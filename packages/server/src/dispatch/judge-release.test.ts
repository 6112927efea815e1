import { describe, expect, it } from 'vitest';
import { type EnforcementRow, LANES } from '../store/rows.ts';
import type { CallResult } from './call-result.ts';
import { judgeRelease } from './judge-release.ts';
import type { Verdict } from './judgement.ts';
import { ANSWERS, aCase, END, FIRST_DELAY_MS, NOW } from './testing/a-case.ts';

type Row = readonly [
  promise: string,
  ledger: Partial<EnforcementRow>,
  result: CallResult,
  verdict: Verdict['kind'],
  after: Partial<EnforcementRow>,
];

const DONE = { kind: 'done', level: 'reported' } as const;
const SOON = NOW + FIRST_DELAY_MS;
const AGAIN = { lane: LANES.release, operation_id: 'operation' } as const;
const GONE = {
  known: 'absent',
  operation: null,
  operation_id: null,
  attempt: 0,
  stalls: 0,
  told_until: null,
  settles_at: null,
  verified_at: null,
  drift_count: 0,
  drift_at: null,
  release_wished_at: null,
  release_failed: 0,
  due_at: null,
} as const;

describe('a release', () => {
  it.each<Row>([
    [
      'that is done and not seen any more is over, and all is forgotten',
      { drift_count: 2, drift_at: 'then', release_failed: 1, stalls: 9 },
      { answer: DONE, presence: { kind: 'absent' } },
      'gone',
      GONE,
    ],
    [
      'is over where what is seen is not ours',
      {},
      { answer: DONE, presence: { kind: 'present', foreign: true } },
      'gone',
      GONE,
    ],
    [
      'is over where what is on its way landed nowhere',
      {},
      { answer: DONE, presence: { kind: 'pending', message: 'x', landed: 'no' } },
      'gone',
      GONE,
    ],
    [
      'is repeated when an earlier apply cannot land any more',
      { settles_at: NOW + 9_000 },
      { answer: DONE, presence: { kind: 'absent' } },
      'nothing',
      { known: 'unknown', operation: null, operation_id: null, lane: LANES.release, due_at: NOW + 9_000 },
    ],
    [
      'is over when an earlier apply cannot land any more',
      { settles_at: NOW },
      { answer: DONE, presence: { kind: 'absent' } },
      'gone',
      GONE,
    ],
    [
      'that is done and still seen is tried again',
      {},
      { answer: DONE, presence: { kind: 'present' } },
      'nothing',
      { ...AGAIN, known: 'unknown', stalls: 1, due_at: SOON, last_message: 'Released, and still there.' },
    ],
    [
      'that is done is tried again where the look brought nothing',
      {},
      { answer: DONE, presence: { kind: 'unknown', message: 'x' } },
      'nothing',
      { ...AGAIN, known: 'unknown', last_message: 'Released; the look back brought nothing.' },
    ],
    [
      'that is done is tried again where there was no look',
      {},
      { answer: DONE },
      'nothing',
      { ...AGAIN, known: 'unknown' },
    ],
    [
      'that is accepted is asked for again under its id',
      {},
      { answer: { kind: 'pending', message: 'Queued.', againMs: 8_000 } },
      'nothing',
      { ...AGAIN, known: 'unknown', answered_pending: 1, stalls: 0, due_at: NOW + 8_000, last_message: 'Queued.' },
    ],
    [
      'is refused for good by nobody',
      {},
      { answer: { kind: 'refused', message: 'No.', subcode: 7 } },
      'nothing',
      { ...AGAIN, known: 'inForce', stalls: 1, due_at: SOON, last_message: 'No.', last_subcode: 7 },
    ],
    [
      'that the product cannot take now is tried again when it says, and nothing has changed',
      {},
      { answer: { kind: 'unavailable', message: 'Busy.', retryAfterMs: 20_000, subcode: 503 } },
      'nothing',
      { ...AGAIN, known: 'inForce', unanswered_until: null, due_at: NOW + 20_000, last_subcode: 503 },
    ],
    [
      'is not put off for longer than five minutes, whatever the product asks for',
      {},
      { answer: { kind: 'unavailable', message: 'Next year.', retryAfterMs: 31_536_000_000 } },
      'nothing',
      { ...AGAIN, due_at: NOW + 300_000 },
    ],
    [
      'is tried again within half a minute, however often it failed',
      { stalls: 40 },
      { answer: { kind: 'unavailable', message: 'Down.' } },
      'nothing',
      { ...AGAIN, stalls: 41, due_at: NOW + 16_000 },
    ],
    [
      'that is lost may still land: no apply is sent before that',
      {},
      { answer: { kind: 'unknown', message: 'The line broke.' } },
      'nothing',
      { ...AGAIN, known: 'unknown', unanswered_until: NOW + 30_000, due_at: SOON, last_message: 'The line broke.' },
    ],
    [
      'without an answer is a lost one',
      {},
      {},
      'nothing',
      { ...AGAIN, known: 'unknown', unanswered_until: NOW + 30_000, last_message: 'No answer came.' },
    ],
    [
      'that is done does not undo that an earlier one may still land',
      { unanswered_until: NOW + 5_000 },
      { answer: DONE, presence: { kind: 'absent' } },
      'gone',
      { known: 'absent', unanswered_until: NOW + 5_000, due_at: NOW + 5_000 },
    ],
  ])('%s', (_promise, ledger, result, verdict, after) => {
    const before = { known: 'inForce', holds: 0, told_until: END, operation: 'release', ...ledger } as const;
    const judged = judgeRelease(aCase(before), result);
    expect(judged.verdict.kind).toBe(verdict);
    expect(judged.ledger).toMatchObject(after);
  });

  it('that is done is over where nobody can look', () => {
    const judged = judgeRelease(aCase({ known: 'inForce', holds: 0, told_until: END }, ANSWERS), { answer: DONE });
    expect(judged).toMatchObject({ verdict: { kind: 'gone' }, ledger: GONE });
  });

  it('that was sent before an earlier apply was settled is sent again, however late that is written down', () => {
    const doubted = { known: 'unknown', holds: 0, told_until: END, operation: 'release', settles_at: NOW - 1 } as const;
    const result = { answer: DONE, presence: { kind: 'absent' } } as const;
    const early = judgeRelease({ ...aCase(doubted), leasedAt: NOW - 2 }, result);
    expect(early).toMatchObject({ verdict: { kind: 'nothing' }, ledger: { known: 'unknown', due_at: NOW - 1 } });
    const late = judgeRelease({ ...aCase(doubted), leasedAt: NOW - 1 }, result);
    expect(late.verdict.kind).toBe('gone');
  });
});
