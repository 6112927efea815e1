import type { Effect } from '../connector.ts';

/** 255 octets on the wire, of which one begins and one ends the name. */
const LONGEST_NAME = 253;
const NAME = /^(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/;

/** Whether it is a domain in canonical form: nothing else is written to the socket, whose commands end with their line. */
export const isDomain = (text: string): boolean => text.length <= LONGEST_NAME && NAME.test(text);

/** The zone of an effect, or a sentence that says why there is none. */
export function toZone({ action, target }: Effect): { readonly zone: string } | { readonly refusal: string } {
  if (action !== 'BlockDomain' || target.kind !== 'domain') {
    return { refusal: 'Unbound takes BlockDomain of a domain, and nothing else.' };
  }
  if (!isDomain(target.value))
    return { refusal: `${JSON.stringify(target.value.slice(0, 80))} is no domain in canonical form.` };
  return { zone: target.value };
}
