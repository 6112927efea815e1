const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 300_000;

/** Until when something that threw is left alone. */
interface Pause {
  readonly ms: number;
  readonly until: number;
}

/** Actions and ledger rows that threw, by tenant and id. It is no truth: a process that starts tries them all. */
export type Aside = Map<string, Map<string, Pause>>;

/** Ids of the tenant's actions and ledger rows that are left alone for now. */
export function leftAlone(aside: Aside, tenantId: string, now: number): ReadonlySet<string> {
  const ids = [...(aside.get(tenantId) ?? [])].filter(([, { until }]) => until > now).map(([id]) => id);
  return new Set(ids);
}

/**
 * It may be mended, or its state may change: it is tried again, ever more rarely.
 * @returns what to log
 */
export function setAside(
  aside: Aside,
  tenantId: string,
  { id, thrown, now }: { readonly id: string; readonly thrown: unknown; readonly now: number },
): Error {
  const mine = aside.get(tenantId) ?? new Map<string, Pause>();
  const before = mine.get(id)?.ms;
  const ms = before === undefined ? FIRST_PAUSE_MS : Math.min(LONGEST_PAUSE_MS, 2 * before);
  mine.set(id, { ms, until: now + ms });
  aside.set(tenantId, mine);
  const message = `${id} of tenant ${tenantId} is left alone for ${ms / 1_000} s: it cannot be dealt with.`;
  return new Error(message, { cause: thrown });
}

/** What was not tried again within the longest pause is over, or goes on with the others. */
export function forgetPast(aside: Aside, now: number): void {
  for (const [tenantId, mine] of aside) {
    for (const [id, { until }] of mine) if (until + LONGEST_PAUSE_MS <= now) forget(aside, tenantId, id);
  }
}

export function forget(aside: Aside, tenantId: string, id: string): void {
  const mine = aside.get(tenantId);
  if (mine?.delete(id) && mine.size === 0) aside.delete(tenantId);
}
