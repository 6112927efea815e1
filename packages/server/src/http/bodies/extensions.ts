import { Refusal } from '../../errors.ts';

type Plain = Readonly<Record<string, unknown>>;

const MOST = 16;
const MOST_BYTES = 4_096;
const NAME = /^[A-Za-z_][A-Za-z0-9_]{0,63}$/;

const refuse = (message: string, target?: string): Refusal =>
  new Refusal('badRequest', message, { inner: 'limitExceeded', ...(target !== undefined && { target }) });

/**
 * Properties that the type does not declare: kept and given back, never read as control.
 * @throws {Refusal} limitExceeded, invalidProperty
 */
export function readExtensions(body: Plain, names: readonly string[]): Plain {
  if (names.length > MOST) throw refuse(`There are ${names.length} properties of your own; at most ${MOST} are kept.`);
  for (const name of names) {
    if (NAME.test(name)) continue;
    const message = `The name of a property of your own has letters, digits and _, at most 64: not "${name.slice(0, 80)}".`;
    throw new Refusal('badRequest', message, { inner: 'invalidProperty', target: name.slice(0, 80) });
  }
  const extensions = Object.fromEntries(names.map((name) => [name, withoutAnnotations(body[name])]));
  if (names.length > 0 && Buffer.byteLength(JSON.stringify(extensions)) > MOST_BYTES) {
    throw refuse(`Properties of your own are larger than ${MOST_BYTES} bytes together.`);
  }
  refuseInexact(extensions, names);
  return extensions;
}

/** Annotations say how a value is to be read on the wire; only a type is part of what was sent. */
export function withoutAnnotations(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutAnnotations);
  if (typeof value !== 'object' || value === null) return value;
  const kept = Object.entries(value).filter(([name]) => name === '@odata.type' || !name.includes('@'));
  return Object.fromEntries(kept.map(([name, member]) => [name, withoutAnnotations(member)]));
}

/** Numbers with more digits than a double keeps would come back changed. */
function refuseInexact(extensions: Plain, names: readonly string[]): void {
  for (const name of names) {
    if (!hasInexactNumber(extensions[name])) continue;
    const message = `"${name}" has a number that cannot be kept exactly. Send it as text.`;
    throw new Refusal('badRequest', message, { inner: 'invalidProperty', target: name });
  }
}

function hasInexactNumber(value: unknown): boolean {
  if (typeof value === 'number') return !Number.isFinite(value) || Math.abs(value) > Number.MAX_SAFE_INTEGER;
  if (typeof value !== 'object' || value === null) return false;
  return Object.values(value).some(hasInexactNumber);
}
