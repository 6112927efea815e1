import type { Form } from './accept.ts';

const CONTROL = /^[^@]*@/;
/** What stays of control information where a client wants none. */
const KEPT: readonly string[] = ['@odata.nextLink', '@odata.count', '@odata.deltaLink', '@removed'];

/** A parsed answer as `odata.metadata=none` has it. */
export function withoutControl(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutControl);
  if (typeof value !== 'object' || value === null) return value;
  const kept = Object.entries(value).filter(
    ([name]) => !CONTROL.test(name) || KEPT.some((end) => name.toLowerCase().endsWith(end.toLowerCase())),
  );
  return Object.fromEntries(kept.map(([name, member]) => [name, withoutControl(member)]));
}

/** The media type of an answer in a form that was asked for. */
export const typeOf = ({ metadata, isIeee754 }: Form): string =>
  `application/json;odata.metadata=${metadata};odata.streaming=true;IEEE754Compatible=${isIeee754};charset=utf-8`;
