import { first } from './0001-first.ts';
import type { Migration } from './migration.ts';

/** In the order in which they run. */
export const MIGRATIONS: readonly Migration[] = [first];

/** Where a migration that has run is written down. */
export const migrationFact = (name: string): string => `migration:${name}`;
