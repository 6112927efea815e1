import { OperatorFault } from '../../../errors.ts';
import { first } from './0001-first.ts';
import { query } from './0002-query.ts';
import { subscriptions } from './0003-subscriptions.ts';
import { pause } from './0004-pause.ts';
import { strays } from './0005-strays.ts';
import { repeats } from './0006-repeats.ts';
import { abandoned } from './0007-abandoned.ts';
import { tenantGuard } from './0008-tenant-guard.ts';
import { earlierEnd } from './0009-earlier-end.ts';
import { requestHash } from './0010-request-hash.ts';
import { repeatMadeAt } from './0011-repeat-made-at.ts';
import { note } from './0012-note.ts';
import type { Migration } from './migration.ts';

/** In the order in which they run. */
export const MIGRATIONS: readonly Migration[] = [
  first,
  query,
  subscriptions,
  pause,
  strays,
  tenantGuard,
  repeats,
  abandoned,
  earlierEnd,
  requestHash,
  repeatMadeAt,
  note,
];

/** Where a migration that has run is written down. */
export const migrationFact = (name: string): string => `migration:${name}`;

const NEEDS = 'needs:';

/** All that is written down of a migration that has run, by name. */
export const factsOfMigration = ({ name, breaking }: Migration): readonly string[] =>
  breaking ? [migrationFact(name), `${NEEDS}${name}`] : [migrationFact(name)];

/**
 * A schema that has gone further is served as long as nothing in it breaks this version: old and new run side by side
 * while an operator changes over.
 *
 * @param facts names of facts in the database
 * @throws {OperatorFault} where a newer version made a change that this one cannot work with
 */
export function checkNotNewer(facts: readonly string[]): void {
  const known = new Set(MIGRATIONS.map(({ name }) => `${NEEDS}${name}`));
  const unknown = facts.find((fact) => fact.startsWith(NEEDS) && !known.has(fact));
  if (unknown === undefined) return;
  const name = unknown.slice(NEEDS.length);
  throw new OperatorFault(`The database was changed by a newer version of Interdict (${name}). Start that version.`);
}
