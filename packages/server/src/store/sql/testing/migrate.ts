import { armFailpoints } from '../../../lib/failpoint.ts';
import { preparePostgres } from '../postgres-open.ts';
import { migrateSqlite, openWriter } from '../sqlite-open.ts';

/** A program that brings a schema to this version, and is killed on the way: behind so many statements of a migration. */
const [engine, place = '', statements] = process.argv.slice(2);
const name = engine === 'sqlite' ? 'sqlite.inMigration' : 'postgres.inMigration';
armFailpoints([{ name, deed: 'exit', pass: Number(statements) }]);
if (engine === 'sqlite') migrateSqlite(openWriter(place));
else await preparePostgres(place, {});
