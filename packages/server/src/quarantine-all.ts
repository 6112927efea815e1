import { quarantineTenant } from './actions/quarantine.ts';
import type { Store } from './store/store.ts';

const AT_ONCE = 256;

/**
 * Puts every tenant of the database into quarantine. Where it is broken off, it is to be done again.
 * @returns how many there are
 */
export async function quarantineAll(store: Pick<Store, 'run' | 'tenantsAfter'>, reason: string): Promise<number> {
  let [count, last] = [0, ''];
  for (;;) {
    const page = await store.tenantsAfter(last, AT_ONCE);
    await Promise.all(page.map((tenantId) => store.run(tenantId, quarantineTenant, { reason })));
    count += page.length;
    last = page.at(-1) ?? last;
    if (page.length < AT_ONCE) return count;
  }
}
