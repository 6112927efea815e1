import type { Exchange } from '@interdict/connectors';
import { expect, it } from 'vitest';
import type { SubscriptionRow } from '../store/subscription-rows.ts';
import { type Attempting, attempt } from './attempt.ts';
import type { Deliverer } from './deliverer.ts';
import { seal } from './seal.ts';

const KEY = Buffer.alloc(32, 7);
const TAKEN: Exchange = { kind: 'answered', status: 202, headers: {}, body: Buffer.alloc(0) };
const SECRETS = { clientState: null, signingSecret: `whsec_${Buffer.alloc(32, 1).toString('base64')}` };
const CONTENT = { notificationUrl: 'https://hooks.example/', lifecycleNotificationUrl: null };

/** @returns how often it was posted */
async function attemptWith(turn: Pick<Attempting, 'signal' | 'leasedUntil'>): Promise<number> {
  let posts = 0;
  const post = async (): Promise<Exchange> => {
    posts += 1;
    return TAKEN;
  };
  const deps = { secretsKey: KEY, post, answerWithinMs: 1_000, store: { clock: { now: () => Date.now() } } };
  const secrets = seal(KEY, { tenantId: 't', id: 's' }, SECRETS);
  const row = { id: 's', content: JSON.stringify(CONTENT), secrets, expires_at: Date.now() } as SubscriptionRow;
  const attempting = { tenantId: 't', onSlow: () => undefined, ...turn };
  await attempt({ deps } as unknown as Deliverer, attempting, row, { id: 'd', kind: 'change', notices: [] });
  return posts;
}

it('posts while the lease lasts, and not once others may: a process that stood still hears of that here first', async () => {
  const { signal } = new AbortController();
  const now = performance.now();
  expect(await attemptWith({ signal, leasedUntil: now + 60_000 })).toBe(1);
  expect(await attemptWith({ signal, leasedUntil: now })).toBe(0);
  expect(await attemptWith({ signal: AbortSignal.abort(), leasedUntil: now + 60_000 })).toBe(0);
});
