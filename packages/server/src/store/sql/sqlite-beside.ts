import { systemClock } from '../../lib/clock.ts';
import type { Store } from '../store.ts';
import type { AnyUnit } from '../work.ts';
import { ACROSS_TENANTS } from './across-tenants.ts';
import { hasThrown } from './group.ts';
import { createSqliteEngine, runGroup } from './sqlite-engine.ts';
import { migrateSqlite, openWriter } from './sqlite-open.ts';

/** What a command does in the embedded store, a server beside it or not: each unit is a transaction of its own. */
export interface SqliteBeside extends Pick<Store, 'run' | 'tenantsAfter'> {
  close(): void;
}

/** @throws {Error} unless the file is, or can be made, a store of this version */
export function openSqliteBeside(folder: string, units: readonly AnyUnit[]): SqliteBeside {
  const db = openWriter(folder);
  migrateSqlite(db);
  const engine = createSqliteEngine(db, units, systemClock);
  const tenantsAfter = db.prepare(ACROSS_TENANTS.tenantsAfter.replaceAll(/\$\d/g, '?'));
  return {
    run: async (tenantId, unit, args) => {
      const [outcome] = runGroup(engine, [{ tenantId, unit: unit.name, args }]);
      if (!outcome || hasThrown(outcome)) throw outcome ? outcome.thrown : new Error('The store lost an outcome.');
      return outcome.value as never;
    },
    tenantsAfter: async (tenantId, limit) => tenantsAfter.all(tenantId, limit).map((row) => String(row.tenant_id)),
    close: () => db.close(),
  };
}
