import type { Presence } from '@interdict/connectors';
import { RESULT_CODES } from '@interdict/contract';
import { describe, expect, it } from 'vitest';
import { toDateTime } from '../lib/date-time.ts';
import { type EnforcementRow, LANES } from '../store/rows.ts';
import { judgeFirstLook, judgeVerify } from './judge-look.ts';
import type { Verdict } from './judgement.ts';
import { aCase, END, FIRST_DELAY_MS, NOW, NOW_TEXT } from './testing/a-case.ts';

type Row = readonly [
  promise: string,
  ledger: Partial<EnforcementRow>,
  presence: Presence | undefined,
  verdict: Verdict['kind'],
  after: Partial<EnforcementRow>,
];

const SOON = NOW + FIRST_DELAY_MS;
const ABSENT = { kind: 'absent' } as const;
const BEFORE: Partial<EnforcementRow> = { looked: 0, operation: null, operation_id: null, attempt: 0 };

describe('the look before the first attempt', () => {
  it.each<Row>([
    [
      'finds it in force: that was somebody else, and no call is needed',
      BEFORE,
      { kind: 'present' },
      'looked',
      { known: 'inForce', preexisting: 1, looked: 1, level: 'readBack', verified_at: NOW_TEXT, lane: LANES.verify },
    ],
    ['finds that it is foreign', BEFORE, { kind: 'present', foreign: true }, 'looked', { preexisting: 1 }],
    [
      'finds an entry of our own from before: it is not foreign, and is applied',
      BEFORE,
      { kind: 'present', foreign: false },
      'looked',
      { known: 'absent', preexisting: 0, looked: 1, lane: LANES.apply, due_at: NOW },
    ],
    [
      'finds nothing: it is applied at once',
      { ...BEFORE, stalls: 4 },
      ABSENT,
      'looked',
      { known: 'absent', preexisting: 0, looked: 1, stalls: 0, lane: LANES.apply, due_at: NOW },
    ],
    [
      'decides nothing while it is on its way',
      BEFORE,
      { kind: 'pending', message: 'Loading.', againMs: 2_000 },
      'nothing',
      { looked: 0, lane: LANES.apply, due_at: NOW + 2_000, last_message: 'Loading.' },
    ],
    [
      'decides nothing where it brings nothing, and comes again',
      BEFORE,
      { kind: 'unknown', message: 'Down.', retryAfterMs: 7_000 },
      'nothing',
      { looked: 0, stalls: 1, lane: LANES.apply, due_at: NOW + 7_000, last_message: 'Down.' },
    ],
    ['decides nothing without an answer', BEFORE, undefined, 'nothing', { looked: 0, lane: LANES.apply, due_at: SOON }],
  ])('%s', (_promise, ledger, presence, verdict, after) => {
    const judged = judgeFirstLook(aCase(ledger), presence);
    expect(judged.verdict.kind).toBe(verdict);
    expect(judged.ledger).toMatchObject(after);
  });
});

it.each<[string, Partial<EnforcementRow>, number | undefined, number]>([
  ['of what is in force is made again when the next one would be due', { known: 'inForce' }, undefined, 60_000],
  ['is not made before the product wants to be asked', { known: 'inForce' }, 90_000, 90_000],
  ['of what is not known to be there is made ever more rarely', { known: 'unknown' }, undefined, 150_000],
])('a look that fails the twentieth time %s', (_promise, ledger, retryAfterMs, inMs) => {
  const presence: Presence = { kind: 'unknown', message: 'Down.', ...(retryAfterMs !== undefined && { retryAfterMs }) };
  expect(judgeVerify(aCase({ ...ledger, stalls: 19 }), presence).ledger.due_at).toBe(NOW + inMs);
});

