import pg from 'pg';
import { CommitUnknown } from '../store.ts';
import { full, unavailable } from './store-faults.ts';

const DISK_FULL = '53100';
/** SQLSTATE classes that tell of the server and not of the statement: connection, conflict, resources, lock, operator, system. */
const OF_THE_SERVER = new Set(['08', '40', '53', '55', '57', '58']);
const READ_ONLY = '25006';
const OF_THE_NETWORK = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ENOENT',
]);
/** node-postgres gives these no code. */
const IN_WORDS = /^(Connection terminated|Client has encountered a connection error|timeout exceeded when trying)/;

/** What a fault of PostgreSQL means to whoever asked; a bug of ours stays what it is. */
export function toStoreFault(thrown: unknown): unknown {
  if (!(thrown instanceof Error) || thrown instanceof CommitUnknown) return thrown;
  const code = String((thrown as { code?: unknown }).code ?? '');
  if (thrown instanceof pg.DatabaseError) {
    if (code === DISK_FULL) return full(thrown);
    return OF_THE_SERVER.has(code.slice(0, 2)) || code === READ_ONLY ? unavailable(thrown) : thrown;
  }
  return OF_THE_NETWORK.has(code) || IN_WORDS.test(thrown.message) ? unavailable(thrown) : thrown;
}
