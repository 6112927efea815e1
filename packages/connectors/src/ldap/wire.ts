/** What a directory says of one request, or a part of it. @see RFC 4511 section 4 */
export type Reply =
  | { readonly kind: 'entry'; readonly id: number; readonly entry: Entry }
  | { readonly kind: 'reference'; readonly id: number }
  | {
      readonly kind: 'result';
      readonly id: number;
      readonly code: number;
      readonly words: string;
      /** Of a page, where another follows. */
      readonly cookie: Buffer | undefined;
    };

export interface Entry {
  readonly dn: string;
  /** By the attribute's name in lower case. */
  readonly values: ReadonlyMap<string, readonly string[]>;
}

interface Element {
  readonly tag: number;
  readonly body: Buffer;
}

/** Sixteen bytes and no text: given in hexadecimal digits. */
const BINARY: ReadonlySet<string> = new Set(['objectguid']);

/** An answer of ours is an entry with three attributes: a longer message is none. */
const MOST_BYTES = 256 * 1024;
const TAG = { boolean: 0x01, integer: 0x02, text: 0x04, enumerated: 0x0a, sequence: 0x30, set: 0x31, controls: 0xa0 };
const RESULTS: ReadonlySet<number> = new Set([0x61, 0x65, 0x67, 0x6f, 0x78]);
const PAGES = '1.2.840.113556.1.4.319';

const malformed = (): Error => new Error('what came is no LDAP');

/** Where the contents of the first element begin and end; undefined: its head is not whole yet. */
function spanOf(bytes: Buffer): readonly [start: number, end: number] | undefined {
  const [, first] = bytes;
  if (first === undefined) return undefined;
  if (first < 0x80) return [2, 2 + first];
  const size = first & 0x7f;
  if (size === 0 || size > 4) throw malformed();
  return bytes.length < 2 + size ? undefined : [2 + size, 2 + size + bytes.readUIntBE(2, size)];
}

/** All of it, as elements that fit. */
function elementsOf(bytes: Buffer): readonly Element[] {
  const elements: Element[] = [];
  for (let rest = bytes; rest.length > 0; ) {
    const [start, end] = spanOf(rest) ?? [0, Number.POSITIVE_INFINITY];
    if (end > rest.length) throw malformed();
    elements.push({ tag: rest[0] ?? 0, body: rest.subarray(start, end) });
    rest = rest.subarray(end);
  }
  return elements;
}

function bodyOf(element: Element | undefined, tag: number): Buffer {
  if (element?.tag !== tag) throw malformed();
  return element.body;
}

const textOf = (element: Element | undefined): string => bodyOf(element, TAG.text).toString('utf8');

const hexOf = (element: Element): string => bodyOf(element, TAG.text).toString('hex');

function numberOf(element: Element | undefined, tag: number): number {
  const body = bodyOf(element, tag);
  if (body.length === 0 || body.length > 4) throw malformed();
  return body.readIntBE(0, body.length);
}

function toEntry(body: Buffer): Entry {
  const [name, list] = elementsOf(body);
  const attributes = elementsOf(bodyOf(list, TAG.sequence)).map((attribute) => {
    const [type, set] = elementsOf(bodyOf(attribute, TAG.sequence));
    const name = textOf(type).toLowerCase();
    const read = BINARY.has(name) ? hexOf : textOf;
    return [name, elementsOf(bodyOf(set, TAG.set)).map(read)] as const;
  });
  return { dn: textOf(name), values: new Map(attributes) };
}

/** @see RFC 2696 */
function cookieOf(controls: Element | undefined): Buffer | undefined {
  if (!controls) return undefined;
  for (const control of elementsOf(bodyOf(controls, TAG.controls))) {
    const [type, ...rest] = elementsOf(bodyOf(control, TAG.sequence));
    if (textOf(type) !== PAGES) continue;
    const value = elementsOf(bodyOf(rest.at(-1), TAG.text))[0];
    const cookie = bodyOf(elementsOf(bodyOf(value, TAG.sequence))[1], TAG.text);
    return cookie.length > 0 ? Buffer.from(cookie) : undefined;
  }
  return undefined;
}

function toReply(message: Buffer): Reply {
  const [number, operation, controls] = elementsOf(message);
  const id = numberOf(number, TAG.integer);
  if (!operation) throw malformed();
  if (operation.tag === 0x64) return { kind: 'entry', id, entry: toEntry(operation.body) };
  if (operation.tag === 0x73) return { kind: 'reference', id };
  if (!RESULTS.has(operation.tag)) throw malformed();
  const [code, dn, words] = elementsOf(operation.body);
  bodyOf(dn, TAG.text);
  return { kind: 'result', id, code: numberOf(code, TAG.enumerated), words: textOf(words), cookie: cookieOf(controls) };
}

/**
 * The first message, and the bytes behind it; undefined: it is not whole yet. Every length is checked against what it
 * lies in, and nothing that is missing counts as a success: the client of ldapts does neither.
 * @throws {Error} where it never will be one
 */
export function takeReply(bytes: Buffer): { readonly reply: Reply; readonly rest: Buffer } | undefined {
  if (bytes.length > 0 && bytes[0] !== TAG.sequence) throw malformed();
  const [start, end] = spanOf(bytes) ?? [0, 0];
  if (end > MOST_BYTES) throw new Error('a message is too long');
  if (start === 0 || bytes.length < end) return undefined;
  return { reply: toReply(bytes.subarray(start, end)), rest: bytes.subarray(end) };
}
