import { targetText } from '@interdict/contract';
import type { Effect } from '../connector.ts';
import type { Manner } from './manner.ts';

interface Entry {
  readonly effect: Effect;
  readonly inForceAtMs: number;
  readonly lostAtMs: number;
}

/** A product that exists in memory only: what it has, and whom it has turned away how often. */
export interface SimulatedProduct {
  readonly entries: Map<string, Entry>;
  readonly turnedAway: Map<string, number>;
}

export const createProduct = (): SimulatedProduct => ({ entries: new Map(), turnedAway: new Map() });

const products = new Map<string, SimulatedProduct>();

/** The product of that name. It outlives its connectors, and ends with the process. */
export function productNamed(name: string): SimulatedProduct {
  const product = products.get(name) ?? createProduct();
  products.set(name, product);
  return product;
}

const keyOf = ({ tenantId, action, target }: Effect): string => `${tenantId} ${action} ${targetText(target)}`;

/** What it knows of an effect now. `comingMs`: under way, and in force after so long. */
export type Standing = { readonly kind: 'inForce' | 'absent' } | { readonly kind: 'coming'; readonly comingMs: number };

function standingOf(entry: Entry | undefined, nowMs: number): Standing {
  if (!entry || nowMs >= entry.lostAtMs) return { kind: 'absent' };
  return nowMs >= entry.inForceAtMs ? { kind: 'inForce' } : { kind: 'coming', comingMs: entry.inForceAtMs - nowMs };
}

export const lookUp = (product: SimulatedProduct, effect: Effect, nowMs: number): Standing =>
  standingOf(product.entries.get(keyOf(effect)), nowMs);

/** Turns one more apply away, as long as the manner asks for it. */
export function turnAway(product: SimulatedProduct, effect: Effect, { throttles }: Manner): boolean {
  const key = keyOf(effect);
  const times = product.turnedAway.get(key) ?? 0;
  if (times >= throttles) return false;
  product.turnedAway.set(key, times + 1);
  return true;
}

/** Puts the effect in force, at once or on its way; what is there or coming stays as it is. */
export function putInForce(product: SimulatedProduct, effect: Effect, manner: Manner, nowMs: number): void {
  if (lookUp(product, effect, nowMs).kind !== 'absent') return;
  const inForceAtMs = nowMs + manner.takesMs;
  const { tenantId, action, target } = effect;
  const entry: Entry = {
    effect: { tenantId, action, target },
    inForceAtMs,
    lostAtMs: inForceAtMs + manner.losesAfterMs,
  };
  product.entries.set(keyOf(effect), entry);
}

/** Takes the effect away, and forgets all about it. */
export function takeAway(product: SimulatedProduct, effect: Effect): void {
  product.entries.delete(keyOf(effect));
  product.turnedAway.delete(keyOf(effect));
}

/** All that is in force for anybody. */
export function effectsInForce(product: SimulatedProduct, nowMs: number): readonly Effect[] {
  return [...product.entries.values()]
    .filter((entry) => standingOf(entry, nowMs).kind === 'inForce')
    .map(({ effect }) => effect);
}
