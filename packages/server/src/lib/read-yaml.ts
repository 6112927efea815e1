import { Ajv2020, type ErrorObject } from 'ajv/dist/2020.js';
import { type Document, isMap, isNode, LineCounter, type Node, type Pair, parseDocument } from 'yaml';
import { OperatorFault } from '../errors.ts';
import { didYouMean } from './nearest-name.ts';

/** What is wrong in a file, where, and what would be right: for the operator. */
export class FileFault extends OperatorFault {
  override readonly name = 'FileFault';
}

/** A YAML file that was read, with the lines of its values. */
export interface YamlFile {
  readonly path: string;
  readonly value: unknown;
  readonly document: Document;
  readonly lines: LineCounter;
}

const segmentsOf = (pointer: string): string[] =>
  pointer
    .split('/')
    .filter(Boolean)
    .map((segment) => segment.replaceAll('~1', '/').replaceAll('~0', '~'));

const lineAt = ({ lines }: YamlFile, node: Node | null | undefined): number =>
  node?.range ? lines.linePos(node.range[0]).line : 1;

/** The node of a path, or the nearest that is there. */
function nodeAt(file: YamlFile, segments: readonly string[]): Node | null {
  for (let length = segments.length; length > 0; length -= 1) {
    const found = file.document.getIn(segments.slice(0, length).map(toKey), true);
    if (isNode(found)) return found;
  }
  return file.document.contents as Node | null;
}

const toKey = (segment: string): string | number => (/^\d+$/.test(segment) ? Number(segment) : segment);

function keyNode(file: YamlFile, segments: readonly string[], key: string): Node | null {
  const map = segments.length === 0 ? file.document.contents : file.document.getIn(segments.map(toKey), true);
  const pair = isMap(map) ? map.items.find((item: Pair) => String(item.key) === key) : undefined;
  return isNode(pair?.key) ? pair.key : nodeAt(file, segments);
}

/** A fault at a path of the file, as in `providers/0/url`. */
export function faultAt(file: YamlFile, path: string, message: string): FileFault {
  return new FileFault(`${file.path}:${lineAt(file, nodeAt(file, segmentsOf(path)))}: ${message}`);
}

/** A fault of a key rather than of its value. */
export function faultAtKey(file: YamlFile, path: string, key: string, message: string): FileFault {
  return new FileFault(`${file.path}:${lineAt(file, keyNode(file, segmentsOf(path), key))}: ${message}`);
}

/** @throws {FileFault} with the line at which it is no YAML, or has a key twice */
export function parseYaml(path: string, text: string): YamlFile {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true, prettyErrors: false });
  const [error] = document.errors;
  if (error) throw new FileFault(`${path}:${lines.linePos(error.pos[0]).line}: ${error.message}`);
  return { path, value: document.toJS({ maxAliasCount: 100 }) ?? {}, document, lines };
}

const dotted = (pointer: string): string => segmentsOf(pointer).join('.') || 'the file';

function described({ parentSchema }: ErrorObject): string {
  const { description } = (parentSchema ?? {}) as { description?: string };
  return description === undefined ? '' : ` ${description}`;
}

function wordsFor(error: ErrorObject, known: readonly string[]): string {
  const where = dotted(error.instancePath);
  const params = error.params as Record<string, unknown>;
  switch (error.keyword) {
    case 'additionalProperties': {
      const name = String(params.additionalProperty);
      return `"${name}" is no setting of ${where}.${didYouMean(name, known) || ` There are: ${known.join(', ')}.`}`;
    }
    case 'required':
      return `${where} needs "${params.missingProperty}".`;
    case 'enum':
      return `${where} must be one of ${(params.allowedValues as unknown[]).join(', ')}.`;
    case 'const':
      return `${where} must be ${JSON.stringify(params.allowedValue)}.`;
    case 'minProperties':
    case 'maxProperties':
      return `${where} must have exactly one of ${known.join(', ')}.${described(error)}`;
    default:
      return `${where} ${error.message ?? 'is wrong'}.${described(error)}`;
  }
}

const ajv = new Ajv2020({ allErrors: true, strict: false, verbose: true, validateFormats: false });

/**
 * Checks a value of the file against a JSON Schema.
 * @param pointer where the value stands in the file
 * @throws {FileFault} with line, setting and suggestion
 */
export function checkYaml(file: YamlFile, pointer: string, value: unknown, schema: object): void {
  const validate = ajv.compile(schema);
  if (validate(value)) return;
  const [error] = validate.errors ?? [];
  if (!error) return;
  const place = pointer + error.instancePath;
  const known = Object.keys((error.parentSchema as { properties?: object } | undefined)?.properties ?? {});
  const words = wordsFor({ ...error, instancePath: place }, known);
  if (error.keyword === 'additionalProperties') {
    throw faultAtKey(file, place, String((error.params as { additionalProperty: string }).additionalProperty), words);
  }
  throw faultAt(file, place, words);
}
