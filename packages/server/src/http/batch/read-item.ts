import { Refusal } from '../../errors.ts';
import { didYouMean } from '../../lib/nearest-name.ts';
import { isControlName } from '../../odata/control-name.ts';
import { isObject, refuse, shown } from './refuse-batch.ts';

/** One request of a batch, with the types that it should have. */
export interface BatchItem {
  readonly id: string;
  /** The id without its letter case, by which others name it. */
  readonly key: string;
  readonly method: string;
  /** As sent: relative or absolute, escaped or not. */
  readonly url: string;
  /** As sent. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
  /** Keys of the requests that have to succeed before. */
  readonly dependsOn: readonly string[];
}

type Plain = Readonly<Record<string, unknown>>;

const MEMBERS = ['id', 'method', 'url', 'headers', 'body', 'dependsOn'];
/** The SDK for Python writes the second one, with every request, and `[]` where there is nothing to wait for. */
const DEPENDS_ON = ['dependsOn', 'depends_on'];
/** Of OData 4.01, and never of Graph. */
const UNSERVED = ['atomicityGroup', 'if'];
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];
const LONGEST_ID = 128;

function checkMembers(item: Plain, path: string): void {
  for (const name of Object.keys(item)) {
    const target = `${path}/${name}`.slice(0, 200);
    if (UNSERVED.includes(name) && item[name] !== null) {
      const message = `"${name}" is not served: each request of a batch stands for itself. Leave it out.`;
      throw new Refusal('notImplemented', message, { inner: 'notSupported', target });
    }
    if ([...MEMBERS, ...DEPENDS_ON, ...UNSERVED].includes(name) || isControlName(name)) continue;
    const hint = didYouMean(name, MEMBERS) || ` It has: ${MEMBERS.join(', ')}.`;
    throw refuse('unknownProperty', target, `A request of a batch has no member "${name.slice(0, 100)}".${hint}`);
  }
}

function readText(item: Plain, path: string, name: string, example: string): string {
  const value = item[name];
  const target = `${path}/${name}`;
  if (value === undefined || value === null) {
    throw refuse('missingProperty', target, `"${target}" is missing. Send it, as in "${name}": "${example}".`);
  }
  if (typeof value !== 'string' || value === '') {
    throw refuse('invalidProperty', target, `"${target}" must be a text that is not empty, as in "${example}".`);
  }
  return value;
}

function readId(item: Plain, path: string): string {
  const id = readText(item, path, 'id', '1');
  if (id.length <= LONGEST_ID) return id;
  throw refuse('limitExceeded', `${path}/id`, `"${path}/id" has more than ${LONGEST_ID} characters.`);
}

function readMethod(item: Plain, path: string): string {
  const sent = readText(item, path, 'method', 'POST');
  const method = sent.toUpperCase();
  if (METHODS.includes(method)) return method;
  const hint = didYouMean(method, METHODS) || ` There are: ${METHODS.join(', ')}.`;
  throw refuse('invalidProperty', `${path}/method`, `"${path}/method" is ${shown(sent)}, no method.${hint}`);
}

function readHeaders({ headers }: Plain, path: string): Readonly<Record<string, string>> {
  if (headers === undefined || headers === null) return {};
  const target = `${path}/headers`;
  if (!isObject(headers)) {
    throw refuse('invalidProperty', target, `"${target}" must be an object of texts, as in {"Prefer": "…"}.`);
  }
  const wrong = Object.keys(headers).find((name) => typeof headers[name] !== 'string');
  if (wrong !== undefined) {
    throw refuse('invalidProperty', `${target}/${wrong}`, `The header ${shown(wrong)} at "${target}" must be a text.`);
  }
  return headers as Readonly<Record<string, string>>;
}

function readDependsOn(item: Plain, path: string): readonly string[] {
  const [name, twice] = DEPENDS_ON.filter((spelling) => item[spelling] !== undefined && item[spelling] !== null);
  if (name === undefined) return [];
  const target = `${path}/${name}`;
  if (twice !== undefined) throw refuse('invalidProperty', target, `"${target}" is there twice, as "${twice}" too.`);
  const dependsOn = item[name];
  if (!Array.isArray(dependsOn) || dependsOn.some((id) => typeof id !== 'string')) {
    throw refuse('invalidProperty', target, `"${target}" must be a list of ids, as in ["1"].`);
  }
  return [...new Set((dependsOn as readonly string[]).map((id) => id.toLowerCase()))];
}

/**
 * One entry of `requests`.
 * @throws {Refusal} invalidProperty, missingProperty, unknownProperty, limitExceeded, notSupported
 */
export function readItem(item: unknown, index: number): BatchItem {
  const path = `requests/${index}`;
  if (!isObject(item)) throw refuse('invalidProperty', path, `"${path}" must be an object with id, method and url.`);
  checkMembers(item, path);
  const id = readId(item, path);
  return {
    id,
    key: id.toLowerCase(),
    method: readMethod(item, path),
    url: readText(item, path, 'url', '/security/securityActions'),
    headers: readHeaders(item, path),
    body: item.body,
    dependsOn: readDependsOn(item, path),
  };
}
