import { SECURITY_ACTION_PROPERTIES } from '@interdict/contract';
import { isControlName } from '../odata/control-name.ts';
import type { OwnProperties } from './update-input.ts';

type Plain = Readonly<Record<string, unknown>>;

const isExtension = (name: string): boolean =>
  name !== 'enforcement' && !isControlName(name) && !SECURITY_ACTION_PROPERTIES.includes(name);

/** What an action's text holds beside the declared properties. */
export const extensionsOf = (entity: Plain): Plain =>
  Object.fromEntries(Object.entries(entity).filter(([name]) => isExtension(name)));

/** The entity with its requester's changes; new extensions come behind the others, `enforcement` last. */
export function withOwn<Of extends object>(entity: Of, { extensions, ...declared }: OwnProperties): Of {
  const { enforcement, ...rest } = { ...entity, ...declared, ...extensions } as Plain;
  const kept = Object.entries(rest).filter(([name, value]) => !(name in extensions && value === null));
  return { ...Object.fromEntries(kept), ...(enforcement !== undefined && { enforcement }) } as Of;
}
