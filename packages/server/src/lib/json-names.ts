import { decodeString, endOfString, isSpace } from './json-scan.ts';

const COLON = 58;

function isName(text: string, end: number): boolean {
  let at = end;
  while (isSpace(text.charCodeAt(at))) at += 1;
  return text.charCodeAt(at) === COLON;
}

export type PlainNames = { readonly text: string } | { readonly refused: string };

/**
 * The same JSON with no escape in any name. Once an object had a name with a backslash in it, the parser of Node 24
 * reads escaped names of later ones wrongly: `{"a":1,"\u0061":2}` as `{"a":1,"\\":2}`. A name that cannot be written
 * without an escape is refused. Linear in the text.
 */
export function withPlainNames(text: string): PlainNames {
  if (!text.includes('\\')) return { text };
  const parts: string[] = [];
  let kept = 0;
  for (let at = text.indexOf('"'); at >= 0; at = text.indexOf('"', at)) {
    const end = endOfString(text, at);
    const raw = text.slice(at, end);
    if (raw.includes('\\') && isName(text, end)) {
      const name = decodeString(raw);
      const plain = name === undefined ? raw : JSON.stringify(name);
      if (name !== undefined && plain.includes('\\')) return { refused: name };
      parts.push(text.slice(kept, at), plain);
      kept = end;
    }
    at = end;
  }
  return { text: parts.join('') + text.slice(kept) };
}
