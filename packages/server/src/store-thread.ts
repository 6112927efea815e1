import { serveSqlite } from './store/sql/sqlite-serve.ts';
import { UNITS } from './units.ts';

serveSqlite(UNITS);
