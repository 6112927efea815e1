import { expect, onTestFinished, test, vi } from 'vitest';
import { requirement } from '../../../../test/requirement.ts';
import { aCall, TENANT_A } from '../testing.ts';
import { squid } from './connector.ts';
import { getThrough } from './testing/squid-client.ts';
import { startSquid } from './testing/squid-product.ts';
import { NO_PORTS, ownOf } from './testing/squid-under-test.ts';

/** Squid asks a service that it has found dead for its OPTIONS no sooner, whatever icap_service_revival_delay says. */
const REVIVAL_MS = 32_000;

test.skipIf(!requirement('squid').ok)(
  'a Squid that started before Interdict asks within half a minute',
  async () => {
    const running = await startSquid({ way: 'icap', bypass: 'off' });
    onTestFinished(() => running.stop());
    const status = async (): Promise<number> => (await getThrough(running.port, 'http://evil.example/')).status;
    expect(await status()).toBe(500);
    const connector = squid.open({ name: 'edge', own: ownOf(running, running.port, 'icap') }, NO_PORTS);
    onTestFinished(() => connector.close());
    const began = performance.now();
    const call = aCall({
      tenantId: TENANT_A,
      action: 'BlockDomain',
      target: { kind: 'domain', value: 'evil.example' },
    });
    const signal = new AbortController().signal;
    expect(await connector.apply(call, signal)).toMatchObject({ kind: 'done' });
    await vi.waitFor(async () => expect(await connector.verify?.(call, signal)).toEqual({ kind: 'present' }), {
      timeout: REVIVAL_MS * 1.3,
      interval: 100,
    });
    console.log(`asked after ${Math.round(performance.now() - began)} ms`);
    expect(await status()).toBe(403);
  },
  60_000,
);
