import { compiled, type Migration } from './migration.ts';

/** The tenants' own rows: the questions across tenants read them all, and a unit of work writes its own alone. */
export const tenantGuard: Migration = {
  name: '0008-tenant-guard',
  breaking: false,
  statements: (db, dialect) => compiled(db, dialect.guardWritesByTenant('tenant')),
};
