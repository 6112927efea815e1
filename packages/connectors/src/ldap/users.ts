import { AndFilter, EqualityFilter, type Filter, PagedResultsControl, PresenceFilter, SearchRequest } from 'ldapts';
import type { Connection, Result } from './connection.ts';
import type { Dialect } from './dialect.ts';
import type { Directory } from './directory.ts';
import { Failure } from './failure.ts';
import { toRejection } from './rejection.ts';
import { isSameDn } from './same-dn.ts';
import type { Entry } from './wire.ts';

export interface User {
  readonly dn: string;
  /** Of the attribute that disables; absent: it has none. */
  readonly value: string | undefined;
}

/** Whom a target means; where that is not one user, a sentence that says why. */
export type Found = { readonly kind: 'one'; readonly user: User } | Unclear;

export type Unclear =
  | { readonly kind: 'none' | 'own'; readonly message: string }
  | { readonly kind: 'several'; readonly message: string; readonly users: readonly User[] };

export interface Listed {
  readonly names: readonly string[];
  readonly value: string | undefined;
}

const MOST_FOUND = 10;
const FIND_BYTES = 512 * 1024;
/** Active Directory gives at most 1,000 at once. */
const PAGE = 500;
const PAGE_BYTES = 4 * 1024 * 1024;
const MOST_LISTED = 200_000;
const SIZE_LIMIT_EXCEEDED = 4;

/** As the server writes a user. Directories compare further still: by sound, by accents, by white space. */
const canonical = (name: string): string => name.normalize('NFC').toLowerCase();

const valuesOf = ({ values }: Entry, attribute: string): readonly string[] => values.get(attribute.toLowerCase()) ?? [];

/** @throws {Failure} where the directory did not search well */
function checked(directory: Directory, result: Result, isPart: boolean): Result {
  if (result.code === 0 || (isPart && result.code === SIZE_LIMIT_EXCEEDED)) return result;
  throw toRejection(directory.config, result, 'search');
}

interface Search {
  readonly filter: Filter;
  readonly sizeLimit?: number;
  readonly page?: PagedResultsControl;
  readonly mostBytes: number;
}

async function search(
  directory: Directory,
  connection: Connection,
  { attribute }: Dialect,
  { mostBytes, page, ...terms }: Search,
  signal: AbortSignal,
): Promise<Result> {
  const { base: baseDN, userAttribute } = directory.config;
  const attributes = [userAttribute, attribute];
  const controls = page ? [page] : [];
  const request = (messageId: number) =>
    new SearchRequest({ messageId, baseDN, scope: 'sub', timeLimit: 0, attributes, controls, ...terms });
  return checked(directory, await connection.ask(request, signal, mostBytes), terms.sizeLimit !== undefined);
}

/** @throws {Failure} where the directory cannot tell */
export async function findUser(
  directory: Directory,
  dialect: Dialect,
  name: string,
  signal: AbortSignal,
): Promise<Found> {
  const { userAttribute: attribute, bindDn, base } = directory.config;
  const who = `whose ${attribute} is ${JSON.stringify(name)} below ${base}`;
  const none: Found = { kind: 'none', message: `There is no user ${who}.` };
  if (name === '' || !name.isWellFormed()) return none;
  const filter = new AndFilter({ filters: [...dialect.users, new EqualityFilter({ attribute, value: name })] });
  const terms = { filter, sizeLimit: MOST_FOUND, mostBytes: FIND_BYTES };
  const connection = await directory.connect(signal);
  const { entries, code } = await search(directory, connection, dialect, terms, signal);
  const same = entries.filter((entry) => valuesOf(entry, attribute).some((value) => canonical(value) === name));
  const users = same.map((entry) => ({ dn: entry.dn, value: valuesOf(entry, dialect.attribute)[0] }));
  const [user, another] = users;
  if (another || code !== 0) return { kind: 'several', message: `There are several users ${who}.`, users };
  if (!user) return none;
  if (!isSameDn(user.dn, bindDn)) return { kind: 'one', user };
  return { kind: 'own', message: `The user ${who} is the account of Interdict itself.` };
}

/** All that the filter finds, whole or it throws. */
export async function listUsers(
  directory: Directory,
  dialect: Dialect,
  now: Date,
  signal: AbortSignal,
): Promise<readonly Listed[]> {
  const { userAttribute } = directory.config;
  const named = new PresenceFilter({ attribute: userAttribute });
  const filter = new AndFilter({ filters: [...dialect.users, named, dialect.disabled(now)] });
  const listed: Listed[] = [];
  // A page is known to the connection that asked for the one before.
  const connection = await directory.connect(signal);
  for (let cookie: Buffer | undefined = Buffer.alloc(0); cookie; ) {
    const page = new PagedResultsControl({ critical: true, value: { size: PAGE, cookie } });
    const result = await search(directory, connection, dialect, { filter, page, mostBytes: PAGE_BYTES }, signal);
    for (const entry of result.entries) {
      const names = valuesOf(entry, userAttribute).map(canonical);
      listed.push({ names, value: valuesOf(entry, dialect.attribute)[0] });
    }
    if (listed.length > MOST_LISTED) throw new Failure(`More than ${MOST_LISTED} users are disabled.`);
    cookie = result.cookie;
  }
  return listed;
}
