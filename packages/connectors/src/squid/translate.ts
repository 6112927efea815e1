import type { Effect, ListedEffect } from '../connector.ts';
import { isUrl } from './block-index.ts';
import { type Entry, findCanonical } from './list-text.ts';
import { TRAITS } from './traits.ts';

const GUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** As it is written in the list; undefined where it is no GUID. */
export function findTenant(tenantId: string): string | undefined {
  const tenant = tenantId.toLowerCase();
  return GUID.test(tenant) ? tenant : undefined;
}

/** The line of an effect, or a sentence where it has none. */
export function toEntry({ tenantId, action, target }: Effect): Entry | string {
  const offer = TRAITS.actions.find(({ name }) => name === action);
  if (!offer?.targetKinds.includes(target.kind)) return `Squid offers no ${action} of a target of kind ${target.kind}.`;
  const { value } = target;
  if (findCanonical(value) !== value || isUrl(value) !== (target.kind === 'url')) {
    return `The target is no ${target.kind === 'url' ? 'URL' : 'domain'} in canonical form.`;
  }
  const tenant = findTenant(tenantId);
  return tenant ? { value, tenant } : 'The tenant is no GUID.';
}

/** Of an https URL without TLS interception Squid sees its host alone. */
export function refusalOf({ value }: Entry, interceptsTls: boolean): string | undefined {
  if (interceptsTls || !isInTls(value)) return undefined;
  return 'Squid does not see paths of https URLs here (interceptsTls is not set): block the whole domain, or let Squid open TLS.';
}

/** An https URL that is not a whole site. */
export const isInTls = (value: string): boolean => value.startsWith('https:') && !isTunnelled(value);

/** Whether a block of it must be seen in the opening of a tunnel. */
export const isTunnelled = (value: string): boolean => !isUrl(value) || /^https:\/\/[^/]*\/$/.test(value);

export const toListed = ({ value, tenant }: Entry): ListedEffect =>
  isUrl(value)
    ? { action: 'BlockUrl', target: { kind: 'url', value }, foreign: tenant === '' }
    : { action: 'BlockDomain', target: { kind: 'domain', value }, foreign: tenant === '' };
