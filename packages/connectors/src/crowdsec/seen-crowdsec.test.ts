import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { requirement } from '../../../../test/requirement.ts';
import { calm } from '../testing/bench.ts';
import { aCall, TENANT_A } from '../testing/call-builder.ts';
import type { SeenProduct } from '../testing/seen-product.ts';
import { connectTo } from './testing/crowdsec-under-test.ts';
import { startSeenCrowdsec } from './testing/seen-crowdsec.ts';

const needs = (['crowdsec', 'crowdsecBouncer'] as const).map((name) => requirement(name).ok);

describe.skipIf(!needs.every(Boolean))('CrowdSec as its own client sees it', () => {
  let seen: SeenProduct;
  beforeAll(async () => {
    seen = await startSeenCrowdsec();
  }, 60_000);
  afterAll(() => seen?.stop());

  const becomes = (index: number, blocked: boolean) =>
    vi.waitFor(async () => expect(await seen.isBlocked(index)).toBe(blocked), { timeout: 5_000, interval: 20 });

  it('has what is put there, loses it behind our back, and has what is foreign', async () => {
    const connector = connectTo(Number(new URL(String(seen.provider.url)).port));
    const effect = {
      tenantId: TENANT_A,
      action: seen.action,
      target: { kind: 'ip' as const, value: seen.target(300) },
    };
    await becomes(300, false);
    await connector.apply(aCall(effect), calm());
    await becomes(300, true);
    await seen.lose(300);
    await becomes(300, false);
    await seen.putForeign(301);
    await becomes(301, true);
    await connector.close();
  });

  it('is probed in a few milliseconds', async () => {
    const startedAt = performance.now();
    for (let times = 0; times < 20; times += 1) await seen.isBlocked(1);
    expect((performance.now() - startedAt) / 20).toBeLessThan(20);
  });
});
