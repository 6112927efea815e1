import { createHash } from 'node:crypto';
import type { Entry } from './names.ts';

/** A tenant as the zone names him: whoever asks a resolver for a mark learns no tenant's id. */
export const tenantDigest = (tenantId: string): string =>
  createHash('sha256').update(tenantId.toLowerCase()).digest('hex').slice(0, 32);

/** For whom, and which of an entry's names we have put there. */
export interface Mark {
  readonly tenant: string;
  /** One for each of the entry's owners. */
  readonly own: readonly boolean[];
  readonly action: string;
  /** As `domain:evil.example`. */
  readonly target: string;
}

const FIRST = 'interdict';
const LETTERS = ['n', 's'];

/** The strings of the TXT record that is the mark. */
export const markStrings = ({ action, target }: Entry, tenant: string, own: readonly boolean[]): readonly string[] => [
  FIRST,
  tenant,
  own.map((isOwn, index) => (isOwn ? LETTERS[index] : '-')).join(''),
  action,
  // A string of a TXT record has 255 bytes; the kind goes by itself.
  target.kind,
  target.value,
];

/** Undefined for a record that is no mark of ours. */
export function parseMark(strings: readonly string[] | undefined): Mark | undefined {
  const [first, tenant, own, action, kind, value, ...more] = strings ?? [];
  if (first !== FIRST || !tenant || !own || !action || !kind || !value || more.length > 0) return undefined;
  return { tenant, own: [...own].map((letter) => letter !== '-'), action, target: `${kind}:${value}` };
}
