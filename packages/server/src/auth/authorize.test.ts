import type { Permission } from '@interdict/contract';
import { PERMISSIONS } from '@interdict/contract';
import { describe, expect, it } from 'vitest';
import { Refusal } from '../errors.ts';
import { authorize } from './authorize.ts';
import type { Caller } from './caller.ts';
import { LOCAL_APP_ID, LOCAL_ISSUER, LOCAL_TENANT_ID } from './local-issuer.ts';

const [READ, WRITE, APPROVE, AUDIT] = PERMISSIONS;

const aCaller = (kind: Caller['kind'], permissions: readonly Permission[], roles: readonly string[] = []): Caller => ({
  issuer: LOCAL_ISSUER,
  tenantId: LOCAL_TENANT_ID,
  appId: LOCAL_APP_ID,
  user: kind === 'delegated' ? 'alice' : null,
  oid: 'x',
  kind,
  permissions: new Set(permissions),
  roles: new Set(roles),
  issuedAtMs: 0,
  expiresAtMs: 1,
});

const refusalOf = (caller: Caller, permission: Permission): Refusal | undefined => {
  try {
    authorize(caller, permission);
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
  return undefined;
};

describe('a permission', () => {
  it.each<[Permission, Caller['kind'], Permission, readonly string[], boolean]>([
    [READ, 'application', READ, [], true],
    [WRITE, 'application', READ, [], true],
    [READ, 'application', WRITE, [], false],
    [APPROVE, 'application', APPROVE, [APPROVE], false],
    [AUDIT, 'application', READ, [], false],
    [AUDIT, 'application', AUDIT, [], true],
    [WRITE, 'application', AUDIT, [], false],
    [READ, 'delegated', READ, [], true],
    [WRITE, 'delegated', READ, [], true],
    [READ, 'delegated', WRITE, [WRITE], false],
    [WRITE, 'delegated', APPROVE, [APPROVE], false],
    [APPROVE, 'delegated', APPROVE, [], false],
    [APPROVE, 'delegated', APPROVE, [WRITE], false],
    [APPROVE, 'delegated', APPROVE, [APPROVE], true],
    [APPROVE, 'delegated', READ, [APPROVE], false],
    [AUDIT, 'delegated', AUDIT, [], true],
  ])('%s held %s-wise, for %s with the roles %j: %s', (held, kind, needed, roles, is) => {
    expect(refusalOf(aCaller(kind, [held], roles), needed) === undefined).toBe(is);
  });

  it('that is missing is named, with what the token has', () => {
    const refusal = refusalOf(aCaller('application', [READ, AUDIT]), WRITE);
    expect(refusal).toMatchObject({ code: 'Authorization_RequestDenied', inner: 'insufficientPermission' });
    expect(refusal?.message).toContain(`needs the permission ${WRITE}`);
    expect(refusal?.message).toContain(`${READ}, ${AUDIT}`);
    expect(refusal?.headers['WWW-Authenticate']).toContain(`scope="${WRITE}"`);
    expect(refusalOf(aCaller('delegated', []), READ)?.message).toContain('none of this service');
  });
});
