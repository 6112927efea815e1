import { readFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { CONNECTOR_KINDS, type ConnectorKind } from '@interdict/connectors';
import { faultAt, parseYaml, type YamlFile } from '../lib/read-yaml.ts';

/** Kinds of connectors by what `connector:` says: the name of a built-in one, or the path of a module. */
export type ConnectorKinds = ReadonlyMap<string, ConnectorKind>;

export const BUILT_IN: ConnectorKinds = new Map(CONNECTOR_KINDS.map((kind) => [kind.name, kind]));

/** A module of the operator's own is named by its path, from the configuration file on or absolute. */
export const isModulePath = (written: string): boolean => /^\.{0,2}\//.test(written);

const NAME = /^[a-z][a-z0-9-]{0,63}$/;

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;

/** What is wrong with what a module exports as `connector`; undefined: it is a kind of connector. */
function faultOf(kind: unknown): string | undefined {
  if (!isObject(kind)) return 'exports no "connector", which is a ConnectorKind of @interdict/connectors';
  if (typeof kind.name !== 'string' || !NAME.test(kind.name))
    return 'has a name that is no word of a-z, 0-9 and hyphens';
  if (BUILT_IN.has(kind.name)) return `is named "${kind.name}" as a built-in connector is: give it a name of its own`;
  if (!isObject(kind.configSchema) || !isObject(kind.configSchema.properties)) {
    return 'has no configSchema with properties';
  }
  if (!Array.isArray(kind.secretKeys)) return 'has no list secretKeys';
  return typeof kind.open === 'function' ? undefined : 'has no function open';
}

async function load(file: YamlFile, index: number, written: string): Promise<ConnectorKind> {
  const place = `providers/${index}/connector`;
  const module = path.resolve(path.dirname(file.path), written);
  let exported: { readonly connector?: unknown };
  try {
    exported = (await import(pathToFileURL(module).href)) as typeof exported;
  } catch (error) {
    throw faultAt(file, place, `The module ${module} cannot be loaded: ${(error as Error).message}.`);
  }
  const fault = faultOf(exported.connector);
  if (fault !== undefined) throw faultAt(file, place, `The module ${module} ${fault}.`);
  return exported.connector as ConnectorKind;
}

/** What `connector:` says of each provider, as far as the file has the form of one; all else is told where it is read. */
function writtenIn(file: YamlFile): readonly (string | undefined)[] {
  const providers = isObject(file.value) ? file.value.providers : undefined;
  if (!Array.isArray(providers)) return [];
  return providers.map((each: unknown) =>
    isObject(each) && typeof each.connector === 'string' ? each.connector : undefined,
  );
}

/**
 * The kinds of connectors that a configuration may name: the built-in ones, and the modules that it names itself.
 * @throws {FileFault} for a module that cannot be loaded, or that exports no connector
 */
export async function loadConnectorKinds(filePath: string): Promise<ConnectorKinds> {
  const file = parseYaml(filePath, readFileSync(filePath, 'utf8'));
  const kinds = new Map(BUILT_IN);
  for (const [index, written] of writtenIn(file).entries()) {
    if (written === undefined || !isModulePath(written) || kinds.has(written)) continue;
    kinds.set(written, await load(file, index, written));
  }
  return kinds;
}
