import {
  COMMON_PARAMETERS,
  type KeyValuePair,
  type OfferedAction,
  type Target,
  type TargetKind,
} from '@interdict/contract';
import { Refusal } from '../../errors.ts';
import { didYouMean } from '../../lib/nearest-name.ts';
import { BLOCK, BLOCK_KIND, BLOCK_TARGET, canonicalActionName, isNamed, notOffered } from './action-names.ts';
import { invalidParameter } from './invalid-parameter.ts';
import { checkOwnParameters, ownParametersOf } from './own-parameters.ts';
import { type ReadParameter, readParameterList } from './parameter-list.ts';
import { parseTarget } from './parse-target.ts';
import { quoted } from './quoted.ts';
import { listTargetSpellings, type TargetSpelling } from './target-spellings.ts';

/** What a request asks for, in canonical words. Texts of times are as sent; their rules are the expiry's. */
export interface RequestedEffect {
  readonly action: string;
  readonly target: Target;
  readonly ttl?: string;
  readonly expirationDateTime?: string;
  /** `AlertId`, `comment` and the connector's own parameters under their canonical names, in the order sent. */
  readonly passedOn: readonly KeyValuePair[];
  /** Where each stands in the request, as in `parameters/0/value`: for refusals that follow. */
  readonly paths: { readonly target: string; readonly ttl?: string; readonly expirationDateTime?: string };
}

type Place = 'target' | 'common' | 'own' | 'read';

/** A parameter under its canonical name, and what it is for. */
interface SortedParameter extends ReadParameter {
  readonly place: Place;
}

interface Names {
  readonly target: readonly TargetSpelling[];
  readonly own: ReadonlyMap<string, string>;
  /** By each name in lower case: what it is for, and its canonical spelling where it has one. */
  readonly meanings: ReadonlyMap<string, { readonly place: Place; readonly name?: string }>;
}

function refuseUnknown({ name, path }: ReadParameter, action: string, names: Names): never {
  const spellings = names.target.filter(({ kinds }) => kinds.length > 0).map((spelling) => spelling.name);
  const takes = [...spellings, ...COMMON_PARAMETERS, ...names.own.values()];
  const hint = didYouMean(name, takes) || ` It takes ${takes.join(', ')}.`;
  throw new Refusal('badRequest', `"${action}" has no parameter ${quoted(name)}.${hint}`, {
    inner: 'unknownParameter',
    target: `${path}/name`,
  });
}

function sortParameter(parameter: ReadParameter, action: string, names: Names): SortedParameter {
  const { name, value, path } = parameter;
  const meaning = names.meanings.get(name.toLowerCase());
  if (!meaning) return refuseUnknown(parameter, action, names);
  return { name: meaning.name ?? name, value, path, place: meaning.place };
}

interface GivenTarget {
  readonly value: string;
  /** Where the value stands. */
  readonly path: string;
  readonly kinds: readonly TargetKind[];
}

function missingTarget(action: string, spellings: readonly TargetSpelling[]): Refusal {
  const [first, ...others] = spellings.filter(({ kinds }) => kinds.length > 0).map(({ name }) => `"${name}"`);
  const also = others.length > 0 ? ` (or ${others.join(', ')})` : '';
  return new Refusal('badRequest', `"${action}" needs the parameter ${first}${also}.`, {
    inner: 'missingParameter',
    target: 'parameters',
  });
}

function oneTarget(
  targets: readonly ReadParameter[],
  action: string,
  spellings: readonly TargetSpelling[],
): GivenTarget {
  const [target, second] = targets;
  if (target && second) {
    throw invalidParameter(
      `${second.path}/name`,
      `One action has one target: "${target.name}" and "${second.name}" both name it. Send a request for each.`,
    );
  }
  const kinds = spellings.find(({ name }) => isNamed(name, target?.name ?? ''))?.kinds ?? [];
  if (!target || kinds.length === 0) throw missingTarget(action, spellings);
  return { value: target.value, path: `${target.path}/value`, kinds };
}

