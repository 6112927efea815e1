import { serveSqlite } from '../../../store/sql/sqlite-serve.ts';
import { UNITS } from '../../../units.ts';
import { rewriteEntity } from './rewrite-entity.ts';

serveSqlite([...UNITS, rewriteEntity]);
