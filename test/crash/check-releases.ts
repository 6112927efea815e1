import type { Columns, Evidence, FinalAction } from './evidence.ts';
import type { EffectLine } from './records.ts';
import { isCancelledInLife } from './whole-life.ts';

type Of<Names extends keyof Columns> = Pick<Columns, Names>;

const isHolding = ({ enforcement }: FinalAction): boolean => ['inForce', 'drifted'].includes(enforcement.state);

/** What a product that counts operations would have done twice. */
function appliedTwice(effects: readonly EffectLine[]): boolean {
  let standing: string | undefined;
  for (const { kind, verb, operationId } of effects) {
    if (kind !== 'effect') continue;
    if (verb === 'release') standing = undefined;
    else if (standing !== undefined && standing !== operationId) return true;
    else standing = operationId;
  }
  return false;
}

const repeatsOf = (effects: readonly EffectLine[]): number => {
  const applies = effects.filter(({ kind, verb }) => kind === 'call' && verb === 'apply');
  return applies.length - new Set(applies.map(({ operationId }) => operationId)).size;
};

/** Its end, where nobody cancelled it and it ran its time; undefined for others. */
function endOf(action: FinalAction, cancelled: ReadonlySet<string>): number | undefined {
  const { id, status, enforcement } = action;
  if (status !== 'Completed' || cancelled.has(id) || enforcement.expirationDateTime === null) return undefined;
  return Date.parse(enforcement.expirationDateTime);
}

/** How much of a time some server was ready. */
function readyWithin(ready: Evidence['ready'], from: number, to: number): number {
  let [sum, upTo] = [0, from];
  for (const time of ready.toSorted((one, other) => one.from - other.from)) {
    const [begins, ends] = [Math.max(time.from, upTo), Math.min(time.to, to)];
    sum += Math.max(0, ends - begins);
    upTo = Math.max(upTo, ends);
  }
  return sum;
}

/** Clocks of two processes on one machine, and what they round. */
const SLACK_MS = 50;

/** How the hold of one action ended by itself; undefined where it did not. */
function expiryOf(
  action: FinalAction,
  cancelled: ReadonlySet<string>,
  effects: readonly EffectLine[],
  ready: Evidence['ready'],
): { readonly isEarly: boolean; readonly lateMs: number; readonly readyMs: number } | undefined {
  const end = endOf(action, cancelled);
  const releases = effects.filter(({ verb }) => verb === 'release');
  const released = releases.findLast(({ kind }) => kind === 'effect');
  if (end === undefined || !released) return undefined;
  return {
    isEarly: releases.some(({ at }) => at < end - SLACK_MS),
    lateMs: released.at - end,
    readyMs: readyWithin(ready, end, released.at),
  };
}

type Found = Of<
  | 'repeatedCalls'
  | 'duplicatedEffects'
  | 'phantoms'
  | 'prematureReleases'
  | 'expired'
  | 'latestReleaseMs'
  | 'slowestReleaseMs'
  | 'zombies'
  | 'missing'
>;

/** What the product did, held against what the server says. */
export function checkReleases(
  { history, effects, inForce, ready }: Evidence,
  byTarget: ReadonlyMap<string, readonly FinalAction[]>,
): Found {
  const cancels = history.flatMap((line) => (line.kind === 'invoke' && line.verb === 'cancel' ? [line.id ?? ''] : []));
  const cancelled = new Set(cancels);
  const effectsOf = Map.groupBy(effects, ({ target }) => target);
  const there = new Set(inForce);
  const all = [...byTarget].map(([target, actions]) => ({ target, actions, mine: effectsOf.get(target) ?? [] }));
  // Several actions on one target hold it together, or one after the other: only the product's end is judged there.
  const single = all.filter(({ actions }) => actions.length === 1);
  const isApplied = (mine: readonly EffectLine[]): boolean =>
    mine.some(({ kind, verb }) => kind === 'effect' && verb === 'apply');
  const targetsOf = (found: readonly { readonly target: string }[]): string[] => found.map(({ target }) => target);
  const expiries = single.flatMap(({ target, actions, mine }) => {
    if (isCancelledInLife(target)) return [];
    const expiry = actions[0] && expiryOf(actions[0], cancelled, mine, ready);
    return expiry ? [{ target, ...expiry }] : [];
  });
  return {
    repeatedCalls: all.reduce((total, { mine }) => total + repeatsOf(mine), 0),
    duplicatedEffects: targetsOf(single.filter(({ mine }) => appliedTwice(mine))),
    phantoms: targetsOf(
      all.filter(({ actions, mine }) => !isApplied(mine) && actions.some(({ status }) => status === 'Completed')),
    ),
    prematureReleases: targetsOf(expiries.filter(({ isEarly }) => isEarly)),
    expired: expiries.length,
    latestReleaseMs: Math.max(0, ...expiries.map(({ lateMs }) => lateMs)),
    slowestReleaseMs: Math.max(0, ...expiries.map(({ readyMs }) => readyMs)),
    zombies: inForce.filter((target) => !byTarget.get(target)?.some(isHolding)),
    missing: targetsOf(all.filter(({ target, actions }) => actions.some(isHolding) && !there.has(target))),
  };
}
