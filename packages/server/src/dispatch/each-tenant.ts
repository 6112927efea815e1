import type { Store } from '../store/store.ts';

const PAGE = 1_000;

/** Every tenant that ever had a row, a page at a time. */
export async function* eachTenant(store: Store): AsyncGenerator<string> {
  let last = '';
  for (;;) {
    const page = await store.tenantsAfter(last, PAGE);
    yield* page;
    last = page.at(-1) ?? '';
    if (page.length < PAGE) return;
  }
}
