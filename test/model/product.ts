import type { Presence } from '../../packages/connectors/src/connector.ts';
import type { Idempotence, Message, Product, State } from './state.ts';

const EMPTY: readonly string[] = [];

function applied(product: Product, key: string, idempotence: Idempotence): Product {
  if (product.foreign) return product;
  switch (idempotence) {
    case 'setlike':
      return { ...product, ours: product.ours.length === 0 ? ['entry'] : product.ours };
    case 'native':
      if (product.handled.includes(key)) return product;
      return { ...product, ours: [...product.ours, key], handled: [...product.handled, key] };
    case 'none':
      return { ...product, ours: [...product.ours, key] };
  }
}

/** What the product is when a write has taken effect. */
export const landed = (product: Product, { kind, key }: Message, idempotence: Idempotence): Product =>
  kind === 'apply' ? applied(product, key, idempotence) : { ...product, ours: EMPTY };

/** A look shows what is there. While the product is at an apply it says so. */
export function looked({ product, late }: State): Presence {
  if (product.foreign) return { kind: 'present', foreign: true };
  if (product.ours.length > 0) return { kind: 'present', foreign: false };
  const isAtIt = late.some(({ kind, isJob }) => kind === 'apply' && isJob);
  return isAtIt ? { kind: 'pending', message: 'At it.', againMs: 0 } : { kind: 'absent' };
}

/** Whether a write of that kind, answered or not, may still take effect. */
export function mayLand({ late, workers }: State, kind: Message['kind']): boolean {
  const isOf = (message: Message | undefined): boolean => message?.kind === kind;
  return late.some(isOf) || workers.some(({ calls }) => calls.some(({ message }) => isOf(message)));
}
