import type { KeyValuePair } from '@interdict/contract';
import type { ActionInput } from '../../actions/create-input.ts';
import { Refusal } from '../../errors.ts';
import { SECURITY_ACTION, typeCheck } from './body-schema.ts';
import { checkNames } from './names.ts';

/** A body of right types. */
export interface SentAction extends Readonly<Record<string, unknown>> {
  readonly name?: string | null;
  readonly actionReason?: string | null;
  readonly clientContext?: string | null;
  readonly status?: string | null;
  readonly parameters?: readonly KeyValuePair[] | null;
  readonly states?: readonly { readonly updatedDateTime?: string | null }[] | null;
  readonly vendorInformation?: Readonly<Record<string, string | null>> | null;
  readonly ttl?: string | null;
  readonly expirationDateTime?: string | null;
  readonly errorInfo?: { readonly code?: number; readonly message?: string | null; readonly subcode?: number } | null;
  readonly scheduledDateTime?: string | null;
}

const checkTypes = typeCheck<SentAction>(SECURITY_ACTION);

const LONGEST = Object.entries({ name: 128, actionReason: 4_096, clientContext: 256 });
const MOST_PARAMETERS = 64;

export function checkLength(value: unknown, target: string, longest: number): void {
  if (typeof value !== 'string' || value.length <= longest) return;
  throw new Refusal('badRequest', `"${target}" has ${value.length} characters; at most ${longest} are kept.`, {
    inner: 'limitExceeded',
    target,
  });
}

function checkLimits(body: SentAction): void {
  for (const [name, longest] of LONGEST) checkLength(body[name], name, longest);
  const count = body.parameters?.length ?? 0;
  if (count <= MOST_PARAMETERS) return;
  throw new Refusal('badRequest', `There are ${count} parameters; at most ${MOST_PARAMETERS} are taken.`, {
    inner: 'limitExceeded',
    target: 'parameters',
  });
}

export const isSomething = (value: unknown): boolean =>
  value !== undefined && value !== null && !(Array.isArray(value) && value.length === 0);

/** Annotations of members are no part of what is kept. */
export const vendorOf = ({ vendorInformation }: SentAction): ActionInput['vendorInformation'] => {
  if (vendorInformation === undefined || vendorInformation === null) return null;
  const { provider = null, providerVersion = null, subProvider = null, vendor = null } = vendorInformation;
  return { provider, providerVersion, subProvider, vendor };
};

/**
 * A body with the right types, within the limits, and with names that its closed types have.
 * @throws {Refusal} malformedJson, invalidProperty, unknownProperty, limitExceeded
 */
export function checkSent(body: unknown): SentAction {
  const sent = checkTypes(body);
  checkLimits(sent);
  checkNames(sent);
  return sent;
}
