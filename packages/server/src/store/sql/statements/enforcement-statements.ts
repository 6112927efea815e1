import type { QueryName } from '../../queries.ts';
import { LANES } from '../../rows.ts';
import type { Statements } from '../prepare.ts';
import { ENFORCEMENT_COLUMNS, pick } from './columns.ts';

type EnforcementQuery = Extract<
  QueryName,
  | 'insertEnforcement'
  | 'saveEnforcement'
  | 'deleteEnforcement'
  | 'enforcementById'
  | 'enforcementOf'
  | 'holdsOn'
  | 'dueEnforcements'
  | 'dueReleasesSince'
  | 'overdueApplies'
  | 'dueCalls'
  | 'dueSuspects'
  | 'overdueLeases'
  | 'nextLease'
  | 'nextCall'
  | 'leasesAfter'
  | 'unwantedCalls'
  | 'oldestRelease'
  | 'nextLateRelease'
  | 'lateReleases'
>;

const CHANGEABLE = ENFORCEMENT_COLUMNS.filter(
  (column) => !['id', 'version', 'provider', 'action', 'target'].includes(column),
);

export const enforcementStatements: Statements<EnforcementQuery> = {
  insertEnforcement: (db, a) =>
    db
      .insertInto('enforcement')
      .values(pick(a, ['tenant_id', ...ENFORCEMENT_COLUMNS]))
      .returning('id'),

  saveEnforcement: (db, a) =>
    db
      .updateTable('enforcement')
      .set(pick(a, CHANGEABLE))
      .set((eb) => ({ version: eb('version', '+', 1) }))
      .where('tenant_id', '=', a.tenant_id)
      .where('id', '=', a.id)
      .where('version', '=', a.version)
      .returning('id'),

  deleteEnforcement: (db, a) =>
    db
      .deleteFrom('enforcement')
      .where('tenant_id', '=', a.tenant_id)
      .where('id', '=', a.id)
      .where('version', '=', a.version)
      .returning('id'),

  enforcementById: (db, a) =>
    db
      .selectFrom('enforcement')
      .select(ENFORCEMENT_COLUMNS)
      .where('tenant_id', '=', a.tenant_id)
      .where('id', '=', a.id),

  enforcementOf: (db, a) =>
    db
      .selectFrom('enforcement')
      .select(ENFORCEMENT_COLUMNS)
      .where('tenant_id', '=', a.tenant_id)
      .where('provider', '=', a.provider)
      .where('action', '=', a.action)
      .where('target', '=', a.target),

  holdsOn: (db, a) =>
    db
      .selectFrom('action')
      .select((eb) => [eb.fn.countAll<number>().as('holds'), eb.fn.max('hold_until').as('until')])
      .where('tenant_id', '=', a.tenant_id)
      .where('enforcement_id', '=', a.enforcement_id)
      .where('hold', '=', 'active'),

  dueEnforcements: (db, a) =>
    db
      .selectFrom('enforcement')
      .select(ENFORCEMENT_COLUMNS)
      .where('tenant_id', '=', a.tenant_id)
      .where('provider', '=', a.provider)
      .where('lane', '=', a.lane)
      .where('due_at', '<=', a.now)
      .where((eb) => eb('abandoned', '<=', eb.lit(1)))
      .orderBy('due_at')
      .limit(a.limit),

  dueReleasesSince: (db, a) =>
    db
      .selectFrom('enforcement')
      .select(ENFORCEMENT_COLUMNS)
      .where('tenant_id', '=', a.tenant_id)
      .where('provider', '=', a.provider)
      .where((eb) => eb('lane', '=', eb.lit(LANES.release)))
      .where('due_at', '<=', a.now)
      .where((eb) => eb('abandoned', '<=', eb.lit(1)))
      .where((eb) => eb.or([eb('release_wished_at', '>', a.since), eb('lease_owner', 'is not', null)]))
      .orderBy('due_at')
      .limit(a.limit),

  overdueApplies: (db, a) =>
    db
      .selectFrom('enforcement')
      .select(ENFORCEMENT_COLUMNS)
      .where('tenant_id', '=', a.tenant_id)
      .where('provider', '=', a.provider)
      .where((eb) => eb('lane', '=', eb.lit(LANES.apply)))
      .where('lease_owner', 'is not', null)
      .where('due_at', '<=', a.now)
      .orderBy('due_at')
      .limit(a.limit),

  dueCalls: (db, a) =>
    db
      .selectFrom('enforcement')
      .select('id')
      .where('tenant_id', '=', a.tenant_id)
      .where('provider', '=', a.provider)
      .where('lane', '=', a.lane)
      .where('due_at', '<=', a.now)
      .limit(a.limit),

  dueSuspects: (db, a) =>
    db
      .selectFrom('enforcement')
      .select(ENFORCEMENT_COLUMNS)
      .where('tenant_id', '=', a.tenant_id)
      .where('provider', '=', a.provider)
      .where('lane', '=', a.lane)
      .where('due_at', '<=', a.now)
      .where((eb) => eb('abandoned', '>', eb.lit(1)))
      .orderBy('abandoned')
      .orderBy('due_at')
      .limit(a.limit),

  overdueLeases: (db, a) =>
    db
      .selectFrom('enforcement')
      .select(ENFORCEMENT_COLUMNS)
      .where('tenant_id', '=', a.tenant_id)
      .where('provider', '=', a.provider)
      .where('lease_owner', 'is not', null)
      .where('due_at', '<=', a.now)
      .limit(a.limit),

  nextLease: (db, a) =>
    db
      .selectFrom('enforcement')
      .select((eb) => eb.fn.min('due_at').as('due_at'))
      .where('tenant_id', '=', a.tenant_id)
      .where('provider', '=', a.provider)
      .where('lease_owner', 'is not', null)
      .having((eb) => eb.fn.min('due_at'), 'is not', null),

  nextCall: (db, a) =>
    db
      .selectFrom('enforcement')
      .select('due_at')
      .where('tenant_id', '=', a.tenant_id)
      .where('provider', '=', a.provider)
      .where('lane', '=', a.lane)
      .where('due_at', 'is not', null)
      .orderBy('due_at')
      .limit(1),

  leasesAfter: (db, a) =>
    db
      .selectFrom('enforcement')
      .select(['id', 'lease_owner'])
      .where('tenant_id', '=', a.tenant_id)
      .where('lease_owner', 'is not', null)
      .where('id', '>', a.id)
      .orderBy('id')
      .limit(a.limit),

  unwantedCalls: (db, a) =>
    db
      .selectFrom('enforcement')
      .select('id')
      .where('tenant_id', '=', a.tenant_id)
      .where('lease_owner', '=', a.owner)
      .where('holds', '=', 0)
      .where('release_wished_at', 'is not', null)
      .where('lease_call', '!=', 'release'),

  oldestRelease: (db, a) =>
    db
      .selectFrom('enforcement')
      .select(['provider', 'release_wished_at'])
      .where('tenant_id', '=', a.tenant_id)
      .where('provider', '>', a.after)
      .where('release_wished_at', 'is not', null)
      .where((eb) => eb('release_failed', '=', eb.lit(0)))
      .orderBy('provider')
      .orderBy('release_wished_at')
      .limit(1),

  nextLateRelease: (db, a) =>
    db
      .selectFrom('enforcement')
      .select('release_wished_at')
      .where('tenant_id', '=', a.tenant_id)
      .where('provider', '=', a.provider)
      .where('release_wished_at', '>', a.since)
      .where((eb) => eb('release_failed', '=', eb.lit(0)))
      .orderBy('release_wished_at')
      .limit(1),

  lateReleases: (db, a) =>
    db
      .selectFrom('enforcement')
      .select('id')
      .where('tenant_id', '=', a.tenant_id)
      .where('provider', '=', a.provider)
      .where('release_wished_at', '>', a.since)
      .where('release_wished_at', '<=', a.until)
      .where((eb) => eb('release_failed', '=', eb.lit(0)))
      .orderBy('release_wished_at')
      .limit(a.limit),
};
