import type { Target, TargetKind } from '@interdict/contract';
import { Refusal } from '../../errors.ts';
import { parseDomainName } from '../targets/parse-domain.ts';
import { checkTargetText, parseTarget } from '../targets/parse-target.ts';
import type { Guarded } from './guarded.ts';

/** One entry of the configuration's `protected`. */
export interface ProtectedEntry {
  /** Addresses and networks of any width. */
  readonly ips?: readonly string[];
  /** Domains, with all that lies below them; a single label (`corp`) may be one. */
  readonly domains?: readonly string[];
  readonly users?: readonly string[];
  readonly hosts?: readonly string[];
  readonly hashes?: readonly string[];
  /** The tenants whose actions it binds; absent: all. */
  readonly tenants?: readonly string[];
}

/** Something that the server needs. `role` completes "10.0.0.1 is …", as in "a DNS server of this server". */
export interface Needed {
  readonly value: string;
  readonly role: string;
}

type Reader = (text: string, path: string) => Target;

const readAs =
  (...kinds: TargetKind[]): Reader =>
  (text, path) =>
    parseTarget(kinds, text, path);

function readDomain(text: string, path: string): Target {
  checkTargetText(text, path);
  return { kind: 'domain', value: parseDomainName(text, path, 1) };
}

const readAddress = readAs('ip');
const readFullDomain = readAs('domain');
const readHost = readAs('host');

const READERS = {
  ips: readAs('ip', 'cidr'),
  domains: readDomain,
  users: readAs('user'),
  hosts: readHost,
  hashes: readAs('sha256', 'sha1', 'md5'),
} satisfies Partial<Record<keyof ProtectedEntry, Reader>>;

const LISTS = Object.keys(READERS) as readonly (keyof typeof READERS)[];

/**
 * What the operator protects, in canonical form.
 *
 * @param index the entry's place, for the path of what is wrong: `protected/0/ips/2`
 * @throws {Refusal} invalidParameter, limitExceeded
 */
export function readEntry(entry: ProtectedEntry, index: number): readonly Guarded[] {
  return LISTS.flatMap((list) =>
    (entry[list] ?? []).map((text, place): Guarded => {
      const target = READERS[list](text, `protected/${index}/${list}/${place}`);
      return { rule: 'configured', ...target, what: 'protected by the configuration' };
    }),
  );
}

/** In canonical form; undefined for what no target can be, such as a container's name with an underscore. */
function findTarget(read: Reader, text: string): Target | undefined {
  try {
    return read(text, 'discovered');
  } catch (error) {
    if (error instanceof Refusal) return undefined;
    throw error;
  }
}

const asNeeded = (role: string, target: Target | undefined): readonly Guarded[] =>
  target ? [{ rule: 'ownSystem', ...target, what: role }] : [];

/**
 * What the server needs, in canonical form: addresses, and names with all that lies below them. A name of one
 * label is only a host's: a database called `app` must not protect the whole of `.app`.
 */
export function readNeeded(needed: readonly Needed[]): readonly Guarded[] {
  return needed.flatMap(({ value, role }) => {
    const target = findTarget(readAddress, value) ?? findTarget(readFullDomain, value) ?? findTarget(readHost, value);
    return asNeeded(role, target);
  });
}

/** Names of machines, where a short name and a full one may be one machine; a full one is a domain too. */
export function readNeededHosts(needed: readonly Needed[]): readonly Guarded[] {
  return needed.flatMap(({ value, role }) => [
    ...asNeeded(role, findTarget(readHost, value)),
    ...asNeeded(role, findTarget(readFullDomain, value)),
  ]);
}
