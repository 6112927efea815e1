import pg from 'pg';
import { Refusal } from '../../errors.ts';
import { CommitUnknown } from '../store.ts';

/** Nothing was written, and nothing will be until the database answers again. */
export const unavailable = (cause: unknown): Refusal =>
  new Refusal('serviceUnavailable', 'The store cannot be reached. Nothing was changed; try again.', {
    headers: { 'Retry-After': '2' },
    cause,
  });

/** Nothing was written: there is no room. */
export const full = (cause: unknown): Refusal =>
  new Refusal('insufficientStorage', 'The disk of the store is full. Nothing was changed.', { cause });

/** So little is free that what is new is refused, and what was accepted can be finished. */
export const shortOfRoom = (): Refusal =>
  new Refusal(
    'insufficientStorage',
    'The disk of the store is almost full. Nothing was changed; what was accepted is carried out, and can be cancelled.',
  );

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
