import type { Answer, Presence } from '@interdict/connectors';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CallKind, type EnforcementRow, LANES } from '../store/rows.ts';
import type { CallResult } from './call-result.ts';
import { judgeCall } from './judge-call.ts';
import { ANSWERS, ANSWERS_ONCE, aCase, END, NOW } from './testing/a-case.ts';

const DONE = { kind: 'done', level: 'reported' } as const;
const ABSENT = { kind: 'absent' } as const;
const PRESENT = { kind: 'present' } as const;
const LEASED: Partial<EnforcementRow> = { lease_owner: 'me', leased_at: NOW - 1, lease_until: NOW + 1, fence: 7 };

describe('a call whose last hold ended while it was under way', () => {
  const unwanted = { ...LEASED, holds: 0, wanted_until: null, lease_call: 'apply' } as const;

  it('is taken back at once, whatever it brought', () => {
    const lost: CallResult = { answer: { kind: 'unknown', message: 'The line broke.' } };
    for (const result of [lost, { answer: DONE, presence: PRESENT }, {}]) {
      expect(judgeCall('apply', aCase(unwanted), result).ledger, JSON.stringify(result)).toMatchObject({
        lane: LANES.release,
        due_at: NOW,
        release_wished_at: NOW,
        operation: null,
        operation_id: null,
        attempt: 0,
        stalls: 0,
      });
    }
  });

  it('is over where it certainly did nothing', () => {
    for (const answer of [
      { kind: 'refused', message: 'No.' },
      { kind: 'unavailable', message: 'Busy.' },
    ] as const) {
      expect(judgeCall('apply', aCase(unwanted), { answer }).verdict).toEqual({ kind: 'gone' });
    }
  });

  it('fails nobody by its outcome: nobody holds it any more', () => {
    const refused = { answer: { kind: 'refused', message: 'No.' } } as const;
    const judged = judgeCall('apply', aCase({ ...unwanted, known: 'unknown' }), refused);
    expect(judged.verdict).toEqual({ kind: 'nothing' });
    expect(judged.ledger).toMatchObject({ known: 'unknown', lane: LANES.release, due_at: NOW });
  });

  it('keeps the time at which the release was wished for', () => {
    const judged = judgeCall('apply', aCase({ ...unwanted, release_wished_at: NOW - 5 }), {});
    expect(judged.ledger.release_wished_at).toBe(NOW - 5);
  });

  it('that looked at what was there before us leaves it there', () => {
    const judged = judgeCall('verify', aCase({ ...unwanted, known: 'inForce', preexisting: 1, lease_call: 'verify' }), {
      presence: PRESENT,
    });
    expect(judged.verdict).toEqual({ kind: 'gone' });
  });

  it('that looked at what was there before us takes nothing back where that is gone', () => {
    const theirs = { ...unwanted, known: 'inForce', preexisting: 1, lease_call: 'verify' } as const;
    expect(judgeCall('verify', aCase(theirs), { presence: ABSENT }).verdict).toEqual({ kind: 'gone' });
  });

  it('may still land where the product is at it', () => {
    const pending = { answer: { kind: 'pending', message: 'Queued.' } } as const;
    const { ledger } = judgeCall('apply', aCase(unwanted), pending);
    expect(ledger).toMatchObject({ answered_pending: 0, settles_at: NOW + 30_000, lane: LANES.release, due_at: NOW });
  });
});

describe('a release whose effect is wanted again', () => {
  const wanted = { ...LEASED, lease_call: 'release', operation: 'release', known: 'inForce', told_until: END } as const;

  it('is followed by an apply under an operation of its own', () => {
    const judged = judgeCall('release', aCase(wanted), { answer: DONE, presence: ABSENT });
    expect(judged.verdict).toEqual({ kind: 'gone' });
    expect(judged.ledger).toMatchObject({
      known: 'absent',
      lane: LANES.apply,
      due_at: NOW,
      operation: null,
      operation_id: null,
      attempt: 0,
      told_until: null,
    });
  });

  it('is followed by no apply before a lost release has landed or cannot any more', () => {
    const judged = judgeCall('release', aCase(wanted), {});
    expect(judged.verdict).toEqual({ kind: 'unsure' });
    expect(judged.ledger).toMatchObject({ known: 'unknown', lane: LANES.apply, due_at: NOW + 30_000 });
  });

  it('is followed by no apply while the product may still be at it', () => {
    const pending = { answer: { kind: 'pending', message: 'Queued.', againMs: 1_000 } } as const;
    expect(judgeCall('release', aCase(wanted), pending).ledger).toMatchObject({
      answered_pending: 0,
      unanswered_until: NOW + 30_000,
      lane: LANES.apply,
      due_at: NOW + 30_000,
    });
  });
});

