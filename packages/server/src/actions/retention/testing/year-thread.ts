import { serveSqlite } from '../../../store/sql/sqlite-serve.ts';
import { YEAR_UNITS } from './at-time.ts';

serveSqlite(YEAR_UNITS);
