import {
  AndFilter,
  CompareRequest,
  EqualityFilter,
  type Filter,
  OrFilter,
  PagedResultsControl,
  PresenceFilter,
  SearchRequest,
} from 'ldapts';
import type { Connection, Result } from './connection.ts';
import type { Dialect } from './dialect.ts';
import type { Directory } from './directory.ts';
import { Failure } from './failure.ts';
import { toRejection } from './rejection.ts';
import { isSameDn } from './same-dn.ts';
import type { Entry } from './wire.ts';

export interface User {
  readonly dn: string;
  /** Who it is, whatever he is called. */
  readonly id: string;
  /** Of the attribute that disables; absent: none is shown. */
  readonly value: string | undefined;
}

/** Whom a target means; where that is not one user, a sentence that says why. */
export type Found = { readonly kind: 'one'; readonly user: User } | Unclear;

export type Unclear =
  /** `gone`: the one who was known; `none`: nobody was. */
  | { readonly kind: 'none' | 'gone' | 'own'; readonly message: string }
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
  { attribute, id }: Dialect,
  { mostBytes, page, ...terms }: Search,
  signal: AbortSignal,
): Promise<Result> {
  const { base: baseDN, userAttribute } = directory.config;
  const attributes = [userAttribute, attribute, id];
  const controls = page ? [page] : [];
  const request = (messageId: number) =>
    new SearchRequest({ messageId, baseDN, scope: 'sub', timeLimit: 0, attributes, controls, ...terms });
  return checked(directory, await connection.ask(request, signal, mostBytes), terms.sizeLimit !== undefined);
}

/** @throws {Failure} where it is not shown: who is renamed would be lost */
function toUser(dialect: Dialect, entry: Entry): User {
  const [id] = valuesOf(entry, dialect.id);
  if (id) return { dn: entry.dn, id, value: valuesOf(entry, dialect.attribute)[0] };
  throw new Failure(`The directory does not show ${dialect.id}: let the account of Interdict read it.`, {
    isOurs: true,
  });
}

/** How a user is asked for: by his name, and by who he is where that is known. */
export interface Asked {
  readonly name: string;
  readonly id?: string | undefined;
}

function filterOf({ users, id: idAttribute, idValue }: Dialect, attribute: string, { name, id }: Asked): Filter {
  const named = new EqualityFilter({ attribute, value: name });
  const known = id === undefined ? [] : [new EqualityFilter({ attribute: idAttribute, value: idValue(id) })];
  return new AndFilter({
    filters: [...users, known.length > 0 ? new OrFilter({ filters: [named, ...known] }) : named],
  });
}

const GONE = 'was renamed, moved, deleted, or may not be read any more: enable him by hand, where he is.';

/** @throws {Failure} where the directory cannot tell */
export async function findUser(
  directory: Directory,
  dialect: Dialect,
  asked: Asked,
  signal: AbortSignal,
): Promise<Found> {
  const { userAttribute: attribute, bindDn, base } = directory.config;
  const { name, id } = asked;
  const who = `whose ${attribute} is ${JSON.stringify(name)} below ${base}`;
  const none: Found = { kind: 'none', message: `There is no user ${who}.` };
  if (name === '' || !name.isWellFormed()) return none;
  const terms = { filter: filterOf(dialect, attribute, asked), sizeLimit: MOST_FOUND, mostBytes: FIND_BYTES };
  const connection = await directory.connect(signal);
  const { entries, code } = await search(directory, connection, dialect, terms, signal);
  const isHim = (entry: Entry): boolean =>
    id === undefined
      ? valuesOf(entry, attribute).some((value) => canonical(value) === name)
      : valuesOf(entry, dialect.id).includes(id);
  const users = entries.filter(isHim).map((entry) => toUser(dialect, entry));
  const [user, another] = users;
  if (!user && id !== undefined) return { kind: 'gone', message: `The user ${who} ${GONE}` };
  if (another || (code !== 0 && id === undefined)) {
    return { kind: 'several', message: `There are several users ${who}.`, users };
  }
  if (!user) return none;
  if (!isSameDn(user.dn, bindDn)) return { kind: 'one', user };
  return { kind: 'own', message: `The user ${who} is the account of Interdict itself.` };
}

const COMPARE_BYTES = 4 * 1024;
const NO_SUCH_ATTRIBUTE = 16;
const COMPARED: ReadonlySet<number> = new Set([5, 6]);

/**
 * That an attribute which was not shown is not there: one that may not be read is not shown either.
 * @throws {Failure} where that cannot be told
 */
export async function proveNone(
  directory: Directory,
  { attribute, anyValue }: Dialect,
  { dn }: User,
  signal: AbortSignal,
): Promise<void> {
  if (anyValue === undefined) return;
  const request = (messageId: number) => new CompareRequest({ messageId, dn, attribute, value: anyValue });
  const result = await (await directory.connect(signal)).ask(request, signal, COMPARE_BYTES);
  if (result.code === NO_SUCH_ATTRIBUTE) return;
  if (COMPARED.has(result.code)) {
    throw new Failure(
      `The directory shows no ${attribute} of the user, and has one: let the account of Interdict read it.`,
      {
        isOurs: true,
      },
    );
  }
  throw toRejection(directory.config, result, 'compare');
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
