import { RESULT_CODES } from '@interdict/contract';
import { describe, expect, it } from 'vitest';
import { type EnforcementRow, LANES } from '../store/rows.ts';
import type { CallResult } from './call-result.ts';
import { judgeApply } from './judge-apply.ts';
import type { Verdict } from './judgement.ts';
import type { Terms } from './terms.ts';
import { ANSWERS, ANSWERS_ONCE, aCase, END, FIRST_DELAY_MS, NOW, NOW_TEXT } from './testing/a-case.ts';

interface Row {
  readonly ledger?: Partial<EnforcementRow>;
  readonly terms?: Partial<Terms>;
  readonly result: CallResult;
  readonly verdict: Verdict['kind'];
  readonly after: Partial<EnforcementRow>;
}

const DONE = { kind: 'done', level: 'reported' } as const;
const REFUSED = { kind: 'refused', message: 'No such zone.', subcode: 42 } as const;
const SOON = NOW + FIRST_DELAY_MS;
const LATE = NOW + 30_000;
const AT_REST = { operation: null, operation_id: null, attempt: 0, stalls: 0 } as const;

const rows: Readonly<Record<string, Row>> = {
  'taken and seen is in force, and looked at again in time': {
    ledger: { stalls: 3, disproved: 2, last_message: 'busy', last_subcode: 5 },
    result: { answer: DONE, presence: { kind: 'present' } },
    verdict: 'inForce',
    after: {
      ...AT_REST,
      known: 'inForce',
      level: 'readBack',
      verified_at: NOW_TEXT,
      told_until: END,
      disproved: 0,
      last_message: null,
      last_subcode: 0,
      lane: LANES.verify,
      due_at: NOW + 60_000,
    },
  },
  'taken while an earlier end may still land is told once more when nothing can land any more': {
    ledger: { lost_until: END - 60_000, settles_at: NOW + 20_000 },
    result: { answer: DONE, presence: { kind: 'present' } },
    verdict: 'inForce',
    after: { ...AT_REST, told_until: END, lost_until: END - 60_000, lane: LANES.apply, due_at: NOW + 20_000 },
  },
  'taken behind all that could land needs no other telling': {
    ledger: { lost_until: END - 60_000, settles_at: NOW },
    result: { answer: DONE, presence: { kind: 'present' } },
    verdict: 'inForce',
    after: { ...AT_REST, told_until: END, lost_until: null, lane: LANES.verify, due_at: NOW + 60_000 },
  },
  'taken by a product that spared what a stranger had put there is his': {
    terms: { sparesForeign: true },
    result: { answer: DONE, presence: { kind: 'present', foreign: true } },
    verdict: 'inForce',
    after: { ...AT_REST, known: 'inForce', preexisting: 1, told_until: null, lane: LANES.verify, due_at: NOW + 60_000 },
  },
  'taken and a stranger is there, while an earlier attempt of ours may still land, is to be released': {
    ledger: { settles_at: NOW + 20_000 },
    terms: { sparesForeign: true },
    result: { answer: DONE, presence: { kind: 'present', foreign: true } },
    verdict: 'inForce',
    after: { known: 'inForce', preexisting: 0 },
  },
  'taken and a stranger is there, by a product that may have written over what was there, is to be released': {
    result: { answer: DONE, presence: { kind: 'present', foreign: true } },
    verdict: 'inForce',
    after: { known: 'inForce', preexisting: 0 },
  },
  'taken and not seen may land as long as any': {
    ledger: { lost_until: END - 60_000 },
    result: { answer: DONE, presence: { kind: 'absent' } },
    verdict: 'unsure',
    after: { told_until: END, lost_until: END, settles_at: LATE },
  },
  'taken is in force where nobody can look, at the level of the answer, and that was all': {
    terms: ANSWERS,
    result: { answer: DONE },
    verdict: 'inForce',
    after: { ...AT_REST, known: 'inForce', level: 'reported', verified_at: NOW_TEXT, told_until: END, due_at: null },
  },
  'taken and not seen is not known, and is looked for': {
    result: { answer: DONE, presence: { kind: 'absent' } },
    verdict: 'unsure',
    after: {
      known: 'unknown',
      told_until: END,
      settles_at: LATE,
      stalls: 1,
      operation_id: 'operation',
      lane: LANES.verify,
      due_at: SOON,
      last_message: 'Accepted, and not there yet.',
    },
  },
  'taken without a look that tells is not known': {
    result: { answer: DONE, presence: { kind: 'unknown', message: 'The list was cut off.' } },
    verdict: 'unsure',
    after: { known: 'unknown', told_until: END, lane: LANES.verify, last_message: 'The list was cut off.' },
  },
  'taken and on its way is asked for in five seconds': {
    result: { answer: DONE, presence: { kind: 'pending', message: 'One of two.' } },
    verdict: 'unsure',
    after: {
      known: 'unknown',
      answered_pending: 1,
      settles_at: LATE,
      lane: LANES.verify,
      due_at: NOW + 5_000,
      stalls: 0,
    },
  },
  'taken and landed nowhere is remembered as that': {
    result: { answer: DONE, presence: { kind: 'pending', message: 'Not fetched.', againMs: 60_000, landed: 'no' } },
    verdict: 'unsure',
    after: { answered_pending: 2, settles_at: null, due_at: NOW + 60_000, last_message: 'Not fetched.' },
  },
  'a later end that is not seen takes nothing away': {
    ledger: { known: 'inForce', told_until: NOW + 1 },
    result: { answer: DONE, presence: { kind: 'absent' } },
    verdict: 'unsure',
    after: { known: 'inForce', told_until: END, lane: LANES.verify },
  },
  'accepted is looked for when the product says': {
    result: { answer: { kind: 'pending', message: 'Queued.', againMs: 12_000 } },
    verdict: 'unsure',
    after: {
      known: 'unknown',
      answered_pending: 1,
      settles_at: LATE,
      told_until: END,
      lane: LANES.verify,
      due_at: NOW + 12_000,
    },
  },
  'accepted is asked again under its id where nobody can look, in five minutes at most': {
    terms: ANSWERS,
    result: { answer: { kind: 'pending', message: 'Queued.', againMs: 86_400_000 } },
    verdict: 'unsure',
    after: { operation_id: 'operation', lane: LANES.apply, due_at: NOW + 300_000 },
  },
  'refused at once is refused, and nothing is left to do': {
    result: { answer: REFUSED },
    verdict: 'refused',
    after: { ...AT_REST, known: 'absent', last_message: 'No such zone.', last_subcode: 42 },
  },
  'a later end that is refused leaves in force what is in force': {
    ledger: { known: 'inForce' },
    result: { answer: REFUSED },
    verdict: 'refused',
    after: { ...AT_REST, known: 'inForce', lane: LANES.verify, due_at: NOW + 60_000 },
  },
  'refused after a lost attempt is in force where it is seen': {
    ledger: { known: 'unknown', settles_at: LATE },
    result: { answer: REFUSED, presence: { kind: 'present' } },
    verdict: 'inForce',
    after: { known: 'inForce', settles_at: LATE },
  },
  'refused after a lost attempt is refused where nothing can land any more and nothing is seen': {
    ledger: { known: 'unknown', settles_at: NOW },
    result: { answer: REFUSED, presence: { kind: 'absent' } },
    verdict: 'refused',
    after: { ...AT_REST, known: 'absent' },
  },
  'refused after a lost attempt that may still land is released first': {
    ledger: { known: 'unknown', settles_at: NOW + 1 },
    result: { answer: REFUSED, presence: { kind: 'absent' } },
    verdict: 'failed',
    after: { ...AT_REST, known: 'unknown' },
  },
  'refused after a lost attempt is released first where nobody can look': {
    ledger: { known: 'unknown' },
    terms: ANSWERS,
    result: { answer: REFUSED },
    verdict: 'failed',
    after: { ...AT_REST, known: 'unknown' },
  },
  'refused after a lost attempt is looked at again where the look told nothing': {
    ledger: { known: 'unknown' },
    result: { answer: REFUSED, presence: { kind: 'unknown', message: 'x' } },
    verdict: 'nothing',
    after: { known: 'unknown', operation_id: 'operation', lane: LANES.verify, due_at: SOON },
  },
  'refused after a drift is tried on: it was in force, and is still wanted': {
    ledger: { known: 'drifted' },
    result: { answer: REFUSED },
    verdict: 'nothing',
    after: { known: 'drifted', lane: LANES.apply, due_at: SOON, last_message: 'No such zone.', last_subcode: 42 },
  },
  'unavailable is tried again, and nothing is known to have been done': {
    result: { answer: { kind: 'unavailable', message: 'Too many.', subcode: 429 } },
    verdict: 'nothing',
    after: { known: 'absent', stalls: 1, lane: LANES.apply, due_at: SOON, settles_at: null, last_subcode: 429 },
  },
  'unavailable is tried again no sooner than the product says': {
    result: { answer: { kind: 'unavailable', message: 'Too many.', retryAfterMs: 90_000 } },
    verdict: 'nothing',
    after: { due_at: NOW + 90_000 },
  },
  'unavailable after a lost attempt is looked for, not sent again': {
    ledger: { known: 'unknown' },
    result: { answer: { kind: 'unavailable', message: 'x' } },
    verdict: 'nothing',
    after: { known: 'unknown', lane: LANES.verify },
  },
  'what the product was at it is still at, although it did not answer when it was asked again': {
    terms: ANSWERS,
    ledger: { known: 'unknown', answered_pending: 1 },
    result: { answer: { kind: 'unknown', message: 'The line broke.' } },
    verdict: 'unsure',
    after: { known: 'unknown', answered_pending: 1, settles_at: LATE, lane: LANES.apply, due_at: SOON },
  },
  'whether what was begun has landed is not known any more where the answer was lost': {
    ledger: { known: 'unknown', answered_pending: 2 },
    result: {},
    verdict: 'unsure',
    after: { answered_pending: 1, settles_at: LATE },
  },
  'lost is looked for where one can look': {
    result: { answer: { kind: 'unknown', message: 'The line broke.' } },
    verdict: 'unsure',
    after: { known: 'unknown', answered_pending: 0, settles_at: LATE, lane: LANES.verify, due_at: SOON },
  },
  'lost is sent again under its id where a repeat is safe': {
    terms: ANSWERS,
    result: { answer: { kind: 'unknown', message: 'The line broke.' } },
    verdict: 'unsure',
    after: { known: 'unknown', operation_id: 'operation', settles_at: LATE, lane: LANES.apply, due_at: SOON },
  },
  'lost is not sent again by itself where a repeat is another entry': {
    terms: ANSWERS_ONCE,
    result: { answer: { kind: 'unknown', message: 'The line broke.' } },
    verdict: 'unsure',
    after: { known: 'unknown', due_at: null, last_message: 'The line broke.' },
  },
  'no answer at all is a lost one': {
    ledger: { known: 'inForce' },
    result: {},
    verdict: 'unsure',
    after: { known: 'inForce', settles_at: LATE, lane: LANES.verify, last_message: 'No answer came.' },
  },
  'forbidden before the first attempt is refused by the guard-rails': {
    result: { protection: 'It is our gateway.' },
    verdict: 'refused',
    after: { ...AT_REST, known: 'absent' },
  },
  'forbidden after a lost attempt is released first': {
    ledger: { known: 'unknown' },
    result: { protection: 'It is our gateway.' },
    verdict: 'failed',
    after: { ...AT_REST, known: 'unknown' },
  },
  'forbidden while the product is at an earlier attempt: that may land until its lateness has passed': {
    ledger: { known: 'unknown', answered_pending: 1, settles_at: NOW + 1 },
    result: { protection: 'It is our gateway.' },
    verdict: 'failed',
    after: { ...AT_REST, known: 'unknown', answered_pending: 0, settles_at: LATE },
  },
  'forbidden while in force stays until its end': {
    ledger: { known: 'inForce' },
    result: { protection: 'It is our gateway.' },
    verdict: 'nothing',
    after: { known: 'inForce', lane: LANES.apply, due_at: SOON, last_message: 'It is our gateway.' },
  },
};

