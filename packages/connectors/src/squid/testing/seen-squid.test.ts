import { expect, onTestFinished, test } from 'vitest';
import { requirement } from '../../../../../test/requirement.ts';
import { aCall, TENANT_A } from '../../testing.ts';
import { squid } from '../connector.ts';
import { startSeenSquid } from './seen-squid.ts';
import { NO_PORTS } from './squid-under-test.ts';

test.skipIf(!requirement('squid').ok)(
  'what a client sees follows what is blocked, lost, and blocked by others',
  async () => {
    const seen = await startSeenSquid();
    onTestFinished(() => seen.stop());
    const { connector: _, ...own } = seen.provider;
    const connector = squid.open({ name: 'edge', own }, NO_PORTS);
    onTestFinished(() => connector.close());
    const call = aCall({
      tenantId: TENANT_A,
      action: 'BlockDomain',
      target: { kind: 'domain', value: seen.target(7) },
    });
    expect(await seen.isBlocked(7)).toBe(false);
    await connector.apply(call, new AbortController().signal);
    expect([await seen.isBlocked(7), await seen.isBlocked(77)]).toEqual([true, false]);
    await seen.lose(7);
    expect(await seen.isBlocked(7)).toBe(false);
    await seen.putForeign(7);
    expect(await seen.isBlocked(7)).toBe(true);
    const began = performance.now();
    for (let count = 0; count < 50; count += 1) await seen.isBlocked(count);
    expect((performance.now() - began) / 50, 'ms a probe').toBeLessThan(20);
  },
);
