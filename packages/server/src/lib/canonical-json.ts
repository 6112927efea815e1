import { hash } from 'node:crypto';

function inOrder(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(inOrder);
  const ordered: Record<string, unknown> = {};
  for (const name of Object.keys(value).sort()) {
    const member = inOrder((value as Record<string, unknown>)[name]);
    if (name === '__proto__') Object.defineProperty(ordered, name, { value: member, enumerable: true });
    else ordered[name] = member;
  }
  return ordered;
}

/** JSON with its members in one order: equal values give equal text, however they were written. */
export const canonicalJson = (value: unknown): string => JSON.stringify(inOrder(value)) ?? 'null';

/** SHA-256 as 64 hexadecimal digits. */
export const sha256 = (text: string): string => hash('sha256', text, 'hex');
