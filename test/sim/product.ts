import type { ConnectorTraits } from '../../packages/connectors/src/connector.ts';
import { plan, type VirtualTime } from './virtual-time.ts';

type Write = 'apply' | 'release';

/** What a product enforces. */
interface Entry {
  readonly owner: 'ours' | 'foreign';
  /** When a product that keeps time drops it. */
  readonly until: number | undefined;
  readonly operationId?: string;
}

/** A write that arrived and has not taken effect. */
export interface Landing {
  readonly kind: Write;
  readonly effect: string;
  readonly operationId: string;
  readonly until: number;
  readonly at: number;
  cancel: () => void;
}

/** What the product has answered "pending" to: while asked for, it lands when it will; then within the lateness, or never. */
export interface Job {
  readonly landing: Landing;
}

/** One product behind one provider: what is in force there, and what is on its way. */
export interface Product {
  readonly name: string;
  readonly traits: ConnectorTraits;
  readonly latenessMs: number;
  readonly timeoutMs: number;
  readonly lists: boolean;
  readonly takesTime: boolean;
  readonly entries: Map<string, Entry>;
  readonly landings: Set<Landing>;
  readonly jobs: Set<Job>;
  /** Of these it says "done" and does nothing. */
  readonly lies: Set<string>;
  /** Operations whose apply took effect a second time, while the first was there. */
  readonly doubled: Set<string>;
  /** When a look last truly showed each effect, by the clock of the store. */
  readonly shownAt: Map<string, number>;
  /** When it last answered that an apply of each was done. */
  readonly doneAt: Map<string, number>;
  isDown: boolean;
  readonly onLanding: (landing: Landing) => void;
}

export const effectOf = (tenantId: string, action: string, target: string): string => `${tenantId} ${action} ${target}`;

/** How long after its end a product keeps an entry by itself. */
const GRACE_MS = 60_000;

/** Takes effect. */
function land(time: VirtualTime, product: Product, landing: Landing): void {
  const { kind, effect, operationId } = landing;
  const present = product.entries.get(effect);
  if (kind === 'release') {
    if (present?.owner === 'ours') product.entries.delete(effect);
  } else if (present?.owner !== 'foreign') {
    const until = product.traits.keepsTime ? landing.until + GRACE_MS : undefined;
    const entry: Entry = { owner: 'ours', until, operationId };
    if (present?.operationId === operationId) product.doubled.add(operationId);
    product.entries.set(effect, entry);
    if (until !== undefined) plan(time, until - time.now, () => drop(product, effect, entry));
  }
  product.onLanding(landing);
}

function drop({ entries }: Product, effect: string, entry: Entry): void {
  if (entries.get(effect) === entry) entries.delete(effect);
}

/** Lands after so many milliseconds, unless {@link forget} comes before. */
export function landIn(
  time: VirtualTime,
  product: Product,
  ms: number,
  of: Pick<Landing, 'kind' | 'effect' | 'operationId' | 'until'>,
): Landing {
  const landing: Landing = { ...of, at: time.now + ms, cancel: () => undefined };
  product.landings.add(landing);
  const arrive = (): void => {
    product.landings.delete(landing);
    for (const job of product.jobs) if (job.landing === landing) product.jobs.delete(job);
    land(time, product, landing);
  };
  if (ms === 0) arrive();
  else landing.cancel = plan(time, ms, arrive);
  return landing;
}

export function forget(product: Product, landing: Landing): void {
  landing.cancel();
  product.landings.delete(landing);
}

/** What was on its way lands at another time. */
export function landInstead(time: VirtualTime, product: Product, landing: Landing, ms: number): Landing {
  if (!product.landings.has(landing)) return landing;
  forget(product, landing);
  return landIn(time, product, ms, landing);
}

/** Whether a write of that kind may still take effect. */
export const mayLand = ({ landings }: Product, kind: Write, effect: string): boolean =>
  [...landings].some((landing) => landing.kind === kind && landing.effect === effect);

/** Nobody asks for the job any more: it lands within the lateness, or never. */
export function giveUp(time: VirtualTime, product: Product, job: Job, share: number): void {
  product.jobs.delete(job);
  const left = Math.max(1, job.landing.at - time.now);
  if (left > product.latenessMs) forget(product, job.landing);
  else landInstead(time, product, job.landing, Math.min(left, Math.floor(share * product.latenessMs)));
}