const isBlock = (name: unknown): boolean => typeof name === 'string' && isNamed(BLOCK, name);

/** In Microsoft's sample the target stands in `targetValue`, whatever its kind; no other name carries it there. */
function targetsOfBlock(spellings: readonly TargetSpelling[], kinds: readonly TargetKind[]): readonly TargetSpelling[] {
  return [{ name: BLOCK_TARGET, kinds }, ...spellings.map(({ name }) => ({ name, kinds: [] }))];
}

/** @param read names that choose among the target's kinds, and were read already */
function toNames(offered: OfferedAction, target: readonly TargetSpelling[], read: readonly string[]): Names {
  const own = ownParametersOf(offered).names;
  // Of two meanings the last one counts.
  const meanings = new Map<string, { readonly place: Place; readonly name?: string }>([
    ...read.map((name) => [name.toLowerCase(), { place: 'read' }] as const),
    ...target.map(({ name }) => [name.toLowerCase(), { place: 'target' }] as const),
    ...COMMON_PARAMETERS.map((name) => [name.toLowerCase(), { place: 'common', name }] as const),
    ...[...own].map(([lower, name]) => [lower, { place: 'own', name }] as const),
  ]);
  return { target, own, meanings };
}

interface NamesOfAction {
  readonly plain: Names;
  readonly block: Names;
}

const known = new WeakMap<OfferedAction, NamesOfAction>();

/** Put together once for each action that a provider offers. */
function namesFor(name: unknown, offered: OfferedAction): Names {
  let names = known.get(offered);
  if (!names) {
    const spellings = listTargetSpellings(offered.name, offered.targetKind);
    const targets = targetsOfBlock(spellings, offered.targetKind);
    names = { plain: toNames(offered, spellings, []), block: toNames(offered, targets, [BLOCK_KIND]) };
    known.set(offered, names);
  }
  return isBlock(name) ? names.block : names.plain;
}

const isPassedOn = ({ name, place }: SortedParameter): boolean =>
  place === 'own' || (place === 'common' && (name === 'AlertId' || name === 'comment'));

/**
 * What a request means to the provider that was chosen for it.
 *
 * @param request its `name` and `parameters` as they came
 * @param offered the actions of that provider
 * @throws {Refusal} unknownAction, missingParameter, unknownParameter, invalidParameter, limitExceeded,
 *   missingProperty, invalidProperty
 */
export function readParameters(
  request: { readonly name: unknown; readonly parameters: unknown },
  offered: readonly OfferedAction[],
): RequestedEffect {
  const offeredNames = offered.map(({ name }) => name);
  const action = canonicalActionName(request.name, request.parameters, offeredNames);
  const row = offered.find(({ name }) => name === action);
  if (!row) throw notOffered(action, offeredNames);
  const names = namesFor(request.name, row);
  const sorted = readParameterList(request.parameters).map((each) => sortParameter(each, action, names));
  const inPlace = (place: Place): SortedParameter[] => sorted.filter((each) => each.place === place);
  const given = oneTarget(inPlace('target'), action, names.target);
  const target = parseTarget(given.kinds, given.value, given.path);
  checkOwnParameters(ownParametersOf(row), inPlace('own'));
  const ttl = sorted.find(({ name, place }) => place === 'common' && name === 'ttl');
  const end = sorted.find(({ name, place }) => place === 'common' && name === 'expirationDateTime');
  return {
    action,
    target,
    ...(ttl && { ttl: ttl.value }),
    ...(end && { expirationDateTime: end.value }),
    passedOn: sorted.filter(isPassedOn).map(({ name, value }) => ({ name, value })),
    paths: {
      target: given.path,
      ...(ttl && { ttl: `${ttl.path}/value` }),
      ...(end && { expirationDateTime: `${end.path}/value` }),
    },
  };
}