const message = fc.constant('A sentence.');
const againMs = fc.option(fc.integer({ min: 0, max: 10_000_000 }), { nil: undefined });
const answers = fc.oneof(
  fc.constantFrom<Answer>(DONE, { kind: 'done', level: 'accepted' }),
  fc.record({ kind: fc.constant('pending' as const), message, againMs }),
  fc.record({ kind: fc.constant('refused' as const), message, subcode: fc.nat() }),
  fc.record({ kind: fc.constant('unavailable' as const), message, retryAfterMs: againMs }),
  fc.record({ kind: fc.constant('unknown' as const), message, retryAfterMs: againMs }),
) as fc.Arbitrary<Answer>;
const presences = fc.oneof(
  fc.constantFrom<Presence>(PRESENT, ABSENT, { kind: 'present', foreign: true }, { kind: 'unknown', message: 'x' }),
  fc.record({ kind: fc.constant('pending' as const), message, againMs, landed: fc.constantFrom('no' as const) }),
) as fc.Arbitrary<Presence>;
const results = fc.record(
  { answer: answers, presence: presences, protection: message },
  { requiredKeys: [] },
) as fc.Arbitrary<CallResult>;
const moments = fc.option(fc.integer({ min: NOW - 60_000, max: NOW + 60_000 }), { nil: null });
const bit = fc.constantFrom(0, 1) as fc.Arbitrary<0 | 1>;
const ledgers = fc.record({
  known: fc.constantFrom('absent', 'unknown', 'inForce', 'drifted'),
  holds: fc.nat(3),
  looked: bit,
  preexisting: bit,
  answered_pending: fc.constantFrom(0, 1, 2),
  told_until: moments,
  settles_at: moments,
  unanswered_until: moments,
  stalls: fc.nat(50),
  disproved: fc.nat(4),
}) as fc.Arbitrary<Partial<EnforcementRow>>;
const calls = fc.constantFrom<CallKind>('apply', 'look', 'verify', 'release');
const FIXED = ['id', 'version', 'provider', 'action', 'target', 'holds', 'wanted_until', 'fence'] as const;
const products = fc.constantFrom({}, { keepsTime: false }, ANSWERS, ANSWERS_ONCE);

describe('whatever a call brings', () => {
  it('the lease is over, and what belongs to the holds and to the fence is not touched', () => {
    fc.assert(
      fc.property(calls, ledgers, products, results, (kind, ledger, terms, result) => {
        const of = aCase({ ...LEASED, ...ledger, lease_call: kind }, terms);
        const after = judgeCall(kind, of, result).ledger;
        expect(FIXED.map((name) => after[name])).toEqual(FIXED.map((name) => of.ledger[name]));
        expect(after).toMatchObject({ lease_owner: null, leased_at: null, lease_until: null, lease_call: null });
      }),
    );
  });

  it('what is due is due from now on', () => {
    fc.assert(
      fc.property(calls, ledgers, products, results, (kind, ledger, terms, result) => {
        const of = aCase({ ...LEASED, ...ledger, unanswered_until: null, lease_call: kind }, terms);
        expect(judgeCall(kind, of, result).ledger.due_at ?? NOW).toBeGreaterThanOrEqual(NOW);
      }),
    );
  });

  it('an apply of which the answer was lost is never known to have done nothing', () => {
    fc.assert(
      fc.property(ledgers, products, (ledger, terms) => {
        const of = aCase({ ...LEASED, ...ledger, preexisting: 0, lease_call: 'apply' }, terms);
        const judged = judgeCall('apply', of, { answer: { kind: 'unknown', message: 'The line broke.' } });
        expect(judged.ledger.known).not.toBe('absent');
        expect(['unsure', 'nothing']).toContain(judged.verdict.kind);
      }),
    );
  });

  it('nothing completes an action of a product that can be read back but that it is seen there', () => {
    fc.assert(
      fc.property(calls, ledgers, results, (kind, ledger, result) => {
        fc.pre(result.presence?.kind !== 'present');
        const of = aCase({ ...LEASED, ...ledger, lease_call: kind });
        expect(judgeCall(kind, of, result).verdict.kind).not.toBe('inForce');
      }),
    );
  });

  it('nothing is gone from a product that can be read back while it is seen there as ours', () => {
    fc.assert(
      fc.property(ledgers, answers, (ledger, answer) => {
        const of = aCase({ ...LEASED, ...ledger, lease_call: 'release' });
        expect(judgeCall('release', of, { answer, presence: PRESENT }).verdict.kind).not.toBe('gone');
      }),
    );
  });
});

describe('what a connector asked to be kept', () => {
  const noteBehind = (kind: CallKind, result: CallResult, before: string | null = null): string | null =>
    judgeCall(kind, aCase({ ...LEASED, holds: 1, lease_call: kind, note: before }), result).ledger.note;

  it('is kept from its first look, and from its writes, whatever came of them', () => {
    expect(noteBehind('look', { presence: { kind: 'absent', note: 'was 512' } })).toBe('was 512');
    expect(noteBehind('apply', { answer: { ...DONE, note: 'rule 7' }, presence: PRESENT })).toBe('rule 7');
    expect(noteBehind('apply', { answer: { kind: 'pending', message: 'Soon.', note: 'rule 7' } })).toBe('rule 7');
  });

  it('stays until something else is', () => {
    expect(noteBehind('apply', { answer: DONE, presence: ABSENT }, 'was 512')).toBe('was 512');
    expect(noteBehind('release', {}, 'was 512')).toBe('was 512');
    expect(noteBehind('apply', { answer: { ...DONE, note: 'rule 8' } }, 'rule 7')).toBe('rule 8');
    expect(noteBehind('apply', { answer: { ...DONE, note: 'old' }, presence: { ...PRESENT, note: 'new' } })).toBe(
      'new',
    );
  });
});
