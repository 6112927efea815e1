import { type KnownAction, type TargetKind, VOCABULARY } from '@interdict/contract';

/** One name under which an action's target may be given, and what it may be then. */
export interface TargetSpelling {
  readonly name: string;
  readonly kinds: readonly TargetKind[];
}

/** A hash under the name of an algorithm must be one of that algorithm. */
const kindsUnder = (alias: string, { targetKinds }: KnownAction): readonly TargetKind[] => {
  const own = targetKinds.filter((kind) => kind === alias);
  return own.length > 0 ? own : targetKinds;
};

function spellingsOf(known: KnownAction, kinds: readonly TargetKind[]): readonly TargetSpelling[] {
  return [known.parameter, ...known.aliases]
    .map((name) => ({ name, kinds: kindsUnder(name, known).filter((kind) => kinds.includes(kind)) }))
    .filter((spelling) => spelling.kinds.length > 0);
}

/**
 * The names that carry an action's target, the canonical one of each kind first. An action of a connector's own
 * takes its target under the names that the vocabulary has for its kinds.
 */
export function listTargetSpellings(action: string, kinds: readonly TargetKind[]): readonly TargetSpelling[] {
  const own = Object.hasOwn(VOCABULARY, action) ? VOCABULARY[action] : undefined;
  return (own ? [own] : Object.values(VOCABULARY)).flatMap((known) => spellingsOf(known, kinds));
}

/** The canonical names among them: one, or one for each family of kinds. */
export function listTargetParameters(action: string, kinds: readonly TargetKind[]): readonly string[] {
  const canonical = new Set(Object.values(VOCABULARY).map(({ parameter }) => parameter));
  return listTargetSpellings(action, kinds).flatMap(({ name }) => (canonical.has(name) ? [name] : []));
}