describe('a look at what somebody wants', () => {
  const IN_FORCE: Partial<EnforcementRow> = { known: 'inForce', told_until: END, ...BEFORE, looked: 1 };

  it.each<Row>([
    ['finds it in force', { known: 'unknown' }, { kind: 'present' }, 'inForce', { known: 'inForce', stalls: 0 }],
    [
      'finds in force what an apply brought whose answer was lost: its end is told in another attempt of the same',
      { known: 'unknown', told_until: null, attempt: 2 },
      { kind: 'present' },
      'inForce',
      { operation: 'apply', operation_id: 'operation', attempt: 2, lane: LANES.apply, due_at: NOW },
    ],
    [
      'finds in force what an earlier end was told of: the later one is an operation of its own',
      { known: 'inForce', told_until: NOW + 1 },
      { kind: 'present' },
      'inForce',
      { operation: null, operation_id: null, attempt: 0, lane: LANES.apply, due_at: NOW },
    ],
    [
      'finds it gone: a drift is told and counted, and it is put back under an operation of its own',
      { ...IN_FORCE, operation: 'apply', operation_id: 'operation', attempt: 2, drift_count: 1 },
      ABSENT,
      'drifted',
      {
        known: 'drifted',
        drift_count: 2,
        drift_at: NOW_TEXT,
        told_until: null,
        operation: null,
        operation_id: null,
        attempt: 0,
        lane: LANES.apply,
        due_at: NOW,
      },
    ],
    [
      'finds it gone again soon after it was put back: the product fights it, and is not fought at full speed',
      { ...IN_FORCE, drift_count: 7, drift_run: 4, drift_at: toDateTime(NOW - 60_000) },
      ABSENT,
      'drifted',
      { drift_count: 8, drift_run: 5, drift_at: NOW_TEXT, lane: LANES.apply, due_at: NOW + 4_000 },
    ],
    [
      'finds it gone after it had stayed for long: that is no fight, and it is put back at once',
      { ...IN_FORCE, drift_count: 7, drift_run: 4, drift_at: toDateTime(NOW - 900_000) },
      ABSENT,
      'drifted',
      { drift_count: 8, drift_run: 1, lane: LANES.apply, due_at: NOW },
    ],
    [
      'waits for five minutes at most before it puts back what is fought over',
      { ...IN_FORCE, drift_count: 40, drift_run: 40, drift_at: toDateTime(NOW - 300_000) },
      ABSENT,
      'drifted',
      { drift_run: 41, lane: LANES.apply, due_at: NOW + 150_000 },
    ],
    [
      'finds gone what a stranger had put there: from then on it is ours',
      { ...IN_FORCE, preexisting: 1 },
      ABSENT,
      'drifted',
      { known: 'drifted', preexisting: 0 },
    ],
    [
      'tells one drift once',
      { ...IN_FORCE, known: 'drifted', drift_count: 1, drift_at: 'then' },
      ABSENT,
      'nothing',
      { known: 'drifted', drift_count: 1, drift_at: 'then', lane: LANES.apply, due_at: NOW },
    ],
    [
      'proves nothing while the attempt may still land, and comes again when it cannot any more at the latest',
      { known: 'unknown', settles_at: NOW + 100, told_until: END },
      ABSENT,
      'nothing',
      { known: 'unknown', disproved: 0, lane: LANES.verify, due_at: NOW + 100 },
    ],
    [
      'is not put off to the end of that time',
      { known: 'unknown', settles_at: NOW + 30_000, told_until: END },
      ABSENT,
      'nothing',
      { lane: LANES.verify, due_at: SOON },
    ],
    [
      'finds that a lost attempt did not land: it is sent again, and that counts for nothing',
      { known: 'unknown', settles_at: NOW, told_until: null, answered_pending: 1 },
      ABSENT,
      'nothing',
      { known: 'absent', disproved: 0, settles_at: null, answered_pending: 0, lane: LANES.apply, due_at: SOON },
    ],
    [
      'finds that what was accepted is not there: that is counted',
      { known: 'unknown', settles_at: NOW, told_until: END, disproved: 3 },
      ABSENT,
      'nothing',
      { known: 'absent', disproved: 4, told_until: null, stalls: 4, lane: LANES.apply, due_at: NOW + 4_000 },
    ],
    [
      'finds it on its way',
      { known: 'unknown' },
      { kind: 'pending', message: 'One of two.', againMs: 9_000 },
      'unsure',
      {
        answered_pending: 1,
        settles_at: NOW + 30_000,
        lane: LANES.verify,
        due_at: NOW + 9_000,
        last_message: 'One of two.',
      },
    ],
    [
      'finds that it landed nowhere yet',
      { known: 'unknown' },
      { kind: 'pending', message: 'x', landed: 'no' },
      'unsure',
      { answered_pending: 2, settles_at: null, due_at: NOW + 5_000 },
    ],
    [
      'that brings nothing takes nothing away, and comes again',
      IN_FORCE,
      { kind: 'unknown', message: 'Down.' },
      'nothing',
      { known: 'inForce', stalls: 1, lane: LANES.verify, due_at: SOON, last_message: 'Down.' },
    ],
    ['that is not answered takes nothing away', IN_FORCE, undefined, 'nothing', { known: 'inForce', due_at: SOON }],
  ])('%s', (_promise, ledger, presence, verdict, after) => {
    const judged = judgeVerify(aCase(ledger), presence);
    expect(judged.verdict.kind).toBe(verdict);
    expect(judged.ledger).toMatchObject(after);
  });

  it('fails it when it was accepted five times and never was there: a release makes sure', () => {
    const judged = judgeVerify(aCase({ known: 'unknown', told_until: END, disproved: 4 }), ABSENT);
    expect(judged.verdict).toEqual({
      kind: 'failed',
      result: {
        code: RESULT_CODES.notVerified,
        message: 'Provider "edge" accepted it 5 times and never had it in force.',
        subcode: 0,
      },
    });
    expect(judged.ledger.known).toBe('unknown');
  });
});

it('does not take a look from before an apply was settled for its absence, however late that is written down', () => {
  const doubted = aCase({ known: 'unknown', told_until: END, settles_at: NOW - 1 });
  const early = judgeVerify({ ...doubted, leasedAt: NOW - 2 }, { kind: 'absent' });
  expect(early.ledger).toMatchObject({ known: 'unknown', lane: LANES.verify, settles_at: NOW - 1 });
  expect(judgeVerify({ ...doubted, leasedAt: NOW - 1 }, { kind: 'absent' }).ledger.known).toBe('absent');
});
