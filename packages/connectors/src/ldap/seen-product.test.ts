import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { requirement } from '../../../../test/requirement.ts';
import { Secret } from '../secret.ts';
import { aCall } from '../testing/call-builder.ts';
import type { SeenProduct } from '../testing/seen-product.ts';
import { ldap } from './connector.ts';
import { startSeenLdap } from './testing/openldap-product.ts';
import { NO_PORTS, TENANT } from './testing/openldap-under-test.ts';

const QUICK_MS = 20;

describe.skipIf(!requirement('openldap').ok)('the directory that measurements are made on', () => {
  let product: SeenProduct;
  beforeAll(async () => {
    product = await startSeenLdap();
  }, 60_000);
  afterAll(() => product?.stop());

  it('shows by a login of its own what is in force, quickly', async () => {
    const { connector: _, name: __, tenants: ___, ...keys } = product.provider;
    const own = { ...keys, password: new Secret(product.environment.DIRECTORY_PASSWORD ?? '') };
    const connector = ldap.open({ name: 'directory', own }, NO_PORTS);
    const call = aCall({
      tenantId: TENANT,
      action: product.action,
      target: { kind: 'user', value: product.target(9_999) },
    });
    const signal = AbortSignal.timeout(10_000);
    expect(await product.isBlocked(9_999)).toBe(false);
    await connector.apply(call, signal);
    const times: number[] = [];
    for (let round = 0; round < 11; round += 1) {
      const begun = performance.now();
      expect(await product.isBlocked(9_999)).toBe(true);
      times.push(performance.now() - begun);
    }
    console.log(`A login is answered in ${times.toSorted((one, other) => one - other)[5]?.toFixed(1)} ms`);
    expect(Math.min(...times)).toBeLessThan(QUICK_MS);
    await product.lose(9_999);
    expect(await product.isBlocked(9_999)).toBe(false);
    await product.putForeign(9_998);
    expect(await product.isBlocked(9_998)).toBe(true);
    expect(await connector.list?.(TENANT, signal)).toMatchObject([{ foreign: true }]);
    await connector.close();
  });
});
