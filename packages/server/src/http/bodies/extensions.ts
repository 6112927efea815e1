import { extensionFault, MOST_EXTENSIONS, tooManyExtensions } from '../../actions/extension-limits.ts';
import { Refusal } from '../../errors.ts';

type Plain = Readonly<Record<string, unknown>>;

const NAME = /^[A-Za-z_][A-Za-z0-9_]{0,63}$/;

const refuse = (message: string, target?: string): Refusal =>
  new Refusal('badRequest', message, { inner: 'limitExceeded', ...(target !== undefined && { target }) });

/** Asked before names are compared with others, which takes its time. @throws {Refusal} limitExceeded */
export function checkExtensionCount(names: readonly string[]): void {
  if (names.length > MOST_EXTENSIONS) throw refuse(tooManyExtensions(names.length));
}

/**
 * Properties that the type does not declare: kept and given back, never read as control.
 * @throws {Refusal} limitExceeded, invalidProperty
 */
export function readExtensions(body: Plain, names: readonly string[]): Plain {
  checkExtensionCount(names);
  for (const name of names) {
    if (NAME.test(name)) continue;
    const message = `The name of a property of your own has letters, digits and _, at most 64: not "${name.slice(0, 80)}".`;
    throw new Refusal('badRequest', message, { inner: 'invalidProperty', target: name.slice(0, 80) });
  }
  const extensions = Object.fromEntries(names.map((name) => [name, withoutAnnotations(body[name])]));
  const fault = extensionFault(extensions);
  if (fault !== undefined) throw refuse(fault);
  return extensions;
}

/** Annotations say how a value is to be read on the wire; only a type is part of what was sent. */
export function withoutAnnotations(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutAnnotations);
  if (typeof value !== 'object' || value === null) return value;
  const kept = Object.entries(value).filter(([name]) => name === '@odata.type' || !name.includes('@'));
  return Object.fromEntries(kept.map(([name, member]) => [name, withoutAnnotations(member)]));
}
