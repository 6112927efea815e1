import type { Path } from './expression.ts';
export const resolvePath = (text: string): Path | undefined => ({ kind: 'path', path: text, type: 'string' });
export const nearestFilterable = (_: string): string => '';
