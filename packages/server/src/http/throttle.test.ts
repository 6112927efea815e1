import { expect, it } from 'vitest';
import type { Refusal } from '../errors.ts';
import { createThrottle, type Throttle } from './throttle.ts';

const CALLER = { tenantId: 't', appId: 'a' };
const POST = { method: 'POST', path: '/security/securityActions' } as const;

/** Seconds to wait, or 0 where the request is let through. */
function waitOf(...asked: Parameters<Throttle>): (throttle: Throttle) => number {
  return (throttle) => {
    try {
      throttle(...asked);
      return 0;
    } catch (thrown) {
      return Number((thrown as Refusal).headers['Retry-After']);
    }
  };
}

it('lets through what the limit allows, and again when it says so', () => {
  const clock = { at: 1_000, now: () => clock.at };
  const throttle = createThrottle({ post: 6 }, clock);
  const post = waitOf(CALLER, POST);
  expect(Array.from({ length: 7 }, () => post(throttle))).toEqual([0, 0, 0, 0, 0, 0, 10]);
  clock.at += 9_000;
  expect(post(throttle)).toBe(1);
  clock.at += 1_000;
  expect([post(throttle), post(throttle)]).toEqual([0, 10]);
  clock.at += 3_600_000;
  expect(Array.from({ length: 7 }, () => post(throttle))).toEqual([0, 0, 0, 0, 0, 0, 10]);
  clock.at -= 5_000;
  expect(post(throttle)).toBe(10);
});

it('counts tenants, applications and kinds of requests apart, and a refused request not at all', () => {
  const throttle = createThrottle({ post: 1, get: 1 }, { now: () => 0 });
  const asked = [
    waitOf(CALLER, POST),
    waitOf({ ...CALLER, appId: 'b' }, POST),
    waitOf({ ...CALLER, tenantId: 'u' }, POST),
    waitOf(CALLER, { ...POST, method: 'GET' }),
  ];
  expect(asked.map((ask) => ask(throttle))).toEqual([0, 0, 0, 0]);
  expect(asked.map((ask) => ask(throttle))).toEqual([60, 60, 60, 60]);
});

it('never holds up what takes something back, a batch as a whole, or what has no limit', () => {
  const throttle = createThrottle({ post: 1 }, { now: () => 0 });
  const free = [
    { ...POST, isRelease: true },
    { ...POST, path: '/$batch' },
    { ...POST, method: 'DELETE' },
    { ...POST, method: 'PATCH' },
  ] as const;
  for (const route of [...free, ...free]) expect(waitOf(CALLER, route)(throttle)).toBe(0);
});

it('forgets whoever asked nothing for a minute', () => {
  const clock = { at: 0, now: () => clock.at };
  const throttle = createThrottle({ post: 1 }, clock);
  for (let app = 0; app < 10_000; app += 1) throttle({ ...CALLER, appId: String(app) }, POST);
  clock.at = 59_999;
  throttle({ ...CALLER, appId: 'late' }, POST);
  expect(waitOf({ ...CALLER, appId: 'late' }, POST)(throttle)).toBe(60);
  clock.at = 60_000;
  throttle({ ...CALLER, appId: 'new' }, POST);
  expect(waitOf({ ...CALLER, appId: 'late' }, POST)(throttle)).toBe(60);
});
