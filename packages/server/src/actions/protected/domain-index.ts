import type { Guarded, Hit } from './guarded.ts';

/** The name itself, then each domain that it lies in: `a.b.c`, `b.c`, `c`. */
export function* withAncestors(name: string): Generator<string> {
  for (let at = 0; ; ) {
    yield name.slice(at);
    const dot = name.indexOf('.', at);
    if (dot === -1) return;
    at = dot + 1;
  }
}

export interface DomainIndex {
  /** Domains by which it answers: those that lie below others are left out. */
  readonly outermost: readonly string[];
  /** By coverage: a name is hit when it is a domain, lies below one, or is the parent of one. */
  findHit(name: string): Hit | undefined;
  /** By equality. */
  findSame(name: string): Hit | undefined;
}

function findAncestor(domains: ReadonlyMap<string, Guarded>, name: string): Guarded | undefined {
  for (const ancestor of withAncestors(name)) {
    const found = domains.get(ancestor);
    if (found) return found;
  }
  return undefined;
}

/** Holds the `domain` entries. */
export function createDomainIndex(entries: readonly Guarded[]): DomainIndex {
  const domains = new Map<string, Guarded>();
  const parents = new Map<string, Guarded>();
  for (const guarded of entries.filter(({ kind }) => kind === 'domain')) {
    domains.set(guarded.value, guarded);
    for (const name of withAncestors(guarded.value)) parents.set(name, guarded);
  }
  const isOutermost = (name: string): boolean => ![...withAncestors(name)].slice(1).some((above) => domains.has(above));
  return {
    outermost: [...domains.keys()].filter(isOutermost),
    findSame(name) {
      const same = domains.get(name);
      return same && { rule: same.rule, how: `${name} is ${same.what}` };
    },
    findHit(name) {
      const above = findAncestor(domains, name);
      if (above?.value === name) return { rule: above.rule, how: `${name} is ${above.what}` };
      if (above) return { rule: above.rule, how: `${name} lies below ${above.value}, ${above.what}` };
      const below = parents.get(name);
      return below && { rule: below.rule, how: `${name} is a parent of ${below.value}, ${below.what}` };
    },
  };
}
