import type { Guarded, Hit } from './guarded.ts';

/** A name in its parts. `realm` holds the form too: `@corp.example`, `corp\`, `.corp.example`; empty: none. */
interface NameParts {
  readonly name: string;
  readonly realm: string;
}

/** With the root's dot at its end a domain is the same one. */
const withoutRoot = (domain: string): string => domain.replace(/\.+$/, '');

function partsOfUser(value: string): NameParts {
  const user = withoutRoot(value);
  const at = user.lastIndexOf('@');
  if (at > 0) return { name: user.slice(0, at), realm: user.slice(at) };
  const [realm = '', ...name] = user.split('\\');
  if (name.length === 0) return { name: user, realm: '' };
  return { name: name.join('\\'), realm: `${withoutRoot(realm)}\\` };
}

function partsOfHost(value: string): NameParts {
  const dot = /^[\d.]+$|:/.test(value) ? -1 : value.indexOf('.');
  return dot === -1 ? { name: value, realm: '' } : { name: value.slice(0, dot), realm: value.slice(dot) };
}

const PARTS = { user: partsOfUser, host: partsOfHost };

/** `CORP\` and `@corp.example` may be one realm; two of one form are one only if they are equal. */
const formOf = (realm: string): string => (realm.endsWith('\\') ? '\\' : realm.slice(0, 1));

interface Bearers {
  readonly byRealm: Map<string, Guarded>;
  readonly byForm: Map<string, Guarded>;
}

function findBearer(bearers: Bearers, realm: string): Guarded | undefined {
  const exact = bearers.byRealm.get(realm) ?? bearers.byRealm.get('');
  if (exact) return exact;
  const otherForm = [...bearers.byForm].find(([form]) => form !== formOf(realm));
  return otherForm?.[1];
}

export interface NameIndex {
  readonly names: readonly string[];
  /**
   * A bare name stands for that name in every realm, and a name in a realm for the bare one: `breakglass`,
   * `breakglass@corp.example` and `CORP\breakglass` may be one account. Only two realms of one form tell two apart.
   */
  findHit(value: string): Hit | undefined;
}

/** Holds the entries of one kind. */
export function createNameIndex(kind: 'user' | 'host', entries: readonly Guarded[]): NameIndex {
  const byName = new Map<string, Bearers>();
  const own = entries.filter((guarded) => guarded.kind === kind);
  for (const guarded of own) {
    const { name, realm } = PARTS[kind](guarded.value);
    const bearers = byName.get(name) ?? { byRealm: new Map(), byForm: new Map() };
    byName.set(name, bearers);
    bearers.byRealm.set(realm, guarded);
    bearers.byForm.set(formOf(realm), guarded);
  }
  return {
    names: [...new Set(own.map(({ value }) => value))],
    findHit(value) {
      const { name, realm } = PARTS[kind](value);
      const bearers = byName.get(name);
      const found = bearers && findBearer(bearers, realm);
      if (!found) return undefined;
      const verb = found.value === value ? 'is' : `may be ${found.value},`;
      return { rule: found.rule, how: `${value} ${verb} ${found.what}` };
    },
  };
}
