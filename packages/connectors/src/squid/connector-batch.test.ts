import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { requirement } from '../../../../test/requirement.ts';
import type { Effect } from '../connector.ts';
import { aCall, TENANT_A } from '../testing.ts';
import { squid } from './connector.ts';
import { getThrough } from './testing/squid-client.ts';
import { startSquid } from './testing/squid-product.ts';
import { linesOf, NO_PORTS, ownOf } from './testing/squid-under-test.ts';

const MANY = 10_000;
/** They share a few writes of the list: 0.2 s on an idle machine, up to 1.6 s beside the rest of these tests. */
const BOUND_MS = 2_000;

const calm = (): AbortSignal => new AbortController().signal;
const effectOf = (index: number): Effect =>
  index % 2 === 0
    ? { tenantId: TENANT_A, action: 'BlockDomain', target: { kind: 'domain', value: `evil-${index}.example` } }
    : { tenantId: TENANT_A, action: 'BlockUrl', target: { kind: 'url', value: `http://site.example/evil-${index}` } };

const took = (began: number): number => Math.round(performance.now() - began);

describe.skipIf(!requirement('squid').ok).each(['icap', 'helper'] as const)('by %s', (way) => {
  test('10,000 targets are in force within two seconds, and gone as soon', async () => {
    const running = await startSquid({ way });
    onTestFinished(() => running.stop());
    const connector = squid.open({ name: 'edge', own: ownOf(running, running.port, way) }, NO_PORTS);
    onTestFinished(() => connector.close());
    const effects = Array.from({ length: MANY }, (_, index) => effectOf(index));
    const urlOf = ({ target }: Effect): string => (target.kind === 'url' ? target.value : `http://${target.value}/`);
    const samples = effects.filter((_, index) => index % 100 < 2 || index === MANY - 1);
    const expectAll = async (status: number): Promise<void> => {
      for (const effect of samples) expect((await getThrough(running.port, urlOf(effect))).status).toBe(status);
    };
    await vi.waitFor(() => expectAll(200), { timeout: 5_000 });

    const first = performance.now();
    expect(await connector.apply(aCall(effectOf(0)), calm())).toMatchObject({ kind: 'done' });
    expect((await getThrough(running.port, urlOf(effectOf(0)))).status).toBe(403);
    const one = took(first);

    const began = performance.now();
    const answers = await Promise.all(effects.map((effect) => connector.apply(aCall(effect), calm())));
    expect((await getThrough(running.port, urlOf(effectOf(MANY - 1)))).status).toBe(403);
    const all = took(began);
    expect(answers.every(({ kind }) => kind === 'done')).toBe(true);
    expect(all).toBeLessThan(BOUND_MS * 1.5);
    expect(await linesOf(running.list)).toHaveLength(MANY);
    await expectAll(403);

    const looking = performance.now();
    const presences = await Promise.all(
      effects.slice(0, 1_000).map((effect) => connector.verify?.(aCall(effect), calm())),
    );
    expect(presences.every((presence) => presence?.kind === 'present')).toBe(true);
    const looks = took(looking);
    const listing = performance.now();
    expect(await connector.list?.(TENANT_A, calm())).toHaveLength(MANY);
    const list = took(listing);
    const single = performance.now();
    await connector.release(aCall(effectOf(0)), calm());
    expect((await getThrough(running.port, urlOf(effectOf(0)))).status).toBe(200);
    const oneOfMany = took(single);

    const ending = performance.now();
    await Promise.all(effects.map((effect) => connector.release(aCall(effect), calm())));
    expect((await getThrough(running.port, urlOf(effectOf(MANY - 1)))).status).toBe(200);
    const gone = took(ending);
    expect(gone).toBeLessThan(BOUND_MS * 1.5);
    await expectAll(200);
    console.log(
      `${way}: one ${one} ms, ${MANY} in force ${all} ms, one of them gone ${oneOfMany} ms, all gone ${gone} ms, 1,000 looks ${looks} ms, list ${list} ms`,
    );
  }, 60_000);
});
