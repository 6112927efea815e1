import type { Permission } from '@interdict/contract';
import { Refusal } from '../errors.ts';
import type { Caller } from './caller.ts';

interface Need {
  /** Permissions of which one is enough. */
  readonly satisfiedBy: readonly Permission[];
  readonly application: 'yes' | 'never';
  /** Whether the app's permission to act for a user is enough, or the user has to hold the role of that name too. */
  readonly delegated: 'scope' | 'scopeAndRole';
}

/** Who may do what asks for a permission. */
// biome-ignore format: a table reads better in columns
const NEEDS: Record<Permission, Need> = {
  'SecurityActions.Read.All':       { satisfiedBy: ['SecurityActions.Read.All', 'SecurityActions.ReadWrite.All'], application: 'yes',   delegated: 'scope' },
  'SecurityActions.ReadWrite.All':  { satisfiedBy: ['SecurityActions.ReadWrite.All'],                             application: 'yes',   delegated: 'scope' },
  'SecurityActions.Approve.All':    { satisfiedBy: ['SecurityActions.Approve.All'],                               application: 'never', delegated: 'scopeAndRole' },
  'SecurityActions.Audit.Read.All': { satisfiedBy: ['SecurityActions.Audit.Read.All'],                            application: 'yes',   delegated: 'scope' },
};

const describe = ({ permissions, kind }: Caller): string => {
  const where = kind === 'application' ? "an application's, with the roles" : "a user's app's, with the scopes";
  return `the token is ${where}: ${permissions.size > 0 ? [...permissions].join(', ') : 'none of this service'}`;
};

/** A sentence that says what is missing, or nothing. */
function findLack(caller: Caller, permission: Permission): string | undefined {
  const need = NEEDS[permission];
  if (need.application === 'never' && caller.kind === 'application')
    return `This needs the delegated permission ${permission}, which no application can hold: a person has to sign in. Here ${describe(caller)}.`;
  if (!need.satisfiedBy.some((name) => caller.permissions.has(name)))
    return `This needs the permission ${permission}, as a role of an application or as a scope of an app that acts for a user; ${describe(caller)}.`;
  if (need.delegated === 'scopeAndRole' && !caller.roles.has(permission))
    return `This needs the role ${permission} of the user, besides the scope of that name that the app has; among the user's roles it is missing.`;
  return undefined;
}

/**
 * Returns where the caller may do what asks for this permission.
 *
 * @throws {Refusal} `Authorization_RequestDenied` that names the permission and what the token has
 */
export function authorize(caller: Caller, permission: Permission): void {
  const lack = findLack(caller, permission);
  if (lack === undefined) return;
  throw new Refusal('Authorization_RequestDenied', lack, {
    inner: 'insufficientPermission',
    headers: { 'WWW-Authenticate': `Bearer realm="interdict", error="insufficient_scope", scope="${permission}"` },
  });
}
