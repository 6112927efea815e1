import { expect, it } from 'vitest';
import type { Exchange } from './exchange.ts';
import { readRepeatable } from './repeat-key.ts';

it('knows a key, and what was asked under it, by what every version before has stored', () => {
  const exchange = {
    method: 'POST',
    root: 'beta',
    path: '/security/securityActions',
    headers: { 'idempotency-key': '"k"' },
    body: { b: 2, a: 1 },
    startedAt: 0,
    caller: { tenantId: 't', appId: 'a' },
  } as unknown as Exchange;
  const clock = { now: () => 0 };
  expect(readRepeatable(exchange, { clock, storeClock: clock })).toEqual({
    kind: 'key',
    hash: '708801b751d0594822f4baa8aac9b795ebea7881079c45bf8a23479802a6cbbd',
    fingerprint: '43258cff783fe7036d8a43033f830adfc60ec037382473548ac742b888292777',
  });
});
