import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { requirement } from '../../../../test/requirement.ts';
import type { Connector, Effect } from '../connector.ts';
import { calm } from '../testing/bench.ts';
import { aCall, inHours, TENANT_A } from '../testing/call-builder.ts';
import { type BouncerHost, createBouncerHost } from './testing/bouncer-host.ts';
import { type CrowdsecProduct, startCrowdsec } from './testing/crowdsec-product.ts';
import { connectTo } from './testing/crowdsec-under-test.ts';

const effectOn = (value: string): Effect => ({
  tenantId: TENANT_A,
  action: 'BlockIp',
  target: { kind: value.includes('/') ? 'cidr' : 'ip', value },
});

/** As the dispatcher does: again while it is pending, no sooner than asked, with what was noted. */
async function untilReleased(connector: Connector, effect: Effect): Promise<void> {
  let note: string | undefined;
  for (let attempt = 0; attempt < 20; attempt += 1) {
    const answer = await connector.release(aCall(effect, note === undefined ? {} : { note }), calm());
    if (answer.kind !== 'pending') return expect(answer).toMatchObject({ kind: 'done' });
    note = answer.note;
    await delay(answer.againMs);
  }
  throw new Error('It is pending for ever.');
}

const needs = ['crowdsec', 'crowdsecBouncer'] as const;

describe.skipIf(!needs.map((name) => requirement(name).ok).every(Boolean))(
  "crowdsec with Debian's firewall bouncer",
  () => {
    let product: CrowdsecProduct;
    let host: BouncerHost;
    let connector: Connector;

    beforeAll(async () => {
      product = await startCrowdsec();
      host = await createBouncerHost();
      const key = JSON.parse(await product.cscli('bouncers', 'add', 'firewall')) as string;
      await host.startBouncer({ port: product.port, key });
      connector = connectTo(product.port, { bouncerInterval: 'PT1S' });
    }, 60_000);

    afterAll(async () => {
      await connector?.close();
      await host?.remove();
      await product?.stop();
    });

    async function inForce(effect: Effect): Promise<void> {
      await vi.waitFor(
        async () => expect(await connector.verify?.(aCall(effect), calm())).toEqual({ kind: 'present' }),
        { timeout: 10_000, interval: 20 },
      );
    }

    for (const address of ['198.18.7.9', '2001:db8:5::9']) {
      it(`says that ${address} is blocked only when its packets are dropped, and released when they pass`, async () => {
        const effect = effectOn(address);
        expect(await host.isBlocked(address)).toBe(false);
        await connector.apply(aCall(effect), calm());
        expect(await connector.verify?.(aCall(effect), calm())).toMatchObject({ kind: 'pending' });
        await inForce(effect);
        expect(await host.isBlocked(address)).toBe(true);
        await untilReleased(connector, effect);
        expect(await host.isBlocked(address)).toBe(false);
      });
    }

    it('leaves what an administrator blocked', async () => {
      await product.cscli('decisions', 'add', '--ip', '198.18.7.10', '--duration', '4h');
      const effect = effectOn('198.18.7.10');
      await vi.waitFor(async () => expect(await host.isBlocked('198.18.7.10')).toBe(true), {
        timeout: 5_000,
        interval: 50,
      });
      expect(await connector.verify?.(aCall(effect), calm())).toEqual({ kind: 'present', foreign: true });
      await untilReleased(connector, effect);
      await delay(2_500);
      expect(await host.isBlocked('198.18.7.10')).toBe(true);
    });

    it('shows why networks are taken only where the configuration says so: this bouncer blocks their first address', async () => {
      await connector.apply(aCall(effectOn('198.18.9.0/24')), calm());
      await vi.waitFor(async () => expect(await host.isBlocked('198.18.9.0')).toBe(true), {
        timeout: 5_000,
        interval: 50,
      });
      expect(await host.isBlocked('198.18.9.77')).toBe(false);
      const addressesAlone = connectTo(product.port, { ranges: false });
      expect(await addressesAlone.apply(aCall(effectOn('198.18.9.0/24')), calm())).toMatchObject({ kind: 'refused' });
      await addressesAlone.close();
    });

    it('shows why the grace should be long: this bouncer keeps the first end of an address', async () => {
      const effect = effectOn('198.18.7.11');
      await connector.apply(aCall(effect), calm());
      await inForce(effect);
      await connector.apply(aCall(effect, { expirationDateTime: inHours(9) }), calm());
      await delay(2_500);
      expect(await host.isBlocked('198.18.7.11')).toBe(true);
      const element = await host.nft('get', 'element', 'ip', 'crowdsec', 'crowdsec-blacklists', '{ 198.18.7.11 }');
      // One hour and the grace of another.
      expect(element).toMatch(/timeout (?:1h59m|2h)/);
    });
  },
);
