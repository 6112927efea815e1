import { serveSqlite } from '../../store/sql/sqlite-serve.ts';
import { TEST_UNITS } from '../../store/testing/test-units.ts';
import { UNITS } from '../../units.ts';

serveSqlite([...UNITS, ...TEST_UNITS]);
