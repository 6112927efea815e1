/**
 * Where a claim stands. As text: the member of exactly that name (`https://example.com/roles`, `scp`); where the token
 * has none, the dots lead downwards (`realm_access.roles`). As a list: one member a step, so that a step may itself
 * hold dots (`[resource_access, my.client, roles]`).
 */
export type ClaimName = string | readonly string[];

export type Claims = Readonly<Record<string, unknown>>;

function ownMember(from: unknown, name: string): unknown {
  if (typeof from !== 'object' || from === null || Array.isArray(from)) return undefined;
  return Object.hasOwn(from, name) ? (from as Claims)[name] : undefined;
}

/** The claim's value; undefined where the token has none. */
export function findClaim(claims: Claims, name: ClaimName): unknown {
  if (typeof name === 'string' && Object.hasOwn(claims, name)) return claims[name];
  const steps = typeof name === 'string' ? name.split('.') : name;
  return steps.reduce<unknown>(ownMember, claims);
}

/** The value of the first of several names that the token has. */
export function findFirstClaim(claims: Claims, names: readonly ClaimName[]): unknown {
  for (const name of names) {
    const value = findClaim(claims, name);
    if (value !== undefined && value !== null) return value;
  }
  return undefined;
}

/** The name in one text. */
export const showClaimName = (name: ClaimName): string => (typeof name === 'string' ? name : name.join('.'));
