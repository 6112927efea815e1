import { COMMON_PARAMETERS, type JsonSchema, type OfferedAction } from '@interdict/contract';
import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import { Refusal } from '../../errors.ts';
import { invalidParameter } from './invalid-parameter.ts';
import type { ReadParameter } from './parameter-list.ts';
import { listTargetParameters } from './target-spellings.ts';

interface OwnParameters {
  /** The connector's own spelling, by the name in lower case. */
  readonly names: ReadonlyMap<string, string>;
  readonly validate: ValidateFunction;
}

/** Formats say something to readers of the catalogue; only the rest decides. */
const ajv = new Ajv2020({ validateFormats: false, strict: false });

const compiled = new WeakMap<JsonSchema, OwnParameters>();
/** By the text of what is compiled: two providers of one connector offer the same. */
const compiledTexts = new Map<string, OwnParameters>();

const recordAt = (schema: JsonSchema, keyword: string): Readonly<Record<string, unknown>> => {
  const value = schema[keyword];
  return typeof value === 'object' && value !== null ? { ...value } : {};
};

function compile({ name, targetKind, parameterSchema }: OfferedAction): OwnParameters {
  const ours = new Set<string>([...COMMON_PARAMETERS, ...listTargetParameters(name, targetKind)]);
  const properties = Object.entries(recordAt(parameterSchema, 'properties')).filter(([key]) => !ours.has(key));
  const required = Object.values(recordAt(parameterSchema, 'required')).filter((key) => !ours.has(String(key)));
  return {
    names: new Map(properties.map(([key]) => [key.toLowerCase(), key])),
    validate: ajv.compile({ type: 'object', properties: Object.fromEntries(properties), required }),
  };
}

/** What the connector's schema asks for beyond the target and the common parameters. Compiled once for each schema that differs. */
export function ownParametersOf(action: OfferedAction): OwnParameters {
  const before = compiled.get(action.parameterSchema);
  if (before) return before;
  const text = JSON.stringify([action.name, action.targetKind, action.parameterSchema]);
  const own = compiledTexts.get(text) ?? compile(action);
  compiledTexts.set(text, own);
  compiled.set(action.parameterSchema, own);
  return own;
}

function refusalOf(error: ErrorObject, pathOf: ReadonlyMap<string, string>): Refusal {
  const name = error.instancePath.slice(1).replaceAll('~1', '/').replaceAll('~0', '~');
  if (error.keyword === 'required') {
    return new Refusal('badRequest', `The parameter "${error.params.missingProperty}" is missing.`, {
      inner: 'missingParameter',
      target: 'parameters',
    });
  }
  const allowed = error.keyword === 'enum' ? `: ${error.params.allowedValues.join(', ')}` : '';
  return invalidParameter(`${pathOf.get(name)}/value`, `The parameter "${name}" ${error.message}${allowed}.`);
}

/**
 * Checks the connector's own parameters, given under their canonical names.
 *
 * @throws {Refusal} invalidParameter, missingParameter
 */
export function checkOwnParameters(own: OwnParameters, given: readonly ReadParameter[]): void {
  const values = Object.fromEntries(given.map(({ name, value }) => [name, value]));
  if (own.validate(values)) return;
  const pathOf = new Map(given.map(({ name, path }) => [name, path]));
  const [error] = own.validate.errors ?? [];
  if (error) throw refusalOf(error, pathOf);
}
