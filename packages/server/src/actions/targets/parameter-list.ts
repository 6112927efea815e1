import { Refusal } from '../../errors.ts';
import { findControlCharacter } from './hidden-characters.ts';
import { invalidParameter } from './invalid-parameter.ts';
import { LONGEST_VALUE } from './parse-target.ts';
import { quoted } from './quoted.ts';

/** A parameter as sent, and where it stands: `parameters/2`. */
export interface ReadParameter {
  readonly name: string;
  readonly value: string;
  readonly path: string;
}

const MOST = 64;
const LONGEST_NAME = 128;

const tooMuch = (target: string, message: string): Refusal =>
  new Refusal('badRequest', message, { inner: 'limitExceeded', target });

function readText(holder: object, key: 'name' | 'value', path: string, longest: number): string {
  const at = `${path}/${key}`;
  const text: unknown = Object.hasOwn(holder, key) ? (holder as Record<string, unknown>)[key] : undefined;
  if (typeof text !== 'string') throw invalidParameter(at, `${at} must be text; numbers and null are not.`);
  if (text.length > longest) throw tooMuch(at, `${at} has more than ${longest} characters.`);
  const control = findControlCharacter(text);
  if (control === undefined) return text;
  throw invalidParameter(at, `${at} holds ${control}: control and bidirectional characters are refused.`);
}

function readParameter(item: unknown, path: string): ReadParameter {
  if (typeof item !== 'object' || item === null || Array.isArray(item)) {
    throw invalidParameter(path, `${path} must be an object with "name" and "value".`);
  }
  return {
    name: readText(item, 'name', path, LONGEST_NAME),
    value: readText(item, 'value', path, LONGEST_VALUE),
    path,
  };
}

function refuseRepeats(parameters: readonly ReadParameter[]): void {
  const seen = new Map<string, ReadParameter>();
  for (const parameter of parameters) {
    const name = parameter.name.toLowerCase();
    const before = seen.get(name);
    seen.set(name, parameter);
    if (!before) continue;
    throw invalidParameter(
      `${parameter.path}/name`,
      `The parameter ${quoted(parameter.name)} is given twice, at ${before.path} and at ${parameter.path}.`,
    );
  }
}

/**
 * The request's parameters, in order: at most 64, each name once.
 *
 * @throws {Refusal} invalidProperty, invalidParameter, limitExceeded
 */
export function readParameterList(parameters: unknown): readonly ReadParameter[] {
  if (parameters === undefined || parameters === null) return [];
  if (!Array.isArray(parameters)) {
    throw new Refusal('badRequest', 'The property "parameters" must be a list of objects with "name" and "value".', {
      inner: 'invalidProperty',
      target: 'parameters',
    });
  }
  if (parameters.length > MOST) throw tooMuch('parameters', `There are more than ${MOST} parameters.`);
  const read = parameters.map((item: unknown, index) => readParameter(item, `parameters/${index}`));
  refuseRepeats(read);
  return read;
}
