import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Secret } from '@interdict/connectors';
import { didYouMean } from '../lib/nearest-name.ts';
import { checkYaml, FileFault, faultAt, faultAtKey, parseYaml, type YamlFile } from '../lib/read-yaml.ts';
import { FILE_SCHEMA, providerSchema } from './config-schema.ts';
import { type ConnectorKinds, isModulePath } from './connector-kinds.ts';

type Plain = Readonly<Record<string, unknown>>;

/** A variable of the environment by name. */
export type Environment = (name: string) => string | undefined;

/** Keys of the contract whose part does not exist in this version: to ignore them would be to promise it. */
const LATER: Readonly<Record<string, string>> = {
  policies: 'Policies are',
  budgets: 'Budgets are',
};

function refuseLater(file: YamlFile): void {
  const top = file.value as Plain;
  for (const [name, words] of Object.entries(LATER)) {
    if (name in top) throw faultAtKey(file, '', name, `${words} not in this version. Take "${name}" out.`);
  }
}

const listOf = (of: Plain, name: string): readonly Plain[] => {
  const value = of[name];
  return Array.isArray(value) ? value.filter((item) => typeof item === 'object' && item !== null) : [];
};

function checkProvider(file: YamlFile, index: number, provider: Plain, kinds: ConnectorKinds): void {
  const place = `/providers/${index}`;
  const named = String(provider.connector);
  const kind = kinds.get(named);
  if (kind) {
    checkYaml(file, place, provider, providerSchema(kind, named));
    return;
  }
  // A command beside the server needs none of the modules.
  if (isModulePath(named)) return;
  const names = [...kinds.keys()];
  const hint = didYouMean(named, names) || ` There are: ${names.join(', ')}.`;
  throw faultAt(file, `${place}/connector`, `There is no connector "${named}".${hint}`);
}

/**
 * A configuration file, whole and of right types. Whether its parts fit together is decided by whoever uses them.
 * @throws {FileFault} with file, line and a suggestion
 */
export function readConfigFile(filePath: string, kinds: ConnectorKinds): YamlFile {
  let text: string;
  try {
    text = readFileSync(filePath, 'utf8');
  } catch (error) {
    throw new FileFault(`${filePath} cannot be read: ${(error as Error).message}.`, { cause: error });
  }
  const file = parseYaml(filePath, text);
  if (typeof file.value === 'object' && file.value !== null) refuseLater(file);
  checkYaml(file, '', file.value, FILE_SCHEMA);
  for (const [index, provider] of listOf(file.value as Plain, 'providers').entries()) {
    checkProvider(file, index, provider, kinds);
  }
  return file;
}

/** The secret that `{ env }` or `{ file }` points to. @throws {FileFault} where there is none, or an empty one */
export function readSecret(file: YamlFile, place: string, environment: Environment): Secret {
  const pointer = file.document.getIn(place.split('/').filter(Boolean).map(toKey), false);
  const { env, file: secretFile } = (pointer as { toJSON(): { env?: string; file?: string } }).toJSON();
  const value = env === undefined ? readSecretFile(file, place, secretFile ?? '') : environment(env);
  if (value === undefined || value === '') {
    throw faultAt(file, place, `The variable ${env ?? ''} is not set, or the file is empty.`);
  }
  return new Secret(value);
}

const toKey = (segment: string): string | number => (/^\d+$/.test(segment) ? Number(segment) : segment);

function readSecretFile(file: YamlFile, place: string, named: string): string {
  const secretPath = path.resolve(path.dirname(file.path), named);
  try {
    return readFileSync(secretPath, 'utf8').trim();
  } catch (error) {
    throw faultAt(file, place, `The secret's file ${secretPath} cannot be read: ${(error as Error).message}.`);
  }
}
