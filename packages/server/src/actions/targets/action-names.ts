import { VOCABULARY } from '@interdict/contract';
import { Refusal } from '../../errors.ts';
import { didYouMean } from '../../lib/nearest-name.ts';
import { invalidParameter } from './invalid-parameter.ts';
import { type ReadParameter, readParameterList } from './parameter-list.ts';
import { quoted } from './quoted.ts';

/** Microsoft's own sample says `Block` and names the kind of target in a parameter. */
export const BLOCK = 'block';
export const BLOCK_KIND = 'targetName';
export const BLOCK_TARGET = 'targetValue';

const BLOCK_KINDS: ReadonlyMap<string, string> = new Map([
  ['destinationaddress', 'BlockIp'],
  ['destinationdomain', 'BlockDomain'],
  ['destinationurl', 'BlockUrl'],
]);

const ALL_KNOWN = Object.keys(VOCABULARY);

/** Names that ask for the opposite of an action. */
const OPPOSITE = /^(?:allow|permit|enable|release|(?:un|de)-?(?:block|isolate|disable))/i;

const unknownAction = (message: string): Refusal =>
  new Refusal('badRequest', message, { inner: 'unknownAction', target: 'name' });

export const isNamed = (name: string, sent: string): boolean =>
  name === sent || (name.length === sent.length && name.toLowerCase() === sent.toLowerCase());

function actionOfBlock(parameters: readonly ReadParameter[]): string {
  const kind = parameters.find(({ name }) => isNamed(BLOCK_KIND, name));
  const known = 'destinationAddress, destinationDomain or destinationUrl';
  if (!kind) {
    throw new Refusal('badRequest', `"Block" needs the parameter "${BLOCK_KIND}": ${known}.`, {
      inner: 'missingParameter',
      target: 'parameters',
    });
  }
  const action = BLOCK_KINDS.get(kind.value.toLowerCase());
  if (action !== undefined) return action;
  throw invalidParameter(`${kind.path}/value`, `"${BLOCK_KIND}" is ${quoted(kind.value)}; it can be ${known}.`);
}

/**
 * The canonical name of the action that a request means, before its provider is known.
 *
 * @param offered names that any provider in question offers; the vocabulary's are always understood
 * @throws {Refusal} missingProperty, unknownAction, and for the sample's `Block` what its parameters lack
 */
export function canonicalActionName(name: unknown, parameters: unknown, offered: readonly string[]): string {
  if (typeof name !== 'string' || name === '') {
    throw new Refusal('badRequest', 'The property "name" must name an action, as in "BlockIp".', {
      inner: 'missingProperty',
      target: 'name',
    });
  }
  if (isNamed(BLOCK, name)) return actionOfBlock(readParameterList(parameters));
  const known = [...offered, ...ALL_KNOWN];
  const found = known.find((each) => isNamed(each, name));
  if (found !== undefined && !isNamed('Allow', name)) return found;
  if (OPPOSITE.test(name)) {
    throw unknownAction(`There is no action ${quoted(name)}: to lift a block, cancel the block instead.`);
  }
  const hint = didYouMean(name, known) || ` There are ${[...new Set(known)].join(', ')}.`;
  throw unknownAction(`There is no action ${quoted(name)}.${hint}`);
}

/** 400 for an action that exists, and that the provider at hand does not offer. */
export const notOffered = (action: string, offered: readonly string[]): Refusal =>
  unknownAction(`This provider does not offer "${action}"; it offers ${offered.join(', ') || 'nothing'}.`);
