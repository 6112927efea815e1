/** Graph's two permissions of this resource, and the two that it lacked. */
export const PERMISSIONS = [
  'SecurityActions.Read.All',
  'SecurityActions.ReadWrite.All',
  'SecurityActions.Approve.All',
  'SecurityActions.Audit.Read.All',
] as const;
export type Permission = (typeof PERMISSIONS)[number];

/** Permissions that an application can never hold: an approval is a person's. */
export const DELEGATED_ONLY: readonly Permission[] = ['SecurityActions.Approve.All'];