describe('an apply', () => {
  it.each(Object.entries(rows))('%s', (_promise, { ledger, terms, result, verdict, after }) => {
    const judged = judgeApply(aCase(ledger, terms), result);
    expect(judged.verdict.kind).toBe(verdict);
    expect(judged.ledger).toMatchObject(after);
  });

  it.each([
    [{ answer: REFUSED }, RESULT_CODES.refusedByProvider, 'Provider "edge" refused: No such zone.', 42],
    [{ protection: 'It is our gateway.' }, RESULT_CODES.protectedTarget, 'It is our gateway.', 0],
  ])('tells its actions why it failed: %o', (result, code, message, subcode) => {
    expect(judgeApply(aCase(), result).verdict).toEqual({ kind: 'refused', result: { code, message, subcode } });
    const doubtful = judgeApply(aCase({ known: 'unknown' }), result);
    expect(doubtful.verdict).toEqual({ kind: 'failed', result: { code, message, subcode } });
  });

  it('keeps no more than 300 characters of what a product says', () => {
    const answer = { kind: 'unavailable', message: 'x'.repeat(1_000) } as const;
    expect(judgeApply(aCase(), { answer }).ledger.last_message).toBe('x'.repeat(300));
  });

  it('is followed at once by another where the product keeps time and a later end came meanwhile', () => {
    const later = aCase({ told_until: END, preexisting: 0 });
    const pushed = { ...later, ledger: { ...later.ledger, known: 'unknown', wanted_until: END + 1 } } as const;
    const seen = { answer: REFUSED, presence: { kind: 'present' } } as const;
    expect(judgeApply(pushed, seen).ledger).toMatchObject({ lane: LANES.apply, due_at: NOW });
    const timeless = { ...pushed, terms: { ...pushed.terms, keepsTime: false } };
    expect(judgeApply(timeless, seen).ledger).toMatchObject({ lane: LANES.verify, due_at: NOW + 60_000 });
    const theirs = { ...pushed, ledger: { ...pushed.ledger, preexisting: 1 } } as const;
    expect(judgeApply(theirs, seen).ledger).toMatchObject({ lane: LANES.verify });
  });
});

it('has told the product no later end than it said, though a hold has come since that wants one', () => {
  const of = { ...aCase({ known: 'absent' }), toldUntil: END - 1 };
  const done = judgeApply(of, { answer: { kind: 'done', level: 'reported' }, presence: { kind: 'present' } });
  expect(done.ledger).toMatchObject({ told_until: END - 1, lane: LANES.apply, due_at: NOW });
  const pending = judgeApply(of, { answer: { kind: 'pending', message: 'At it.' } });
  expect(pending.ledger.told_until).toBe(END - 1);
});
