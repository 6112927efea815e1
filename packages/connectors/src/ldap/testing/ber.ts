/** One element of BER, as LDAP writes it: lengths definite, in as few bytes as need be. */
export function ber(tag: number, ...contents: readonly Buffer[]): Buffer {
  const content = Buffer.concat(contents);
  return Buffer.concat([head(tag, content.length), content]);
}

/** What stands before so many bytes. */
export function head(tag: number, length: number): Buffer {
  if (length < 0x80) return Buffer.from([tag, length]);
  const bytes = Buffer.alloc(6);
  bytes.writeUInt8(tag, 0);
  bytes.writeUInt8(0x84, 1);
  bytes.writeUInt32BE(length, 2);
  return bytes;
}

export const text = (value: string | Buffer): Buffer => ber(0x04, Buffer.from(value));
export const number = (value: number, tag = 0x02): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return ber(tag, bytes);
};

/** A whole message. */
export const message = (id: number, operation: Buffer): Buffer => ber(0x30, number(id), operation);

export const result = (tag: number, code: number, words: string): Buffer =>
  ber(tag, number(code, 0x0a), text(''), text(words));

/** Where the first element's contents begin and end. */
function spanOf(bytes: Buffer): readonly [start: number, end: number] {
  const first = bytes[1] ?? 0;
  const size = first < 0x80 ? 0 : first & 0x7f;
  const length = size === 0 ? first : bytes.readUIntBE(2, size);
  return [2 + size, 2 + size + length];
}

/** The messages of a request side by side, each whole. */
export function messagesOf(bytes: Buffer): readonly Buffer[] {
  if (bytes.length < 2) return bytes.length > 0 ? [bytes] : [];
  const [, end] = spanOf(bytes);
  return [bytes.subarray(0, end), ...messagesOf(bytes.subarray(end))];
}

/** The number of a request, and the tag of what it asks for. */
export function questionOf(bytes: Buffer): { readonly id: number; readonly tag: number } {
  const body = bytes.subarray(...spanOf(bytes));
  const [start, end] = spanOf(body);
  return { id: body.readIntBE(start, end - start), tag: body[end] ?? 0 };
}
