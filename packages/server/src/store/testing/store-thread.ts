import { serveSqlite } from '../sql/sqlite-serve.ts';
import { TEST_UNITS } from './test-units.ts';

serveSqlite(TEST_UNITS);
