import { expect, it, vi } from 'vitest';
import type { Refusal } from '../errors.ts';
import { NotPassed } from './handshake.ts';
import { createHandshakeBook } from './handshake-book.ts';
import { withHandshake } from './handshake-limits.ts';
import { invalid } from './refuse.ts';

const someone = { tenantId: 't', appId: 'a' };
const refused = (asked: Promise<unknown>): Promise<Refusal> =>
  asked.then(
    () => expect.unreachable('It was taken.'),
    (thrown: Refusal) => thrown,
  );
const fails = (): Promise<never> => Promise.reject(new NotPassed(invalid('notificationUrl', 'no')));

it('lets an application fail thirty times a minute, and no other one pays for it', async () => {
  vi.useFakeTimers({ toFake: ['performance'] });
  try {
    const deps = { handshakes: createHandshakeBook(), answerWithinMs: 10_000 };
    for (let time = 0; time < 30; time += 1) {
      expect((await refused(withHandshake(deps, someone, fails))).code).toBe('badRequest');
      vi.advanceTimersByTime(1_000);
    }
    const { code, headers } = await refused(withHandshake(deps, someone, () => expect.unreachable('It knocked.')));
    expect([code, headers['Retry-After']]).toEqual(['tooManyRequests', '30']);
    expect(await withHandshake(deps, { ...someone, appId: 'b' }, async () => 'passed')).toBe('passed');
    vi.advanceTimersByTime(30_000);
    expect(await withHandshake(deps, someone, async () => 'passed')).toBe('passed');
  } finally {
    vi.useRealTimers();
  }
});

it('lets a tenant have ten under way', async () => {
  const deps = { handshakes: createHandshakeBook(), answerWithinMs: 10_000 };
  const { promise, resolve } = Promise.withResolvers<void>();
  const under = Array.from({ length: 10 }, () => withHandshake(deps, someone, () => promise));
  const { code, headers } = await refused(withHandshake(deps, someone, () => promise));
  expect([code, headers['Retry-After']]).toEqual(['tooManyRequests', '10']);
  resolve();
  await Promise.all(under);
  expect(await withHandshake(deps, someone, async () => 'passed')).toBe('passed');
});
