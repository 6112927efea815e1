import { describe, expect, it } from 'vitest';
import { requirement } from '../../../../test/requirement.ts';
import type { Answer, Effect } from '../connector.ts';
import { calm } from '../testing/bench.ts';
import { aCall, TENANT_A } from '../testing/call-builder.ts';
import { startCrowdsec } from './testing/crowdsec-product.ts';
import { activeRows, connectTo, login } from './testing/crowdsec-under-test.ts';
import { toAlerts } from './translate.ts';

const COUNT = 10_000;
const PER_ALERT = 1_000;
/** Of the time that the local API itself takes for ten alerts of 1,000 decisions: 61 ms each on an idle machine. */
const MOST_FACTOR = 1.5;
/** Three looks at what is there already, in which up to 8,000 decisions come. */
const LOOKS_MS = 400;

const EFFECTS = Array.from(
  { length: COUNT },
  (_, index): Effect => ({
    tenantId: TENANT_A,
    action: 'BlockIp',
    target: { kind: 'ip', value: `198.18.${index >> 8}.${index & 255}` },
  }),
);

/** The same number of decisions by nothing but fetch, in a product of its own: what this machine takes at this moment. */
async function measureProduct(): Promise<number> {
  const product = await startCrowdsec();
  try {
    const headers = await login(product.port);
    const startedAt = performance.now();
    for (let start = 0; start < COUNT; start += PER_ALERT) {
      const now = Date.now();
      const wanted = EFFECTS.slice(start, start + PER_ALERT).map(({ target: { value } }) => ({
        entry: { tenant: TENANT_A, scope: 'Ip' as const, value },
        endsAt: now + 3_600_000,
        since: now,
      }));
      const body = JSON.stringify(toAlerts(wanted, new Date(now)));
      const answer = await fetch(`http://127.0.0.1:${product.port}/v1/alerts`, { method: 'POST', headers, body });
      expect(answer.status).toBe(201);
      await answer.text();
    }
    return performance.now() - startedAt;
  } finally {
    await product.stop();
  }
}

describe.skipIf(!requirement('crowdsec').ok)('crowdsec, 10,000 blocks at once', () => {
  it('are in force in half as long again as the product takes, seen by looks and a list, and go again', async () => {
    const productMs = await measureProduct();
    const product = await startCrowdsec();
    const connector = connectTo(product.port);
    try {
      await connector.apply(aCall({ ...(EFFECTS[0] as Effect), target: { kind: 'ip', value: '203.0.113.1' } }), calm());
      const waiting = [...EFFECTS];
      const answers: Answer[] = [];
      const carry = async (): Promise<void> => {
        for (let effect = waiting.shift(); effect; effect = waiting.shift()) {
          answers.push(await connector.apply(aCall(effect), calm()));
        }
      };
      const startedAt = performance.now();
      await Promise.all(Array.from({ length: connector.traits.limits.concurrency }, carry));
      const tookMs = performance.now() - startedAt;
      expect(answers.filter(({ kind }) => kind === 'done')).toHaveLength(COUNT);
      expect(activeRows(product)).toHaveLength(COUNT + 1);
      const looks = await Promise.all(EFFECTS.map((effect) => connector.verify?.(aCall(effect), calm())));
      const lookedMs = performance.now() - startedAt - tookMs;
      expect(looks.every((presence) => presence?.kind === 'present')).toBe(true);
      expect(await connector.list?.(TENANT_A, calm())).toHaveLength(COUNT + 1);
      const releasedAt = performance.now();
      const some = EFFECTS.slice(0, 1_000).map((effect) => connector.release(aCall(effect), calm()));
      for (const answer of await Promise.all(some)) expect(answer).toMatchObject({ kind: 'done' });
      const releasedMs = performance.now() - releasedAt;
      expect(activeRows(product)).toHaveLength(COUNT + 1 - 1_000);
      const figures = [tookMs, lookedMs, releasedMs, productMs].map((ms) => `${ms.toFixed(0)} ms`);
      process.stdout.write(
        `crowdsec: 10,000 applies ${figures[0]} (the product alone ${figures[3]}), looks ${figures[1]}, 1,000 releases ${figures[2]}\n`,
      );
      expect(tookMs).toBeLessThan(productMs * MOST_FACTOR + LOOKS_MS);
    } finally {
      await connector.close();
      await product.stop();
    }
  }, 60_000);
});
