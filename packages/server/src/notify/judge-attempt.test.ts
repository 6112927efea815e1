import { describe, expect, it } from 'vitest';
import type { DeliveryRow } from '../store/subscription-rows.ts';
import { type AttemptOutcome, GIVE_UP_MS, judgeAttempt, retryDelayMs } from './judge-attempt.ts';

const HOUR_MS = 3_600_000;

const aDelivery = (differences: Partial<DeliveryRow> = {}): DeliveryRow => ({
  id: 'd',
  subscription_id: 's',
  kind: 'change',
  state: 'retrying',
  first_sequence: 1,
  last_sequence: 1,
  notices: '[]',
  attempts: '[]',
  attempt_count: 0,
  failing_since: null,
  created_at: 0,
  next_at: 0,
  is_again: 0,
  ...differences,
});

const failed = (at: number, retryAfterMs?: number): AttemptOutcome => ({
  at,
  isDelivered: false,
  isSlow: false,
  status: 503,
  fault: 'The receiver answered 503.',
  retryAfterMs,
});

describe('a delivery that fails', () => {
  it('waits from ten seconds to ten minutes, and never less than half', () => {
    const longest = [1, 2, 3, 4, 5, 6, 7, 8, 1_000].map((failures) => retryDelayMs(failures, 0) / 1_000);
    expect(longest).toEqual([10, 20, 40, 80, 160, 320, 600, 600, 600]);
    expect(retryDelayMs(1, 0.999_999)).toBe(5_000);
  });

  it('is given up four hours after its first failure, and not before', () => {
    let delivery = aDelivery();
    const times: number[] = [];
    for (let at: number | null = 5; at !== null; at = delivery.next_at) {
      times.push(at);
      delivery = { ...delivery, ...judgeAttempt(delivery, failed(at), 0) };
    }
    expect(delivery.state).toBe('failed');
    expect(times.at(-1)).toBe(5 + GIVE_UP_MS);
    expect(GIVE_UP_MS).toBe(4 * HOUR_MS);
    expect(times.length).toBeGreaterThan(20);
    expect(delivery.attempt_count).toBe(times.length);
  });

  it('keeps what came of the last fifty attempts', () => {
    let delivery = aDelivery();
    for (let at = 0; at < 60; at += 1) delivery = { ...delivery, ...judgeAttempt(delivery, failed(at), 0) };
    const kept = JSON.parse(delivery.attempts) as { at: number; status: number; fault: string }[];
    expect(kept.map(({ at }) => at)).toEqual(Array.from({ length: 50 }, (_, index) => index + 10));
    expect(kept[0]).toEqual({ at: 10, status: 503, fault: 'The receiver answered 503.' });
  });

  it.each([
    [0, 1_000],
    [3_000, 3_000],
    [24 * HOUR_MS, GIVE_UP_MS],
  ])('waits as long as the receiver asks: %i', (asked, waits) => {
    expect(judgeAttempt(aDelivery(), failed(100, asked), 0.5).next_at).toBe(100 + waits);
  });

  it('is over as soon as one attempt succeeds', () => {
    const delivery = { ...aDelivery(), ...judgeAttempt(aDelivery(), failed(1), 0) };
    const outcome = { at: 2, isDelivered: true, isSlow: false, status: 204, fault: null, retryAfterMs: 5 };
    expect(judgeAttempt(delivery, outcome, 0)).toMatchObject({
      state: 'delivered',
      failing_since: null,
      next_at: null,
    });
  });
});
