import type { Expression } from './expression.ts';

/** Whether an entity, as `/beta` gives it and parsed, fulfils a filter. What is null or unknown does not. */
export function holds(filter: Expression, entity: Readonly<Record<string, unknown>>, now: number): boolean {
  throw new Error(`Not merged yet: ${filter.kind} ${Object.keys(entity)} ${now}`);
}
