import type { Answer, Call, Presence } from '@interdict/connectors';
import { targetText } from '@interdict/contract';

/** How long after a call was given up it may still land. */
export const LATENESS_MS = 30_000;

type Write = 'apply' | 'release';

/** An effect of a call whose answer was lost, on its way. */
interface Late {
  readonly kind: Write;
  readonly target: string;
  readonly at: number;
}

/** What the product has answered "pending" to, and works on by itself. */
interface Job {
  readonly kind: Write;
  readonly target: string;
  readonly operationId: string;
  /** When it lands. */
  at: number;
  /** When the product last said that it is at it. */
  saidAt: number;
  /** Nobody asks for it any more: it lands within the lateness, or never. */
  isGivenUp: boolean;
}

/** One product that takes its time, loses answers, and may lie. */
export interface Product {
  /** What it enforces: ours, or somebody else's. */
  readonly enforced: Map<string, 'ours' | 'foreign'>;
  readonly late: Late[];
  readonly jobs: Job[];
  /** Targets of which it says "done" and does nothing. */
  readonly lies: Set<string>;
  readonly random: () => number;
  readonly now: () => number;
  readonly say: (text: string) => void;
  /** No faults any more. */
  isCalm: boolean;
  /** It takes nothing. */
  isDown: boolean;
}

export const createProduct = (from: Pick<Product, 'random' | 'now' | 'say'>): Product => ({
  ...from,
  enforced: new Map(),
  late: [],
  jobs: [],
  lies: new Set(),
  isCalm: false,
  isDown: false,
});

export function land({ enforced }: Product, kind: Write, target: string): void {
  const present = enforced.get(target);
  if (kind === 'apply' && present === undefined) enforced.set(target, 'ours');
  if (kind === 'release' && present === 'ours') enforced.delete(target);
}

const isOf =
  (kind: Write, target: string) =>
  (each: Late | Job): boolean =>
    each.kind === kind && each.target === target;

/** Whether a call of that kind, answered or not, may still take effect. */
export const mayLand = ({ late, jobs }: Product, kind: Write, target: string): boolean =>
  [...late, ...jobs].some(isOf(kind, target));

const jobOf = ({ jobs }: Product, kind: Write, { operationId }: Call): Job | undefined =>
  jobs.find((job) => job.kind === kind && job.operationId === operationId);

function pending(product: Product, job: Job): Answer & Presence {
  job.saidAt = product.now();
  return { kind: 'pending', message: 'At it.', againMs: 1_000 + Math.floor(product.random() * 60_000) };
}

/** A look. While something is on its way the product says so, or shows what is there. */
export function look(product: Product, target: string): Presence {
  if (!product.isCalm && product.random() < 0.1) return { kind: 'unknown', message: 'The look failed.' };
  const job = product.jobs.find(isOf('apply', target));
  const present = product.enforced.get(target);
  const landsSoon = job !== undefined && job.at <= job.saidAt + LATENESS_MS;
  if (job && !job.isGivenUp && present === undefined && !(landsSoon && product.random() < 0.5)) {
    return pending(product, job);
  }
  return present === undefined ? { kind: 'absent' } : { kind: 'present', foreign: present === 'foreign' };
}

function done(product: Product, kind: Write, target: string): Answer {
  if (kind === 'release' || !product.lies.has(target)) land(product, kind, target);
  return { kind: 'done', level: 'reported' };
}

function begin(product: Product, kind: Write, target: string, call: Call): Answer {
  const at = product.now() + Math.floor(product.random() * 90_000);
  const job = { kind, target, operationId: call.operationId, at, saidAt: 0, isGivenUp: false };
  product.jobs.push(job);
  return pending(product, job);
}

/** The same operation again, while the product is at it. */
function askAgain(product: Product, job: Job): Answer {
  const chance = product.isCalm ? 1 : product.random();
  if (chance < 0.1) return { kind: 'unavailable', message: 'Down.' };
  if (chance < 0.2) return { kind: 'unknown', message: 'The answer was lost.' };
  if (chance < 0.25 && job.kind === 'apply') {
    product.jobs.splice(product.jobs.indexOf(job), 1);
    return { kind: 'refused', message: 'After all, no.' };
  }
  return pending(product, job);
}

/** What the product makes of a write: done, begun, refused, not reached, or lost on the way there or back. */
export function write(product: Product, kind: Write, call: Call): Answer {
  if (product.isDown) return { kind: 'unavailable', message: 'Down.' };
  const target = targetText(call.target);
  const job = jobOf(product, kind, call);
  if (job) return askAgain(product, job);
  const chance = product.isCalm ? 0 : product.random();
  if (chance < 0.4) return done(product, kind, target);
  if (chance < 0.55) return begin(product, kind, target, call);
  if (chance < 0.65) return { kind: 'unavailable', message: 'Down.' };
  if (chance < 0.7 && kind === 'apply') return { kind: 'refused', message: 'No.' };
  if (chance < 0.8) {
    land(product, kind, target);
    return { kind: 'unknown', message: 'The answer was lost.' };
  }
  if (chance < 0.9) {
    loseLate(product, kind, target);
    return { kind: 'unknown', message: 'Late.' };
  }
  return { kind: 'unknown', message: 'Lost on the way there.' };
}

/** A call that was given up, and lands all the same within the lateness. */
export function loseLate(product: Product, kind: Write, target: string): void {
  product.late.push({ kind, target, at: product.now() + Math.floor(product.random() * LATENESS_MS) });
}

/** A job that nobody asks for any more lands soon. */
export function giveUp(product: Product, job: Job): void {
  if (job.isGivenUp) return;
  job.isGivenUp = true;
  job.at = Math.min(job.at, product.now() + Math.floor(product.random() * LATENESS_MS));
}

/** What was on its way arrives. */
export function arrive(product: Product): void {
  const now = product.now();
  for (const on of [product.late, product.jobs]) {
    for (const each of on.filter(({ at }) => at <= now)) {
      on.splice(on.indexOf(each as never), 1);
      land(product, each.kind, each.target);
      product.say(`late ${each.kind} ${each.target} lands`);
    }
  }
}

/** Somebody else changes the product. */
export function meddle({ enforced, say }: Product, target: string): void {
  if (enforced.get(target) === undefined) enforced.set(target, 'foreign');
  else enforced.delete(target);
  say(`a stranger: ${target} is now ${enforced.get(target) ?? 'absent'}`);
}
